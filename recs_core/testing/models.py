"""The conformance suite of models: what every registered model must do, whatever it is.

A test runs each of `CHECKS` on each kind of the registry that it applies to, so no model is named here, and
none can be left out. It is built from its defaults, and from each configuration that params.yaml gives it.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from recs_core.artifacts.models import load_model, save_model
from recs_core.data.arrays import read_arrays
from recs_core.data.idmap import PAD
from recs_core.data.interactions import InteractionSet, history_of
from recs_core.errors import ParameterError
from recs_core.explanations.reasons import reasons_of
from recs_core.features.content import ContentFeatures
from recs_core.models.base import BATCH, Explainable, SimilarBooks, recommend_all
from recs_core.models.registry import ModelSpec, build_model
from recs_core.testing.blocks import SIZE, block_interactions, in_larger_taste
from recs_core.testing.model_case import (
    ModelCase,
    assert_close,
    candidate_rows,
    history_batches,
    model_check,
    says_nothing_of_history,
    single_histories,
)
from recs_core.testing.tiny import BOOKS

ALL_BOOKS = np.arange(BOOKS, dtype=np.int32)
NO_HISTORY = history_of(ALL_BOOKS[:0], BOOKS)


# what is learned


@model_check()
def finds_the_withheld_book_of_the_larger_taste(case: ModelCase) -> None:
    """The obvious answer, for the users to whom it is popular, too."""
    users = np.flatnonzero(in_larger_taste(np.arange(SIZE)))
    first = case.of_blocks.recommend(block_interactions().matrix[users], k=1)
    assert first.books[:, 0].tolist() == users.tolist()


@model_check()
def finds_the_withheld_book_of_each_taste_if_it_heeds_histories(case: ModelCase) -> None:
    """The obvious answer for everybody, or one answer for all if the model declares not to heed histories."""
    histories = block_interactions().matrix
    if says_nothing_of_history(case.of_blocks):
        scores = case.of_blocks.score(histories)
        assert np.array_equal(scores, np.broadcast_to(scores[0], scores.shape))
    else:
        first = case.of_blocks.recommend(histories, k=1)
        assert first.books[:, 0].tolist() == list(range(SIZE))


@model_check()
def a_refit_gives_the_same_bytes(case: ModelCase) -> None:
    """The same data, configuration and seed make the same state."""
    first, second = case.model.state(), case.fit(case.train, case.features).state()
    assert {name: (array.dtype, array.shape, array.tobytes()) for name, array in first.items()} == {
        name: (array.dtype, array.shape, array.tobytes()) for name, array in second.items()
    }


@model_check()
def fits_on_mapped_data(case: ModelCase) -> None:
    """The pipeline hands interactions and features over mapped read-only, and learns the same from them."""
    case.train.save(case.scratch / "train")
    case.features.save(case.scratch / "features")
    train = InteractionSet.load(case.scratch / "train")
    mapped = case.fit(train, ContentFeatures.load(case.scratch / "features"))
    assert np.array_equal(mapped.score(case.train.matrix), case.model.score(case.train.matrix))


@model_check()
def an_unknown_config_key_is_named_by_its_path(case: ModelCase) -> None:
    """A typing error in params.yaml does not pass, and the message says where it is."""
    wrong = ModelSpec(kind=case.spec.kind, config=case.spec.config | {"no_such_key": 1})
    with pytest.raises(ParameterError, match=r"models\.mine\.config\.no_such_key"):
        build_model(wrong, where="models.mine")


# what is stored


@model_check()
def storage_keeps_the_scores(case: ModelCase) -> None:
    """Written and opened again, a model has the same kind, configuration and scores."""
    save_model(case.scratch / "model", case.model)
    stored = load_model(case.scratch / "model")
    assert type(stored) is type(case.model)
    assert stored.config == case.model.config
    assert np.array_equal(stored.score(case.train.matrix), case.model.score(case.train.matrix))


@model_check()
def storage_needs_no_pickle(case: ModelCase) -> None:
    """Every array of the state is a file of plain numbers or strings."""
    save_model(case.scratch / "model", case.model)
    files = list((case.scratch / "model").glob("*.npy"))
    assert {file.stem for file in files} == set(case.model.state())
    assert {np.load(file, allow_pickle=False).dtype.kind for file in files} <= set("biufU")


@model_check()
def an_opened_model_copies_no_array(case: ModelCase) -> None:
    """`from_state` keeps the mapped arrays, so that many processes share one copy in memory."""
    save_model(case.scratch / "model", case.model)
    arrays, _ = read_arrays(case.scratch / "model")
    opened = type(case.model).from_state(case.model.config, dict(arrays))
    copied = [name for name, array in opened.state().items() if not np.shares_memory(array, arrays[name])]
    assert copied == []


# what is scored


@model_check()
def scores_are_finite_and_shaped(case: ModelCase) -> None:
    """float32, one row a history, one column a book or candidate, never NaN or infinite."""

    @given(history_batches, candidate_rows)
    def holds(histories: csr_array, candidates: NDArray[np.int32]) -> None:
        everything = case.model.score(histories)
        assert everything.dtype == np.float32
        assert everything.shape == (histories.shape[0], BOOKS)
        assert np.all(np.isfinite(everything))
        assert case.model.score(histories, candidates).shape == (histories.shape[0], candidates.size)

    holds()


@model_check()
def candidates_have_the_scores_of_the_whole(case: ModelCase) -> None:
    """Asking for some books gives the columns of asking for all."""

    @given(history_batches, candidate_rows)
    def holds(histories: csr_array, candidates: NDArray[np.int32]) -> None:
        everything = case.model.score(histories)
        of_some = case.model.score(histories, candidates)
        assert_close(of_some, everything[:, candidates], size=float(np.abs(everything).max()))

    holds()


@model_check()
def a_batch_scores_as_its_users_alone(case: ModelCase) -> None:
    """Who else is in the batch changes nothing, but for rounding: BLAS sums a matrix in another order."""
    histories = case.train.matrix
    batch = case.model.score(histories)
    alone = np.concatenate([case.model.score(histories[[user]]) for user in range(histories.shape[0])])
    assert_close(batch, alone, size=float(np.abs(alone).max()))


@model_check()
def asking_changes_nothing(case: ModelCase) -> None:
    """Neither the history, the candidates nor the model's state are written to."""
    history, candidates = case.train.matrix.copy(), ALL_BOOKS[::2].copy()
    before = {name: array.tobytes() for name, array in case.model.state().items()}
    case.model.score(history, candidates)
    case.model.recommend(history, k=5, candidates=candidates)
    case.model.recommend(history, k=5)
    assert np.array_equal(history.toarray(), case.train.matrix.toarray())
    assert np.array_equal(candidates, ALL_BOOKS[::2])
    assert {name: array.tobytes() for name, array in case.model.state().items()} == before


# what is recommended


@model_check()
def history_is_never_recommended(case: ModelCase) -> None:
    """With `exclude_seen`, no list has a book of its user's history, nor a book twice."""

    @given(history_batches, st.integers(1, BOOKS + 5), st.none() | candidate_rows)
    def holds(histories: csr_array, k: int, candidates: NDArray[np.int32] | None) -> None:
        best = case.model.recommend(histories, k=k, candidates=candidates)
        allowed = set(range(BOOKS) if candidates is None else candidates.tolist())
        for user, line in enumerate(best.books):
            listed = line[line != PAD].tolist()
            assert len(set(listed)) == len(listed)
            assert set(listed) <= allowed - set(histories[[user]].indices.tolist())

    holds()


@model_check()
def lists_are_the_sorted_scores(case: ModelCase) -> None:
    """Books come by falling score, equal ones by rising row; padding only when no book is left."""

    @given(history_batches, st.integers(1, BOOKS + 5), st.booleans())
    def holds(histories: csr_array, k: int, exclude_seen: bool) -> None:
        best = case.model.recommend(histories, k=k, exclude_seen=exclude_seen)
        assert [best.books.dtype, best.scores.dtype] == [np.dtype(np.int32), np.dtype(np.float32)]
        assert best.books.shape == best.scores.shape == (histories.shape[0], k)
        scores = case.model.score(histories)
        for user, line in enumerate(scores):
            seen = set(histories[[user]].indices.tolist()) if exclude_seen else set()
            unknown = set(np.flatnonzero(line == 0).tolist()) if case.model.zero_means_unknown else set()
            wanted = sorted(set(range(BOOKS)) - seen - unknown, key=lambda book: (-line[book], book))[:k]
            padding = k - len(wanted)
            assert best.books[user].tolist() == wanted + [PAD] * padding
            assert best.scores[user].tolist() == [*line[wanted].tolist(), *[-np.inf] * padding]

    holds()


@model_check()
def who_read_everything_gets_only_padding(case: ModelCase) -> None:
    """There is nothing left to recommend, and that is no error."""
    best = case.model.recommend(history_of(ALL_BOOKS, BOOKS), k=3)
    assert best.books.tolist() == [[PAD] * 3]


@model_check()
def an_empty_history_gets_no_personal_list(case: ModelCase) -> None:
    """Readers of whom nothing is known get the same: what the model says without any history."""
    scores = case.model.score(csr_array(vstack([NO_HISTORY, NO_HISTORY], format="csr")))
    assert np.array_equal(scores[0], scores[1])
    constant = np.zeros(BOOKS)
    if isinstance(case.model, Explainable):
        constant = case.model.contributions(NO_HISTORY, ALL_BOOKS).total()
    assert_close(scores[0], constant, size=1.0)


@model_check()
def one_book_is_a_history(case: ModelCase) -> None:
    """A reader of a single book gets books of that book's taste first, if the model heeds histories."""
    for book in range(SIZE):
        first = case.of_blocks.recommend(history_of(np.array([book], dtype=np.int32), SIZE), k=5).books[0]
        if not says_nothing_of_history(case.of_blocks):
            assert (in_larger_taste(first) == in_larger_taste(np.array(book))).all()
        assert book not in first


@model_check()
def any_number_of_threads_gives_the_same_bytes(case: ModelCase) -> None:
    """More users than a batch holds, ranked on one thread and on three."""
    copies = BATCH // len(case.train.users) + 2
    histories = csr_array(vstack([case.train.matrix] * copies, format="csr"))
    one, three = (recommend_all(case.model, histories, k=10, threads=threads) for threads in (1, 3))
    assert len(one) == histories.shape[0]
    assert one.books.tobytes() == three.books.tobytes()
    assert one.scores.tobytes() == three.scores.tobytes()


# what some models can do besides


@model_check(needs=Explainable)
def contributions_add_up_to_the_score(case: ModelCase) -> None:
    """The parts are the score, for readers that the model has never seen and for values other than 1."""

    @given(single_histories)
    def holds(history: csr_array) -> None:
        assert isinstance(case.model, Explainable)
        parts = case.model.contributions(history, ALL_BOOKS)
        assert parts.history.tolist() == history.indices.tolist()
        blocks = [*parts.from_history.values(), *(part[:, None] for part in parts.constant.values())]
        size = float(np.abs(np.hstack(blocks)).sum(axis=1).max(initial=0))
        assert_close(parts.total(), case.model.score(history)[0], size=size)

    holds()


@model_check(needs=Explainable)
def every_contribution_has_a_reason(case: ModelCase) -> None:
    """The names of the parts are among those that `reasons_of` can put before a person."""
    assert isinstance(case.model, Explainable)
    history = case.train.matrix[[0]]
    scores = case.model.score(history)[0]
    reasons = reasons_of(case.model.contributions(history, ALL_BOOKS), first=3)
    sums = np.array([sum(reason.amount for reason in of_book) for of_book in reasons])
    assert_close(sums, scores, size=float(np.abs(scores).max()))


@model_check(needs=SimilarBooks)
def similar_books_share_the_taste_and_are_others(case: ModelCase) -> None:
    """A book's likes are of its own taste, by falling likeness, and never itself."""
    assert isinstance(case.of_blocks, SimilarBooks)
    books = np.arange(SIZE, dtype=np.int32)
    best = case.of_blocks.similar(books, k=10)
    assert best.books.shape == (SIZE, 10)
    assert not (best.books == books[:, None]).any()
    assert (in_larger_taste(best.books) == in_larger_taste(books)[:, None]).all()
    assert (np.diff(best.scores, axis=1) <= 0).all()
