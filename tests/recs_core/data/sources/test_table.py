import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recs_core.data.cleaning.preparation import Preparation
from recs_core.data.sources.base import SourceTables
from recs_core.data.sources.registry import source_named
from recs_core.errors import DataError, ParameterError

COLUMNS = {"user_id": "u", "book_id": "b"}


def loaded(path: Path, *, duplicates: str = "last", **options: object) -> SourceTables:
    source = source_named("table", {"interactions": str(path), "columns": COLUMNS, **options})
    preparation = Preparation.model_validate({"duplicates": duplicates})
    return source.load(path.parent, preparation, say=lambda _: None)


def reasons(tables: SourceTables) -> list[str]:
    found: list[str] = tables.quarantine["reason"].to_pylist()
    return found


def test_stray_quotes_that_join_lines_make_no_book(tmp_path: Path) -> None:
    (tmp_path / "i.csv").write_text('u,b\n0,9\n1,"2\n3,4\n4,4\n5,"6\n8,8\n')
    tables = loaded(tmp_path / "i.csv")
    assert "control character in the id" in reasons(tables)
    assert not any("\n" in book for book in tables.catalogue.books.array.tolist())


def test_an_id_that_ends_in_a_nul_is_no_other_id(tmp_path: Path) -> None:
    pq.write_table(pa.table({"u": ["1", "1\x00"], "b": ["x", "y"]}), tmp_path / "i.parquet")
    tables = loaded(tmp_path / "i.parquet")
    assert tables.interactions["book_id"].to_pylist() == ["x"]
    assert reasons(tables) == ["control character in the id"]


def test_whole_numbers_beside_a_missing_one_are_the_ids_that_they_were(tmp_path: Path) -> None:
    content = pa.table({"u": [1.0, None, 3.0], "b": [9780306406157.0, 2.0, 12.0]})
    pq.write_table(content, tmp_path / "i.parquet")
    tables = loaded(tmp_path / "i.parquet")
    assert tables.interactions["user_id"].to_pylist() == ["1", "3"]
    assert sorted(tables.interactions["book_id"].to_pylist()) == ["0306406152", "12"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"low": 1.0}, "low and high are 1.0 and None"),
        ({"low": 5.0, "high": 1.0}, "low and high are 5.0 and 1.0"),
        ({"columns": {"user": "u", "book_id": "b"}}, r"columns\.user_id is missing"),
        ({"columns": COLUMNS | {"rating": "v"}}, r"columns\.rating is no column"),
        ({"books": "b.csv"}, r"book_columns\.book_id is missing"),
        ({"books": "elsewhere/i.csv", "book_columns": {"book_id": "b", "title": "t"}}, "both called i.csv"),
        ({"encoding": "latin-99"}, "no encoding 'latin-99'"),
        ({"delimiter": "::"}, r"data\.sources\.table\.delimiter"),
        ({"last_year": 40_000}, r"data\.sources\.table\.last_year"),
    ],
)
def test_a_wrong_option_is_named(options: dict[str, object], message: str, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=message):
        loaded(tmp_path / "i.csv", **options)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty: it has no header"),
        ("u,b\n1,2\n".encode("utf-16"), "is UTF-16; save it as UTF-8"),
    ],
)
def test_a_file_that_is_no_table_is_said_to_be_none(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "i.csv").write_bytes(content)
    with pytest.raises(DataError, match=message):
        loaded(tmp_path / "i.csv")


@pytest.mark.parametrize("damaged", [gzip.compress(b"u,b\n" + b"1,2\n" * 9)[:-9], b"u,b\n1,2\n"])
def test_a_damaged_gzip_is_named(damaged: bytes, tmp_path: Path) -> None:
    (tmp_path / "i.csv.gz").write_bytes(damaged)
    with pytest.raises(DataError, match=r"i\.csv\.gz cannot be read"):
        loaded(tmp_path / "i.csv.gz")


def test_a_header_without_rows_is_an_empty_table(tmp_path: Path) -> None:
    (tmp_path / "i.csv").write_text("u,b\n")
    assert loaded(tmp_path / "i.csv").interactions.num_rows == 0


def test_a_sum_has_the_event_of_the_latest_row_with_a_value(tmp_path: Path) -> None:
    (tmp_path / "i.csv").write_text("u,b,v\n1,2,3\n1,2,\n")
    tables = loaded(tmp_path / "i.csv", duplicates="sum", columns=COLUMNS | {"value": "v"})
    assert tables.interactions.select(["value", "event"]).to_pylist() == [{"value": 3.0, "event": "rating"}]


def test_a_line_break_in_a_quoted_value_may_stand_at_the_end_of_a_block(tmp_path: Path) -> None:
    (tmp_path / "i.csv").write_text("u,b\n" + "".join(f"{n},{n}\n" for n in range(5)))
    row = '%d,"a title\nof two lines"\n'
    text = "b,t\n" + "".join(row % n for n in range(700_000))
    (tmp_path / "books.csv").write_text(text)
    assert len(text) > 2**24
    columns = {"book_id": "b", "title": "t"}
    tables = loaded(tmp_path / "i.csv", books=str(tmp_path / "books.csv"), book_columns=columns)
    assert len(tables.catalogue) == 700_000
