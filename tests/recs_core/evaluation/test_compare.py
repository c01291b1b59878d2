import numpy as np
import pandas as pd
import pytest

from recs_core.evaluation.compare import estimates_table, leaderboard
from recs_core.evaluation.comparisons import compare_models
from recs_core.evaluation.evaluate import Estimate


def estimates(ndcg: float, recall: float) -> list[dict[str, str | int | float | None]]:
    return [
        Estimate("ndcg", 10, "all", ndcg, ndcg - 0.1, ndcg + 0.1, 50).as_dict(),
        Estimate("ndcg", 10, "cold", 0.9, 0.8, 1.0, 5).as_dict(),
        Estimate("recall", 20, "all", recall, None, None, 50).as_dict(),
        Estimate("coverage", 20, "all", 0.5, 0.4, 0.6, 50).as_dict(),
    ]


EVALUATIONS = {
    "low": estimates(0.1, 0.9),
    "high": estimates(0.3, 0.5),
    "tie_a": estimates(0.2, 0.1),
    "tie_b": estimates(0.2, 0.2),
}
rng = np.random.default_rng(7)
BASE = rng.random(200)
VALUES = {"low": BASE - 0.2, "high": BASE, "tie_a": BASE - 0.1, "tie_b": BASE + 0.01 * rng.normal(size=200)}


@pytest.fixture(scope="module")
def comparisons() -> pd.DataFrame:
    values = {model: {"ndcg@10": of_users, "recall@20": of_users} for model, of_users in VALUES.items()}
    names = ["ndcg@10", "recall@20"]
    return compare_models(values, names, permutations=1_000, resamples=100, rng=np.random.default_rng(7))


def board(comparisons: pd.DataFrame, compared: list[str], *, synthetic: bool = False) -> pd.DataFrame:
    return leaderboard(
        estimates_table(EVALUATIONS),
        comparisons,
        compared=compared,
        shown=["coverage@20"],
        source="toy",
        synthetic=synthetic,
    )


def test_the_leaderboard_is_sorted_by_the_first_metric(comparisons: pd.DataFrame) -> None:
    by_ndcg = board(comparisons, ["ndcg@10", "recall@20"])
    assert by_ndcg.index.tolist() == ["high", "tie_a", "tie_b", "low"]
    assert by_ndcg.columns.tolist() == [
        "data",
        "ndcg@10",
        "ndcg@10 low",
        "ndcg@10 high",
        "recall@20",
        "recall@20 low",
        "recall@20 high",
        "coverage@20",
        "verdict",
    ]
    assert by_ndcg["ndcg@10"].tolist() == [0.3, 0.2, 0.2, 0.1]
    np.testing.assert_allclose(by_ndcg["ndcg@10 low"], [0.2, 0.1, 0.1, 0.0], atol=1e-12)
    by_recall = board(comparisons, ["recall@20"])
    assert by_recall.index.tolist() == ["low", "high", "tie_b", "tie_a"]


def test_the_leaderboard_claims_what_the_tests_found_and_no_more(comparisons: pd.DataFrame) -> None:
    verdicts = board(comparisons, ["ndcg@10"])["verdict"].to_dict()
    assert verdicts == {
        # tie_b may be as good
        "high": "highest mean",
        "tie_a": "worse than high",
        "tie_b": "not distinguishable from high",
        "low": "worse than high",
    }


def test_the_first_is_called_the_best_only_where_all_others_are_worse(comparisons: pd.DataFrame) -> None:
    clear = {model: found for model, found in EVALUATIONS.items() if model != "tie_b"}
    table = leaderboard(
        estimates_table(clear), comparisons, compared=["ndcg@10"], shown=[], source="toy", synthetic=False
    )
    assert table["verdict"].tolist() == ["best", "worse than high", "worse than high"]


@pytest.mark.parametrize(("synthetic", "data"), [(False, "toy"), (True, "toy (synthetic)")])
def test_every_row_says_what_data_it_was_measured_on(
    comparisons: pd.DataFrame, synthetic: bool, data: str
) -> None:
    assert board(comparisons, ["ndcg@10"], synthetic=synthetic)["data"].tolist() == [data] * 4


def test_the_table_has_a_row_for_every_estimate() -> None:
    table = estimates_table(EVALUATIONS)
    assert len(table) == 16
    third = table.iloc[4]
    assert (third["model"], third["name"], third["cohort"], third["mean"]) == ("high", "ndcg@10", "all", 0.3)
