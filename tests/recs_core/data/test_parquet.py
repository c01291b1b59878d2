from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recs_core.data.parquet import read_interactions, write_parquet
from recs_core.data.sources.base import INTERACTIONS_SCHEMA
from recs_core.errors import ArtifactError

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


def interactions_of(pairs: list[tuple[str, str]], part: str | None = None) -> pa.Table:
    users, books = zip(*pairs, strict=True)
    columns = {
        "user_id": pa.array(users).dictionary_encode(),
        "book_id": pa.array(books).dictionary_encode(),
        "value": pa.array([None, *range(1, len(pairs))], pa.float32()),
        "time": pa.array([None, *range(1, len(pairs))], pa.timestamp("s", "UTC")),
        "event": pa.array(["rating"] * len(pairs))
        .dictionary_encode()
        .cast(pa.dictionary(pa.int8(), pa.string())),
        "part": pa.array([part] * len(pairs), pa.string()).cast(pa.dictionary(pa.int8(), pa.string())),
    }
    return pa.table(columns, schema=INTERACTIONS_SCHEMA)


@pytest.mark.parametrize("group_rows", [1, 2, 100])
@pytest.mark.parametrize("part", [None, "train"])
def test_interactions_come_back_with_sorted_dictionaries(
    group_rows: int, part: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recs_core.data.parquet.GROUP_ROWS", group_rows)
    table = interactions_of([("u", "z"), ("v", "a"), ("v", "m"), ("w", "a"), ("x", "z")], part)
    write_parquet(table, tmp_path / "i.parquet")
    assert pq.ParquetFile(tmp_path / "i.parquet").num_row_groups == -(-5 // group_rows)
    found = read_interactions(tmp_path / "i.parquet")
    assert found.schema.equals(INTERACTIONS_SCHEMA)
    assert found.to_pylist() == table.to_pylist()
    for name, texts in (("user_id", ["u", "v", "w", "x"]), ("book_id", ["a", "m", "z"])):
        (chunk,) = found[name].chunks
        assert chunk.dictionary.to_pylist() == texts


def test_an_empty_table_of_interactions_is_written_and_read(tmp_path: Path) -> None:
    write_parquet(INTERACTIONS_SCHEMA.empty_table(), tmp_path / "i.parquet")
    found = read_interactions(tmp_path / "i.parquet")
    assert found.num_rows == 0
    assert found.schema.equals(INTERACTIONS_SCHEMA)


def test_what_is_no_table_of_interactions_is_named(tmp_path: Path) -> None:
    path = tmp_path / "i.parquet"
    with pytest.raises(ArtifactError, match=r"i\.parquet is missing"):
        read_interactions(path)
    write_parquet(TABLE, path)
    with pytest.raises(ArtifactError, match=r"i\.parquet is no table of interactions: .*user_id"):
        read_interactions(path)
    path.write_text("user_id,book_id\n")
    with pytest.raises(ArtifactError, match=r"i\.parquet is no table of interactions"):
        read_interactions(path)
