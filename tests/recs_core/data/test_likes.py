import pyarrow as pa
import pytest

from recs_core.data.likes import likes

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
