import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recs_core.data.reading.any_file import file_at, sniff_encoding
from recs_core.data.reading.raw import joined
from recs_core.errors import DataError

COLUMNS = {"user_id": "reader", "value": "stars"}


def read(path: Path, **options: str) -> dict[str, list[str]]:
    file = file_at(path, COLUMNS, where="data.sources.table", **options)
    return joined(file.batches(pytest.fail)).columns.to_pydict()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
@pytest.mark.parametrize("zipped", [False, True])
def test_delimiter_and_encoding_are_found_out(
    delimiter: str, encoding: str, zipped: bool, tmp_path: Path
) -> None:
    content = delimiter.join(["reader", "stars"]) + "\n" + delimiter.join(["björn", "5"]) + "\n"
    path = tmp_path / ("f.csv.gz" if zipped else "f.csv")
    path.write_bytes(gzip.compress(content.encode(encoding)) if zipped else content.encode(encoding))
    assert read(path) == {"user_id": ["björn"], "value": ["5"]}


def test_what_is_stated_is_not_found_out(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    # there are more commas than semicolons in the header
    path.write_bytes("reader;stars;a,b,c,d\nЖ;5;x\n".encode("koi8-r"))
    assert read(path, delimiter=";", encoding="koi8-r") == {"user_id": ["Ж"], "value": ["5"]}


def test_a_parquet_file_is_known_by_its_name(tmp_path: Path) -> None:
    pq.write_table(pa.table({"reader": ["u"], "stars": [5]}), tmp_path / "f.parquet")
    assert read(tmp_path / "f.parquet") == {"user_id": ["u"], "value": ["5"]}


def test_a_delimiter_that_the_header_lacks_is_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text("reader stars\nu 5\n")
    message = (
        r"f\.csv: '.' does not stand in the header 'reader stars'; data\.sources\.table\.delimiter can say"
    )
    with pytest.raises(DataError, match=message):
        read(tmp_path / "f.csv")


@pytest.mark.parametrize(
    ("start", "encoding"),
    [
        (b"plain", "utf-8"),
        ("Größe".encode(), "utf-8"),
        # the last character is cut by the end of what was read
        ("Größe, €".encode()[:-1], "utf-8"),
        ("Größe".encode("latin-1"), "latin-1"),
        ("é".encode("latin-1") + b" more", "latin-1"),
    ],
)
def test_the_encoding_is_utf8_where_the_bytes_are(start: bytes, encoding: str) -> None:
    assert sniff_encoding(start) == encoding
