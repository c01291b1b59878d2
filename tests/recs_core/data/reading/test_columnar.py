import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest

from recs_core.data.reading.columnar import ColumnarFile
from recs_core.data.reading.raw import RawRows, joined
from recs_core.errors import DataError

CONTENT = pa.table(
    {
        "user": pa.array(["u1", None, "u3"]).dictionary_encode(),
        "stars": [1.0, 4.5, None],
        "when": [datetime.datetime(2024, 3, 1), None, datetime.datetime(2024, 3, 2)],
        "count": [7, 8, 9],
    }
)
COLUMNS = {"user_id": "user", "value": "stars", "time": "when"}


def write(path: Path, content: pa.Table = CONTENT) -> Path:
    if path.suffix == ".parquet":
        pq.write_table(content, path)
    else:
        with pyarrow.ipc.new_file(str(path), content.schema) as writer:
            writer.write_table(content)
    return path


def read(path: Path, batch_rows: int = 2, columns: dict[str, str] = COLUMNS) -> RawRows:
    return joined(ColumnarFile(path, columns, batch_rows).batches(pytest.fail))


@pytest.mark.parametrize("name", ["f.parquet", "f.arrow", "f.feather"])
@pytest.mark.parametrize("batch_rows", [1, 2, 100])
def test_values_are_strings_and_nothing_is_an_empty_one(name: str, batch_rows: int, tmp_path: Path) -> None:
    rows = read(write(tmp_path / name), batch_rows)
    assert rows.columns.to_pydict() == {
        "user_id": ["u1", "", "u3"],
        "value": ["1", "4.5", ""],
        "time": ["2024-03-01 00:00:00.000000", "", "2024-03-02 00:00:00.000000"],
    }
    assert rows.lines.tolist() == [2, 3, 4]


@pytest.mark.parametrize("name", ["f.parquet", "f.arrow"])
def test_a_missing_column_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=rf"{name} lacks the columns \['book'\]; it has \['user', 'stars'"):
        read(write(tmp_path / name), columns={"book_id": "book"})


@pytest.mark.parametrize("name", ["f.parquet", "f.arrow"])
def test_a_file_that_is_missing_or_of_another_kind_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=rf"{name} is missing"):
        read(tmp_path / name)
    (tmp_path / name).write_text("user,stars\nu1,1\n" * 10)
    with pytest.raises(DataError, match=rf"{name} cannot be read"):
        read(tmp_path / name)


@pytest.mark.parametrize("name", ["f.parquet", "f.arrow"])
def test_a_file_without_rows_gives_an_empty_batch(name: str, tmp_path: Path) -> None:
    rows = read(write(tmp_path / name, CONTENT.slice(0, 0)))
    assert rows.columns.schema.names == ["user_id", "value", "time"]
    assert len(rows) == 0
