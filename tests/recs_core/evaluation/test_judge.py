import numpy as np
import pytest
from scipy.sparse import csr_array

from recs_core.data.idmap import PAD
from recs_core.data.topk import TopK
from recs_core.errors import ParameterError
from recs_core.evaluation.judge import ValidationJudge

TRUTH = csr_array(np.array([[1, 0, 0, 1], [0, 0, 0, 0], [0, 1, 0, 0]], dtype=np.float32))


def lists(*books: list[int]) -> TopK:
    rows = np.array(books, dtype=np.int32)
    return TopK(rows, -np.arange(rows.size, dtype=np.float32).reshape(rows.shape))


def test_only_users_with_something_held_out_are_judged() -> None:
    assert ValidationJudge(TRUTH).users.tolist() == [0, 2]


def test_the_worth_is_the_mean_of_the_metric_over_them() -> None:
    judge = ValidationJudge(TRUTH, "recall", 2)
    assert judge(lists([0, 1], [0, 1])) == pytest.approx((1 / 2 + 1) / 2)
    assert judge(lists([2, 1], [0, 2])) == 0.0


def test_the_default_is_ndcg_at_ten() -> None:
    judge = ValidationJudge(TRUTH)
    assert (judge.metric, judge.k) == ("ndcg", 10)
    rest = [PAD] * 6
    assert judge(lists([0, 3, 1, 2, *rest], [1, 0, 2, 3, *rest])) == pytest.approx(1.0)


def test_nothing_held_out_is_worth_nothing() -> None:
    nobody = TopK(np.empty((0, 10), dtype=np.int32), np.empty((0, 10), dtype=np.float32))
    assert ValidationJudge(csr_array((3, 4), dtype=np.float32))(nobody) == 0.0


@pytest.mark.parametrize("metric", ["novelty", "coverage", "no_such"])
def test_a_metric_without_a_truth_is_no_judge(metric: str) -> None:
    with pytest.raises(ParameterError, match=rf"cannot be judged by '{metric}'; the metrics are .*'ndcg'"):
        ValidationJudge(TRUTH, metric)
