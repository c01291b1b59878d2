import pytest

from recs_core.evaluation.compare import leaderboard, long_table
from recs_core.evaluation.evaluate import Estimate


def estimates(ndcg: float, recall: float) -> list[dict[str, str | int | float | None]]:
    return [
        Estimate("ndcg", 10, ndcg, ndcg - 0.1, ndcg + 0.1, 50).as_dict(),
        Estimate("recall", 20, recall, None, None, 50).as_dict(),
    ]


EVALUATIONS = {
    "low": estimates(0.1, 0.9),
    "high": estimates(0.3, 0.5),
    "tie_a": estimates(0.2, 0.1),
    "tie_b": estimates(0.2, 0.2),
}


def test_the_leaderboard_is_sorted_by_the_column_asked_for() -> None:
    board = leaderboard(EVALUATIONS, sort_by="ndcg@10", source="toy", synthetic=False)
    assert board.index.tolist() == ["high", "tie_a", "tie_b", "low"]
    assert board.columns.tolist() == ["data", "ndcg@10", "recall@20"]
    assert board["ndcg@10"].tolist() == [0.3, 0.2, 0.2, 0.1]
    by_recall = leaderboard(EVALUATIONS, sort_by="recall@20", source="toy", synthetic=False)
    assert by_recall.index.tolist() == ["low", "high", "tie_b", "tie_a"]


@pytest.mark.parametrize(("synthetic", "data"), [(False, "toy"), (True, "toy (synthetic)")])
def test_every_row_says_what_data_it_was_measured_on(synthetic: bool, data: str) -> None:
    board = leaderboard(EVALUATIONS, sort_by="ndcg@10", source="toy", synthetic=synthetic)
    assert board["data"].tolist() == [data] * 4


def test_the_long_table_has_a_row_for_every_estimate() -> None:
    table = long_table(EVALUATIONS)
    assert len(table) == 8
    assert table.columns.tolist() == ["model", "metric", "k", "mean", "low", "high", "users"]
    first = table.iloc[2]
    assert (first["model"], first["metric"], first["k"], first["mean"]) == ("high", "ndcg", 10, 0.3)
