import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recs_core.data.interactions import InteractionSet
from recs_core.data.topk import TopK, top_k
from recs_core.errors import ParameterError
from recs_core.evaluation.evaluate import Estimate, evaluate
from recs_core.evaluation.metrics import METRICS
from recs_core.features.content import ContentFeatures


def lists_of(hits: list[bool]) -> tuple[TopK, csr_array]:
    """One list of one book a user, and truth that it hits or misses."""
    recs = TopK(np.zeros((len(hits), 1), dtype=np.int32), np.ones((len(hits), 1), dtype=np.float32))
    truth = csr_array(np.array([[hit, not hit] for hit in hits], dtype=np.float32))
    return recs, truth


def by_name(
    recs: TopK, truth: csr_array, *, vectors: NDArray[np.float32] | None = None
) -> dict[str, Estimate]:
    vectors = np.eye(truth.shape[1], dtype=np.float32) if vectors is None else vectors
    estimates = evaluate(recs, truth=truth, train=truth, vectors=vectors, cutoffs=[1])
    return {estimate.metric: estimate for estimate in estimates}


def test_every_metric_at_every_cutoff_in_order(
    interactions: InteractionSet, features: ContentFeatures
) -> None:
    recs = top_k(np.random.default_rng(7).random(interactions.matrix.shape, dtype=np.float32), 10)
    estimates = evaluate(
        recs,
        truth=interactions.matrix,
        train=interactions.matrix,
        vectors=features.vectors,
        cutoffs=(5, 10),
    )
    asked = [(estimate.metric, estimate.k) for estimate in estimates]
    assert asked == [(name, k) for k in (5, 10) for name in METRICS]
    needed = {"truth": interactions.matrix, "train": interactions.matrix, "vectors": features.vectors}
    for estimate in estimates:
        entry = METRICS[estimate.metric]
        values = entry.function(recs, needed[entry.needs], k=estimate.k)
        assert estimate.mean == pytest.approx(np.nanmean(values))


def test_the_interval_is_that_of_the_normal_approximation() -> None:
    # 9 hits of 12: mean 0.75, sample variance 12 / 11 * 0.75 * 0.25
    estimate = by_name(*lists_of([True] * 9 + [False] * 3))["precision"]
    reach = 1.96 * (12 / 11 * 0.75 * 0.25 / 12) ** 0.5
    assert estimate.mean == 0.75
    assert estimate.low == pytest.approx(0.75 - reach)
    assert estimate.high == pytest.approx(0.75 + reach)
    assert estimate.users == 12


def test_the_interval_holds_the_true_mean_in_about_95_of_100_samples() -> None:
    rng = np.random.default_rng(7)
    estimates = [by_name(*lists_of(rng.random(200) < 0.3))["precision"] for _ in range(400)]
    share = np.mean([estimate.low <= 0.3 <= estimate.high for estimate in estimates])
    assert 0.92 < share < 0.98


def test_users_without_a_value_are_not_counted() -> None:
    recs, truth = lists_of([True, True, False])
    truth = csr_array(truth.toarray() * np.array([[1], [1], [0]], dtype=np.float32))
    estimate = by_name(recs, truth)["recall"]
    assert (estimate.mean, estimate.users) == (1.0, 2)


@pytest.mark.parametrize("hits", [[True], [False]])
def test_one_user_is_no_sample(hits: list[bool]) -> None:
    estimate = by_name(*lists_of(hits))["hit_rate"]
    assert (estimate.mean, estimate.low, estimate.high, estimate.users) == (float(hits[0]), None, None, 1)


def test_a_metric_of_all_users_has_no_interval() -> None:
    estimate = by_name(*lists_of([True] * 20))["coverage"]
    assert (estimate.mean, estimate.low, estimate.high) == (0.5, None, None)


def test_cutoffs_longer_than_the_lists_are_refused() -> None:
    recs, truth = lists_of([True])
    with pytest.raises(ParameterError, match=r"evaluation\.cutoffs asks for 2 but the lists have 1 books"):
        evaluate(recs, truth=truth, train=truth, vectors=np.eye(2, dtype=np.float32), cutoffs=[1, 2])


def test_an_estimate_is_plain_facts() -> None:
    estimate = Estimate("ndcg", 10, 0.5, 0.4, 0.6, 3)
    assert estimate.as_dict() == {
        "metric": "ndcg",
        "k": 10,
        "mean": 0.5,
        "low": 0.4,
        "high": 0.6,
        "users": 3,
    }
