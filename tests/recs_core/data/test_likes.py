import numpy as np
import pyarrow as pa
import pytest

from recs_core.data.likes import confidence_weights, likes
from recs_core.errors import ParameterError

TABLE = pa.table({"book_id": list("abcd"), "value": pa.array([3.0, 4.0, None, 5.0], pa.float32())})


@pytest.mark.parametrize(
    ("min_value", "keep_unrated", "kept"),
    [(0.0, True, "abcd"), (0.0, False, "abd"), (4.0, True, "bcd"), (4.0, False, "bd"), (5.5, False, "")],
)
def test_what_counts_is_rated_high_enough_or_unrated_where_that_counts(
    min_value: float, keep_unrated: bool, kept: str
) -> None:
    found = likes(TABLE, min_value=min_value, keep_unrated=keep_unrated)
    assert found["book_id"].to_pylist() == list(kept)


def test_where_all_count_no_copy_is_made() -> None:
    assert likes(TABLE, min_value=3.0, keep_unrated=True) is TABLE


def test_confidence_grows_with_the_value() -> None:
    weights = confidence_weights(TABLE, min_value=3.0, slope=0.5, unrated=0.25)
    assert weights is not None
    assert weights.dtype == np.float32
    assert weights.tolist() == [1.0, 1.5, 0.25, 2.0]


def test_where_every_weight_would_be_1_there_are_none() -> None:
    assert confidence_weights(TABLE, min_value=3.0, slope=0.0, unrated=1.0) is None
    assert confidence_weights(TABLE, min_value=3.0, slope=0.0, unrated=2.0) is not None


@pytest.mark.parametrize(
    ("slope", "unrated", "message"),
    [(-0.1, 1.0, r"data\.confidence\.slope is -0\.1"), (0.1, 0.0, r"data\.confidence\.unrated is 0\.0")],
)
def test_a_weight_that_could_be_nothing_is_refused(slope: float, unrated: float, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        confidence_weights(TABLE, min_value=3.0, slope=slope, unrated=unrated)
