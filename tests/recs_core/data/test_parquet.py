from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recs_core.data.parquet import write_parquet

TABLE = pa.table({"book_id": ["a", "ž", None], "value": pa.array([1.5, None, 3.0], pa.float32())})


def test_what_was_written_is_read(tmp_path: Path) -> None:
    write_parquet(TABLE, tmp_path / "deeper" / "t.parquet")
    assert pq.read_table(tmp_path / "deeper" / "t.parquet").equals(TABLE)


def test_the_same_table_makes_the_same_bytes(tmp_path: Path) -> None:
    write_parquet(TABLE, tmp_path / "one.parquet")
    write_parquet(TABLE, tmp_path / "two.parquet")
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()


def test_a_failure_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    write_parquet(TABLE, path)
    # parquet knows no such type
    unwritable = pa.table({"x": pa.array([None], pa.month_day_nano_interval())})
    with pytest.raises(pa.ArrowNotImplementedError):
        write_parquet(unwritable, path)
    assert pq.read_table(path).equals(TABLE)
    assert list(tmp_path.iterdir()) == [path]
