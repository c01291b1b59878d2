"""Every registered metric: beside an oracle, and by the rules that hold for all."""

from dataclasses import replace
from math import nan
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metric_case import case_of
from oracles import ORACLES
from scipy.sparse import csr_array

from recs_core.data.catalogue import Catalogue
from recs_core.data.idmap import PAD, IdMap
from recs_core.data.interactions import InteractionSet
from recs_core.data.topk import TopK
from recs_core.errors import DataError, ParameterError
from recs_core.evaluation.metrics import METRICS, EvaluationData, Judged
from recs_core.evaluation.metrics.judged import BATCH
from recs_core.evaluation.metrics.registry import metric
from recs_core.testing.tiny import tiny_features

seeds = st.integers(0, 2**32)
NAMES = sorted(METRICS)
OF_HITS = [name for name in NAMES if "truth" in METRICS[name].needs]
OF_USERS = [name for name in NAMES if METRICS[name].per_user]


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=60)
@given(seeds)
def test_agrees_with_its_oracle(name: str, seed: int) -> None:
    assert name in ORACLES, f"the metric {name!r} has no oracle: add one to ORACLES"
    case = case_of(seed)
    for k in range(1, case.judged.recs.k + 1):
        found = METRICS[name].values(case.judged, k=k)
        assert found.dtype == np.float64
        np.testing.assert_allclose(found, ORACLES[name](case, k), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
@given(seeds)
def test_gives_one_value_a_user_or_one_for_all(name: str, seed: int) -> None:
    judged = case_of(seed).judged
    assert METRICS[name].values(judged, k=1).shape == (len(judged.recs) if METRICS[name].per_user else 1,)


@pytest.mark.parametrize("name", OF_USERS)
@given(seeds)
def test_who_else_is_judged_changes_no_users_value_of_hits(name: str, seed: int) -> None:
    judged = case_of(seed).judged
    order = np.random.default_rng(seed).permutation(len(judged.recs))
    turned = Judged(
        TopK(judged.recs.books[order], judged.recs.scores[order]),
        EvaluationData(
            csr_array(judged.data.truth[order]),
            csr_array(judged.data.train[order]),
            judged.data.vectors,
            judged.data.years,
            judged.data.genres,
        ),
    )
    k = judged.recs.k
    found, expected = METRICS[name].values(turned, k=k), METRICS[name].values(judged, k=k)[order]
    # sums over hits are the same to the bit
    np.testing.assert_allclose(found, expected, rtol=0 if METRICS[name].needs == ("truth",) else 1e-12)


@pytest.mark.parametrize("name", OF_HITS)
def test_a_user_with_empty_truth_has_no_accuracy_and_one_without_hits_has_zero(name: str) -> None:
    recs = TopK(np.array([[0, 1], [0, 1]], dtype=np.int32), np.ones((2, 2), dtype=np.float32))
    truth = csr_array(np.array([[0, 0, 0], [0, 0, 1]], dtype=np.float32))
    np.testing.assert_array_equal(
        METRICS[name].values(Judged(recs, EvaluationData(truth, truth)), k=2), [nan, 0]
    )


@pytest.mark.parametrize("name", OF_HITS)
def test_the_best_list_has_one_or_the_most_that_there_is(name: str) -> None:
    recs = TopK(np.array([[2, 0]], dtype=np.int32), np.ones((1, 2), dtype=np.float32))
    truth = csr_array(np.array([[1, 0, 1]], dtype=np.float32))
    value = METRICS[name].values(Judged(recs, EvaluationData(truth, truth)), k=2)[0]
    # what popularity ranks as high is no surprise
    assert value == pytest.approx(0 if name == "serendipity" else 1)


def test_padding_is_no_hit_though_it_stands_before_the_next_users_books() -> None:
    # the PAD of user 1 must not be read as the last book of user 0
    recs = TopK(np.array([[0], [PAD]], dtype=np.int32), np.zeros((2, 1), dtype=np.float32))
    truth = csr_array(np.array([[0, 1], [1, 0]], dtype=np.float32))
    assert METRICS["recall"].values(Judged(recs, EvaluationData(truth)), k=1).tolist() == [0, 0]


@pytest.mark.parametrize("name", ["recall", "diversity"])
def test_more_users_than_one_batch_holds_are_judged_as_fewer(name: str) -> None:
    rng = np.random.default_rng(7)
    n = BATCH + 3
    books = np.array([rng.permutation(6)[:3] for _ in range(n)], dtype=np.int32)
    truth = csr_array((rng.random((n, 6)) < 0.3).astype(np.float32))
    vectors = rng.normal(size=(6, 2)).astype(np.float32)
    scores = np.zeros(books.shape, np.float32)
    whole = METRICS[name].values(Judged(TopK(books, scores), EvaluationData(truth, None, vectors)), k=3)
    few = EvaluationData(truth[BATCH - 4 :], None, vectors)
    last = METRICS[name].values(Judged(TopK(books[BATCH - 4 :], scores[BATCH - 4 :]), few), k=3)
    np.testing.assert_allclose(whole[BATCH - 4 :], last, rtol=1e-12)


@pytest.mark.parametrize("name", [name for name in NAMES if METRICS[name].needs not in ((), ("truth",))])
def test_what_the_data_does_not_have_is_named(name: str) -> None:
    recs = TopK(np.zeros((1, 1), dtype=np.int32), np.zeros((1, 1), dtype=np.float32))
    judged = Judged(recs, EvaluationData(csr_array(np.ones((1, 2), dtype=np.float32))))
    needs = [need for need in METRICS[name].needs if need != "truth"]
    with pytest.raises(ParameterError, match=f"{name} needs {' and '.join(needs)}"):
        METRICS[name].values(judged, k=1)


def test_a_cutoff_beyond_the_lists_and_lists_of_other_users_are_refused() -> None:
    recs = TopK(np.zeros((1, 1), dtype=np.int32), np.zeros((1, 1), dtype=np.float32))
    data = EvaluationData(csr_array(np.ones((1, 2), dtype=np.float32)))
    with pytest.raises(ParameterError, match="recall@2 is asked of lists of 1 books"):
        METRICS["recall"].values(Judged(recs, data), k=2)
    with pytest.raises(ParameterError, match="1 lists cannot be judged by 2 users' truth"):
        Judged(recs, EvaluationData(csr_array(np.ones((2, 2), dtype=np.float32))))


def parts(catalogue: Catalogue) -> dict[str, Any]:
    """Of one user, who has read nothing, and all books of a catalogue."""
    users, none = IdMap.from_ids(["reader"], space="user"), np.empty(0, dtype=np.int32)
    nothing = InteractionSet.from_rows(users, catalogue.books, none, none)
    features = tiny_features(catalogue)
    return {"truth": nothing, "train": nothing, "features": features, "catalogue": catalogue}


def test_a_catalogue_gives_the_years_and_genres_that_it_knows(catalogue: Catalogue) -> None:
    data = EvaluationData.of(**parts(catalogue))
    assert data.vectors is not None
    assert data.years is not None
    assert data.genres is not None
    records = catalogue.records(np.arange(len(catalogue), dtype=np.int32))
    assert data.years.tolist() == [record.year or 0 for record in records]
    names = sorted({genre for record in records for genre in record.genres})
    for row, record in enumerate(records):
        assert [names[place] for place in data.genres[[row]].indices] == sorted(record.genres)


def test_content_vectors_without_a_dimension_are_none(catalogue: Catalogue) -> None:
    without = replace(tiny_features(catalogue), vectors=np.zeros((len(catalogue), 0), np.float32))
    assert EvaluationData.of(**parts(catalogue) | {"features": without}).vectors is None


def with_other_books(name: str, whole: dict[str, Any]) -> Any:
    """The part, of as many books, of which one has another id."""
    ids = [*whole["catalogue"].books.array[:-1].tolist(), "zzz"]
    if name != "catalogue":
        return replace(whole[name], books=IdMap.from_ids(ids, space="book"))
    table = whole["catalogue"].table
    return Catalogue(table.set_column(0, table.schema.field(0), pa.array(ids, table.schema.field(0).type)))


@pytest.mark.parametrize("name", ["truth", "train", "features", "catalogue"])
def test_parts_of_other_books_are_refused_though_there_are_as_many(name: str, catalogue: Catalogue) -> None:
    whole = parts(catalogue)
    with pytest.raises(
        DataError, match=rf"parts of different books: .*{name} has IdMap\({len(catalogue)} book"
    ):
        EvaluationData.of(**whole | {name: with_other_books(name, whole)})


@pytest.mark.parametrize("name", ["truth", "train"])
def test_parts_of_other_users_are_refused_though_there_are_as_many(name: str, catalogue: Catalogue) -> None:
    whole = parts(catalogue)
    other = replace(whole[name], users=IdMap.from_ids(["somebody"], space="user"))
    with pytest.raises(DataError, match=rf"parts of different users: .*{name} has IdMap\(1 user"):
        EvaluationData.of(**whole | {name: other})


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"train": csr_array((2, 4), dtype=np.float32)},
            "train is of 2 users and 4 books where truth is of 2 and 3",
        ),
        ({"vectors": np.ones((2, 1), np.float32)}, "vectors are of 2 books where truth is of 3"),
        ({"years": np.ones(4, np.int32)}, "years are of 4 books where truth is of 3"),
        ({"genres": csr_array((1, 2), dtype=np.float32)}, "genres are of 1 books where truth is of 3"),
    ],
)
def test_matrices_of_other_numbers_of_users_and_books_are_refused(
    changed: dict[str, Any], message: str
) -> None:
    with pytest.raises(ParameterError, match=message):
        EvaluationData(csr_array((2, 3), dtype=np.float32), **changed)


def test_data_of_some_users_judges_their_lists_alone() -> None:
    judged = case_of(9).judged
    users = np.array([len(judged.recs) - 1, 0], dtype=np.int32)
    few = Judged(TopK(judged.recs.books[users], judged.recs.scores[users]), judged.data.of_users(users))
    np.testing.assert_array_equal(
        METRICS["ndcg"].values(few, k=1), METRICS["ndcg"].values(judged, k=1)[users]
    )


def test_registering_adds_a_metric_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recs_core.evaluation.metrics.registry.METRICS", registered := dict(METRICS))

    @metric("half", "0.5", source="nowhere", better="neither", needs=("train",))
    def half(judged: Judged, k: int) -> np.ndarray:
        return np.full(len(judged.recs), 0.5)

    assert list(registered)[-1] == "half"
    added = registered["half"]
    assert (added.needs, added.per_user, added.better) == (("train",), True, "neither")
