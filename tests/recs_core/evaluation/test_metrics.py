"""Every registered metric beside an oracle: ranx for accuracy, plain Python for the rest."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from math import log2, nan

import numpy as np
import pytest
import ranx
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recs_core.data.idmap import PAD
from recs_core.data.topk import TopK
from recs_core.evaluation.metrics import METRICS, metric


@dataclass(frozen=True)
class Case:
    """Random lists of a few users, some short or empty, with everything that a metric may need."""

    lists: list[list[int]]
    recs: TopK
    truth: csr_array
    train: csr_array
    vectors: NDArray[np.float32]

    def second(self, name: str) -> object:
        return getattr(self, METRICS[name].needs)


def case_of(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    n_users, n_books, length = rng.integers(1, [7, 14, 9])
    lists = []
    books = np.full((n_users, length), PAD, dtype=np.int32)
    for line in books:
        there = rng.permutation(n_books)[: rng.integers(0, length + 1)]
        line[: there.size] = there
        lists.append(there.tolist())
    # equal scores: only the order of a list counts
    scores = np.where(books == PAD, -np.inf, 0.5).astype(np.float32)
    truth, train = (
        csr_array(rng.random((n_users, n_books)) < share, dtype=np.float32) for share in (0.2, 0.4)
    )
    vectors = rng.normal(size=(n_books, 3))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors[rng.random(n_books) < 0.2] = 0
    return Case(lists, TopK(books, scores), truth, train, vectors.astype(np.float32))


def by_ranx(name: str, case: Case, k: int) -> list[float]:
    relevant = [set(case.truth[[user]].indices.tolist()) for user in range(len(case.lists))]
    values = [nan] * len(case.lists)
    users = [user for user, books in enumerate(relevant) if books]
    if users:
        qrels = {str(user): {str(book): 1 for book in relevant[user]} for user in users}
        # ranx wants something in every list: a book that nobody holds relevant, last
        run = {
            str(user): {str(book): -float(rank) for rank, book in enumerate([*case.lists[user], "nothing"])}
            for user in users
        }
        found = ranx.evaluate(ranx.Qrels(qrels), ranx.Run(run), f"{name}@{k}", return_mean=False)
        for user, value in zip(sorted(users, key=str), found, strict=True):
            values[user] = float(value)
    return values


def novelty(case: Case, k: int) -> list[float]:
    readers = np.maximum(1, (case.train.toarray() > 0).sum(axis=0))
    share = readers / case.train.shape[0]
    return [np.mean([-log2(share[b]) for b in books[:k]]) if books else nan for books in case.lists]


def diversity(case: Case, k: int) -> list[float]:
    values = []
    for books in case.lists:
        pairs = list(combinations(books[:k], 2))
        vectors = case.vectors.astype(np.float64)
        values.append(np.mean([1 - vectors[a] @ vectors[b] for a, b in pairs]) if pairs else nan)
    return values


def coverage(case: Case, k: int) -> list[float]:
    return [len({book for books in case.lists for book in books[:k]}) / case.train.shape[1]]


ORACLES: dict[str, Callable[[Case, int], list[float]]] = {
    **{name: partial(by_ranx, name) for name in ("precision", "recall", "f1", "hit_rate", "mrr", "ndcg")},
    "novelty": novelty,
    "diversity": diversity,
    "coverage": coverage,
}


@pytest.mark.parametrize("name", sorted(METRICS))
@settings(max_examples=60)
@given(st.integers(0, 2**32))
def test_agrees_with_its_oracle(name: str, seed: int) -> None:
    assert name in ORACLES, f"the metric {name!r} has no oracle: add one to ORACLES"
    case = case_of(seed)
    for k in range(1, case.recs.k + 1):
        found = METRICS[name].function(case.recs, case.second(name), k=k)
        assert found.dtype == np.float64
        np.testing.assert_allclose(found, ORACLES[name](case, k), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", sorted(METRICS))
@given(st.integers(0, 2**32))
def test_gives_one_value_a_user_or_one_for_all(name: str, seed: int) -> None:
    case = case_of(seed)
    values = METRICS[name].function(case.recs, case.second(name), k=1)
    assert values.shape == (len(case.recs) if METRICS[name].per_user else 1,)


@pytest.mark.parametrize("name", sorted(name for name in METRICS if METRICS[name].needs == "truth"))
def test_a_user_with_empty_truth_has_no_accuracy_and_one_without_hits_has_zero(name: str) -> None:
    recs = TopK(np.array([[0, 1], [0, 1]], dtype=np.int32), np.ones((2, 2), dtype=np.float32))
    truth = csr_array(np.array([[0, 0, 0], [0, 0, 1]], dtype=np.float32))
    np.testing.assert_array_equal(METRICS[name].function(recs, truth, k=2), [nan, 0])


def test_padding_is_no_hit_though_it_stands_before_the_next_users_books() -> None:
    # the PAD of user 1 must not be read as the last book of user 0
    recs = TopK(np.array([[0], [PAD]], dtype=np.int32), np.zeros((2, 1), dtype=np.float32))
    truth = csr_array(np.array([[0, 1], [1, 0]], dtype=np.float32))
    assert METRICS["recall"].function(recs, truth, k=1).tolist() == [0, 0]


def test_diversity_is_the_same_for_more_users_than_one_batch_holds() -> None:
    rng = np.random.default_rng(7)
    books = np.array([rng.permutation(6)[:3] for _ in range(4_097)], dtype=np.int32)
    vectors = rng.normal(size=(6, 2)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    whole = METRICS["diversity"].function(TopK(books, np.zeros(books.shape, np.float32)), vectors, k=3)
    last = METRICS["diversity"].function(TopK(books[4_090:], np.zeros((7, 3), np.float32)), vectors, k=3)
    np.testing.assert_allclose(whole[4_090:], last, rtol=1e-12)


def test_registering_adds_a_metric_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recs_core.evaluation.metrics.METRICS", registered := dict(METRICS))

    @metric("serendipity", needs="train", per_user=False)
    def serendipity(recs: TopK, train: csr_array, *, k: int) -> NDArray[np.float64]:
        return np.array([0.5])

    assert list(registered)[-1] == "serendipity"
    added = registered["serendipity"]
    assert (added.needs, added.per_user, added.function) == ("train", False, serendipity)
