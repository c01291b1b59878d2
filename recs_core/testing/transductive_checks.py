"""The conformance suite of transductive models: what every one of the registry must do, whatever it is.

A test runs each of `TRANSDUCTIVE_CHECKS` on each kind of `TRANSDUCTIVE`, so no model is named here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recs_core.artifacts.models import load_any_model, load_model, save_model
from recs_core.data.arrays import read_arrays
from recs_core.data.idmap import PAD, IdMap
from recs_core.data.interactions import InteractionSet
from recs_core.data.topk import TopK, top_k
from recs_core.errors import ArtifactError, DataError, ParameterError
from recs_core.features.content import ContentFeatures
from recs_core.models.base import BATCH, SimilarBooks
from recs_core.models.registry import ModelSpec, build_any_model, build_model
from recs_core.models.transductive import Transductive, recommend_every_user
from recs_core.models.validated import Validated, fit_model
from recs_core.testing.tiny import BOOKS, USERS, tiny_catalogue, tiny_features, tiny_interactions

STRANGER: Final = 3
"""The row of a user who has no history in the training."""


@dataclass(frozen=True)
class TransductiveCase:
    """A kind of transductive model under test, with what every check needs of it, computed once.

    Args:
        spec: kind and configuration.
        scratch: a folder that the checks may write to.
    """

    spec: ModelSpec
    scratch: Path

    def build(self) -> Transductive:
        """An unfitted model."""
        model = build_any_model(self.spec, where=f"models.{self.spec.kind}")
        assert isinstance(model, Transductive)
        return model

    def fit(self, train: InteractionSet, features: ContentFeatures) -> Transductive:
        """A newly fitted model, always from the same seed."""
        return self.build().fit(train, features, rng=np.random.default_rng(7))

    @cached_property
    def train(self) -> InteractionSet:
        """The tiny interactions, but for those of the stranger."""
        everything = tiny_interactions()
        users = np.repeat(np.arange(USERS, dtype=np.int32), everything.user_counts)
        kept = users != STRANGER
        return InteractionSet.from_rows(
            everything.users, everything.books, users[kept], everything.matrix.indices[kept]
        )

    @cached_property
    def features(self) -> ContentFeatures:
        """The tiny content vectors."""
        return tiny_features(tiny_catalogue(self.train.books))

    @cached_property
    def model(self) -> Transductive:
        """Fitted on the tiny interactions."""
        return self.fit(self.train, self.features)

    @property
    def everybody(self) -> NDArray[np.int32]:
        """The rows of all users."""
        return np.arange(USERS, dtype=np.int32)

    def lists(self, *, k: int) -> TopK:
        """Lists of all users."""
        return self.model.recommend_users(self.everybody, self.train.matrix, k=k)


Check = Callable[[TransductiveCase], None]

TRANSDUCTIVE_CHECKS: dict[str, tuple[Check, type | None]] = {}
"""Name to check, and the capability that it needs of a model."""


def transductive_check(*, needs: type | None = None) -> Callable[[Check], Check]:
    """Decorator: add a check to the suite, for all models or for those of a capability."""

    def add(check: Check) -> Check:
        TRANSDUCTIVE_CHECKS[check.__name__] = (check, needs)
        return check

    return add


@dataclass
class FirstIsBest:
    """A judge that likes the lists of the first epoch best, and remembers them."""

    users: NDArray[np.int32]
    k: int
    seen: list[TopK] = field(default_factory=list)

    def __call__(self, recs: TopK) -> float:
        """Less each time."""
        self.seen.append(recs)
        return -float(len(self.seen))


# what is learned


@transductive_check()
def a_refit_gives_the_same_bytes(case: TransductiveCase) -> None:
    """The same data, configuration and seed make the same state."""
    first, second = case.model.state(), case.fit(case.train, case.features).state()
    assert {name: (array.dtype, array.shape, array.tobytes()) for name, array in first.items()} == {
        name: (array.dtype, array.shape, array.tobytes()) for name, array in second.items()
    }


@transductive_check()
def fits_on_mapped_data(case: TransductiveCase) -> None:
    """The pipeline hands interactions over mapped read-only, and learns the same from them."""
    case.train.save(case.scratch / "train")
    mapped = case.fit(InteractionSet.load(case.scratch / "train"), case.features)
    assert {name: array.tobytes() for name, array in mapped.state().items()} == {
        name: array.tobytes() for name, array in case.model.state().items()
    }


@transductive_check(needs=Validated)
def what_the_judge_liked_best_is_kept(case: TransductiveCase) -> None:
    """Training stops when the judge has seen nothing better for long, and goes back to the best."""
    judge = FirstIsBest(case.everybody[::2], k=5)
    model = fit_model(case.build(), case.train, case.features, judge=judge, rng=np.random.default_rng(7))
    assert isinstance(model, Transductive)
    kept = model.recommend_users(judge.users, case.train.matrix[judge.users], k=5)
    assert len(judge.seen) > 1
    assert kept.books.tolist() == judge.seen[0].books.tolist()
    assert kept.books.tolist() != judge.seen[-1].books.tolist()


@transductive_check()
def an_unknown_config_key_is_named_by_its_path(case: TransductiveCase) -> None:
    """A typing error in params.yaml does not pass, and the message says where it is."""
    wrong = ModelSpec(kind=case.spec.kind, config=case.spec.config | {"no_such_key": 1})
    with pytest.raises(ParameterError, match=r"models\.mine\.config\.no_such_key"):
        build_any_model(wrong, where="models.mine")


@transductive_check()
def it_is_refused_where_histories_are_scored(case: TransductiveCase) -> None:
    """As a part of a hybrid, say; the message says why, and where in params.yaml."""
    with pytest.raises(ParameterError, match=r"models\.mine\.kind: .*only the users of its training"):
        build_model(case.spec, where="models.mine")
    save_model(case.scratch / "model", case.model)
    with pytest.raises(ArtifactError, match="only the users of its training"):
        load_model(case.scratch / "model")


# what is stored


@transductive_check()
def storage_keeps_the_lists(case: TransductiveCase) -> None:
    """Written and opened again, a model has the same kind, configuration and lists."""
    save_model(case.scratch / "model", case.model)
    stored = load_any_model(case.scratch / "model")
    assert type(stored) is type(case.model)
    assert stored.config == case.model.config
    assert (stored.n_users, stored.n_books) == (USERS, BOOKS)
    again = stored.recommend_users(case.everybody, case.train.matrix, k=10)
    assert np.array_equal(again.books, case.lists(k=10).books)
    assert np.array_equal(again.scores, case.lists(k=10).scores)


@transductive_check()
def storage_needs_no_pickle(case: TransductiveCase) -> None:
    """Every file beside the manifest is an array of plain numbers or strings."""
    save_model(case.scratch / "model", case.model)
    files = [file for file in (case.scratch / "model").iterdir() if file.name != "manifest.json"]
    assert {file.name for file in files} == {f"{name}.npy" for name in case.model.state()}
    assert {np.load(file, allow_pickle=False).dtype.kind for file in files} <= set("biufU")


@transductive_check()
def an_opened_model_copies_no_array(case: TransductiveCase) -> None:
    """`from_state` keeps the mapped arrays, so that many processes share one copy in memory."""
    save_model(case.scratch / "model", case.model)
    arrays, _ = read_arrays(case.scratch / "model")
    opened = type(case.model).from_state(case.model.config, dict(arrays))
    assert [n for n, array in opened.state().items() if not np.shares_memory(array, arrays[n])] == []


# what is recommended

_asked = st.lists(
    st.tuples(st.integers(PAD, USERS - 1), st.sets(st.integers(0, BOOKS - 1))), min_size=1, max_size=5
)


def _question(asked: list[tuple[int, set[int]]]) -> tuple[NDArray[np.int32], csr_array]:
    seen = np.zeros((len(asked), BOOKS), dtype=np.float32)
    for place, (_, books) in enumerate(asked):
        seen[place, sorted(books)] = 1
    return np.array([user for user, _ in asked], dtype=np.int32), csr_array(seen)


@transductive_check()
def lists_are_shaped_sorted_and_without_what_was_seen(case: TransductiveCase) -> None:
    """By falling score, no book twice, none that the user has read by now, padding at the end."""

    @given(_asked, st.integers(1, BOOKS + 5))
    def holds(asked: list[tuple[int, set[int]]], k: int) -> None:
        best = case.model.recommend_users(*_question(asked), k=k)
        assert [best.books.dtype, best.scores.dtype] == [np.dtype(np.int32), np.dtype(np.float32)]
        assert best.books.shape == best.scores.shape == (len(asked), k)
        for (_, seen), books, scores in zip(asked, best.books, best.scores, strict=True):
            listed = books[books != PAD].tolist()
            assert books.tolist() == listed + [PAD] * (k - len(listed))
            assert len(set(listed)) == len(listed)
            assert not set(listed) & seen
            assert np.isfinite(scores[: len(listed)]).all()
            assert (scores[len(listed) :] == -np.inf).all()
            assert (np.diff(scores[: len(listed)]) <= 0).all()

    holds()


@transductive_check()
def every_unread_book_can_be_listed(case: TransductiveCase) -> None:
    """A list as long as the catalogue has all that a known user has not read."""
    best = case.lists(k=BOOKS)
    for user in np.flatnonzero(case.train.user_counts):
        listed = set(best.books[user].tolist()) - {PAD}
        assert listed == set(range(BOOKS)) - set(case.train.matrix[[user]].indices.tolist())


@transductive_check()
def later_reading_takes_books_away_and_changes_no_order(case: TransductiveCase) -> None:
    """Who has read the first three since then gets what came after them."""
    before = case.lists(k=8)
    known = np.flatnonzero(case.train.user_counts).astype(np.int32)
    seen = case.train.matrix.toarray()
    seen[known[:, None], before.books[known][:, :3]] = 1
    after = case.model.recommend_users(known, csr_array(seen[known]), k=5)
    assert after.books.tolist() == before.books[known, 3:].tolist()
    assert after.scores.tolist() == before.scores[known, 3:].tolist()


@transductive_check()
def scores_are_those_of_the_lists(case: TransductiveCase) -> None:
    """Whoever takes the scores, for filters say, finds the lists in them; what is not listed has -inf."""

    @given(_asked)
    def holds(asked: list[tuple[int, set[int]]]) -> None:
        users, seen = _question(asked)
        best = top_k(case.model.score_users(users, seen), BOOKS)
        lists = case.model.recommend_users(users, seen, k=BOOKS)
        np.testing.assert_array_equal(best.scores, lists.scores)
        assert [set(line.tolist()) for line in best.books] == [set(line.tolist()) for line in lists.books]

    holds()


@transductive_check()
def a_stranger_gets_only_padding(case: TransductiveCase) -> None:
    """Who has no row, or had no history, is told nothing, so that another model can answer."""
    users = np.array([PAD, STRANGER], dtype=np.int32)
    best = case.model.recommend_users(users, csr_array(np.zeros((2, BOOKS), dtype=np.float32)), k=4)
    assert best.books.tolist() == [[PAD] * 4] * 2


@transductive_check()
def who_read_everything_gets_only_padding(case: TransductiveCase) -> None:
    """There is nothing left to recommend, and that is no error."""
    everything = csr_array(np.ones((1, BOOKS), dtype=np.float32))
    best = case.model.recommend_users(np.array([0], dtype=np.int32), everything, k=3)
    assert best.books.tolist() == [[PAD] * 3]


@transductive_check()
def a_batch_is_answered_as_its_users_alone(case: TransductiveCase) -> None:
    """Who else is in the batch changes no list."""
    batch = case.lists(k=5)
    alone = [
        case.model.recommend_users(case.everybody[[user]], case.train.matrix[[user]], k=5)
        for user in case.everybody
    ]
    assert np.array_equal(batch.books, TopK.concatenate(alone).books)
    np.testing.assert_allclose(batch.scores, TopK.concatenate(alone).scores, rtol=1e-5)


@transductive_check()
def asking_changes_nothing(case: TransductiveCase) -> None:
    """Neither the question nor the model's state are written to."""
    seen, users = case.train.matrix.copy(), case.everybody
    before = {name: array.tobytes() for name, array in case.model.state().items()}
    case.model.recommend_users(users, seen, k=5)
    assert np.array_equal(seen.toarray(), case.train.matrix.toarray())
    assert np.array_equal(users, case.everybody)
    assert {name: array.tobytes() for name, array in case.model.state().items()} == before


@transductive_check()
def any_number_of_threads_gives_the_same_bytes(case: TransductiveCase) -> None:
    """More users than a batch holds, ranked on one thread and on three."""
    n_users = BATCH + 30
    users = IdMap.from_ids([f"u{row:04d}" for row in range(n_users)], space="user")
    copies = np.arange(n_users) % USERS
    many = InteractionSet(users, case.train.books, csr_array(case.train.matrix[copies]))
    model = case.fit(many, case.features)
    one, three = (recommend_every_user(model, many, k=10, threads=threads) for threads in (1, 3))
    assert len(one) == n_users
    assert one.books.tobytes() == three.books.tobytes()
    assert one.scores.tobytes() == three.scores.tobytes()


@transductive_check()
def other_users_than_those_of_the_training_are_refused(case: TransductiveCase) -> None:
    """A row would mean another user."""
    users = IdMap.from_ids(["somebody", "else"], space="user")
    others = InteractionSet(users, case.train.books, case.train.matrix[:2])
    with pytest.raises(DataError, match="trained with 60 users, not with these 2"):
        recommend_every_user(case.model, others, k=5)


# what some models can do besides


@transductive_check(needs=SimilarBooks)
def similar_books_are_sorted_and_others(case: TransductiveCase) -> None:
    """A book's likes come by falling likeness, and never the book itself."""
    assert isinstance(case.model, SimilarBooks)
    books = np.arange(BOOKS, dtype=np.int32)
    best = case.model.similar(books, k=10)
    assert best.books.shape == (BOOKS, 10)
    assert not (best.books == books[:, None]).any()
    assert (np.diff(best.scores, axis=1) <= 0).all()
