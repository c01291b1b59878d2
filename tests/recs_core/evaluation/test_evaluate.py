from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recs_core.data.topk import TopK, top_k
from recs_core.errors import ParameterError
from recs_core.evaluation.evaluate import Estimate, Evaluation, evaluate
from recs_core.evaluation.metrics import METRICS, EvaluationData, Judged

N_USERS, N_BOOKS = 60, 30


def dense(share: float, seed: int) -> csr_array:
    return csr_array((np.random.default_rng(seed).random((N_USERS, N_BOOKS)) < share).astype(np.float32))


DATA = EvaluationData(dense(0.1, 1), dense(0.2, 2), np.eye(N_BOOKS, dtype=np.float32))
RECS = top_k(np.random.default_rng(3).random((N_USERS, N_BOOKS), dtype=np.float32), 10)
FEW = np.arange(N_USERS) < 30
HEAD = np.arange(N_BOOKS) < 9


def evaluated(**changed: Any) -> Evaluation:
    asked: dict[str, Any] = {
        "recs": RECS,
        "data": DATA,
        "cutoffs": (5, 10),
        "user_cohorts": {"few": FEW, "rest": ~FEW},
        "book_cohorts": {"head": HEAD},
        "resamples": 200,
    } | changed
    return evaluate(asked.pop("recs"), asked.pop("data"), **asked, rng=np.random.default_rng(7))


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    return evaluated()


def find(evaluation: Evaluation, metric: str, k: int, cohort: str = "all") -> Estimate:
    (found,) = [e for e in evaluation.estimates if (e.metric, e.k, e.cohort) == (metric, k, cohort)]
    return found


def values(metric: str, k: int, data: EvaluationData = DATA) -> NDArray[np.float64]:
    return METRICS[metric].values(Judged(RECS, data), k=k)


def test_every_metric_that_the_data_allows_is_estimated_at_every_cutoff(evaluation: Evaluation) -> None:
    possible = [name for name, metric in METRICS.items() if not {"years", "genres"} & set(metric.needs)]
    asked = {(e.metric, e.k) for e in evaluation.estimates if e.cohort == "all"}
    assert asked == {(name, k) for k in (5, 10) for name in possible}
    for name, k in sorted(asked):
        estimate = find(evaluation, name, k)
        assert estimate.mean == pytest.approx(np.nanmean(values(name, k)))
        assert estimate.low is not None
        assert estimate.high is not None
        assert estimate.low <= estimate.mean <= estimate.high


def test_a_cohort_of_users_has_the_mean_of_its_users(evaluation: Evaluation) -> None:
    for cohort, users in (("few", FEW), ("rest", ~FEW)):
        of_users = values("ndcg", 10)[users]
        estimate = find(evaluation, "ndcg", 10, cohort)
        assert estimate.mean == pytest.approx(np.nanmean(of_users))
        assert estimate.users == np.count_nonzero(~np.isnan(of_users))


def test_for_a_cohort_of_books_only_they_are_held_out(evaluation: Evaluation) -> None:
    recalls = []
    for user in range(N_USERS):
        held_out = set(DATA.truth[[user]].indices.tolist()) & set(np.flatnonzero(HEAD).tolist())
        if held_out:
            recalls.append(len(held_out & set(RECS.books[user, :5].tolist())) / len(held_out))
    estimate = find(evaluation, "recall", 5, "head")
    assert (estimate.mean, estimate.users) == (pytest.approx(np.mean(recalls)), len(recalls))


def test_cohorts_have_no_metric_that_says_nothing_of_them(evaluation: Evaluation) -> None:
    of_head = {e.metric for e in evaluation.estimates if e.cohort == "head"}
    assert of_head == {name for name, metric in METRICS.items() if "truth" in metric.needs}
    # how much of the catalogue is covered depends on how many are served
    assert {e.cohort for e in evaluation.estimates if e.metric in ("coverage", "gini")} == {"all"}


def test_the_values_are_those_of_each_user(evaluation: Evaluation) -> None:
    everybody = evaluation.values["all"]
    assert set(everybody) >= {"ndcg@5", "ndcg@10", "diversity@10"}
    np.testing.assert_array_equal(everybody["recall@5"], values("recall", 5))


def test_each_cohort_has_the_values_that_its_estimates_are_made_of(evaluation: Evaluation) -> None:
    assert list(evaluation.values) == ["all", "few", "rest", "head"]
    assert "novelty@5" not in evaluation.values["head"]
    for cohort, of_metrics in evaluation.values.items():
        for name, of_users in of_metrics.items():
            metric, _, k = name.partition("@")
            estimate = find(evaluation, metric, int(k), cohort)
            assert estimate.mean == np.mean(of_users[~np.isnan(of_users)])


def test_the_same_seed_gives_the_same_estimates(evaluation: Evaluation) -> None:
    assert evaluated().estimates == evaluation.estimates


def test_few_users_have_no_interval_and_nobody_a_mean_of_0() -> None:
    one, nobody = np.arange(N_USERS) == 0, np.zeros(N_USERS, dtype=np.bool_)
    evaluation = evaluated(user_cohorts={"one": one, "nobody": nobody})
    assert find(evaluation, "user_coverage", 5, "one") == Estimate(
        "user_coverage", 5, "one", 1.0, None, None, 1
    )
    assert find(evaluation, "recall", 5, "nobody") == Estimate("recall", 5, "nobody", 0.0, None, None, 0)


def test_cutoffs_longer_than_the_lists_are_refused() -> None:
    short = TopK(RECS.books[:, :1], RECS.scores[:, :1])
    with pytest.raises(ParameterError, match=r"evaluation\.cutoffs asks for 2 but the lists have 1 books"):
        evaluated(recs=short, cutoffs=[1, 2])


def test_an_estimate_is_plain_facts() -> None:
    assert Estimate("ndcg", 10, "all", 0.5, 0.4, 0.6, 3).as_dict() == {
        "metric": "ndcg",
        "k": 10,
        "cohort": "all",
        "mean": 0.5,
        "low": 0.4,
        "high": 0.6,
        "users": 3,
    }
