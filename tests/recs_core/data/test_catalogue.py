from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from recs_core.data.catalogue import SCHEMA, BookRecord, Catalogue
from recs_core.data.idmap import IdMap
from recs_core.errors import ArtifactError, DataError, UnknownIdError

KNOWN = {
    "book_id": "b1",
    "title": "Œdipe & Ελλάδα",
    "authors": ["A", "B"],
    "year": 1999,
    "publisher": "P",
    "language": "fra",
    "genres": ["drama", "classics"],
    "description": "D",
    "cover_url": "https://covers.example/1",
    "price": 12.5,
    "available": False,
}
BARE = dict.fromkeys(KNOWN) | {"book_id": "b2", "title": "T", "authors": [], "genres": []}


def of(*entries: dict[str, object]) -> Catalogue:
    return Catalogue(pa.Table.from_pylist(list(entries), schema=SCHEMA))


def test_a_record_says_what_is_known_and_null_for_the_rest() -> None:
    known, bare = of(KNOWN, BARE).records(np.array([0, 1], dtype=np.int32))
    assert known == BookRecord(**(KNOWN | {"authors": ("A", "B"), "genres": ("drama", "classics")}))
    assert bare == BookRecord("b2", "T", (), None, None, None, (), None, None)


def test_records_come_in_the_order_asked_for_repeated_where_asked(catalogue: Catalogue) -> None:
    rows = np.array([7, 3, 7, 0], dtype=np.int32)
    assert [record.book_id for record in catalogue.records(rows)] == catalogue.books.ids(rows).tolist()
    assert catalogue.record(3) == catalogue.records(rows)[1]


def test_no_records_is_an_empty_list(catalogue: Catalogue) -> None:
    assert catalogue.records(np.empty(0, dtype=np.int32)) == []


@pytest.mark.parametrize("row", [-1, 50])
def test_a_row_outside_the_catalogue_is_an_error(catalogue: Catalogue, row: int) -> None:
    with pytest.raises(IndexError):
        catalogue.record(row)


def test_other_columns_are_refused() -> None:
    with pytest.raises(DataError, match=r"a catalogue has the columns \['book_id', .* not \['isbn'\]"):
        Catalogue(pa.table({"isbn": ["b1"]}))


@pytest.mark.parametrize("entries", [(BARE, KNOWN), (KNOWN, KNOWN)])
def test_a_table_that_is_unsorted_or_repeats_a_book_is_refused(
    entries: tuple[dict[str, object], ...],
) -> None:
    with pytest.raises(DataError, match="sorted by book_id, each of them once"):
        of(*entries)


def test_select_keeps_the_order_of_the_rows(catalogue: Catalogue) -> None:
    some = IdMap.from_ids(catalogue.books.array[[40, 2, 17]], space="book")
    chosen = catalogue.select(some)
    assert chosen.books == some
    assert [chosen.record(row) for row in range(3)] == [catalogue.record(row) for row in (2, 17, 40)]


def test_select_names_a_book_that_is_missing(catalogue: Catalogue) -> None:
    with pytest.raises(UnknownIdError, match="unknown book id: 'nowhere'"):
        catalogue.select(IdMap.from_ids(["nowhere"], space="book"))


def test_save_and_load_keep_every_record(catalogue: Catalogue, tmp_path: Path) -> None:
    catalogue.save(tmp_path / "catalogue.arrow")
    loaded = Catalogue.load(tmp_path / "catalogue.arrow")
    assert loaded.books == catalogue.books
    assert loaded.table.equals(catalogue.table)


def test_the_same_catalogue_makes_the_same_bytes(catalogue: Catalogue, tmp_path: Path) -> None:
    catalogue.save(tmp_path / "one.arrow")
    # a table in several chunks is the same table
    chunked = Catalogue(pa.concat_tables([catalogue.table.slice(0, 9), catalogue.table.slice(9)]))
    chunked.save(tmp_path / "two.arrow")
    assert (tmp_path / "one.arrow").read_bytes() == (tmp_path / "two.arrow").read_bytes()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"none\.arrow is missing"):
        Catalogue.load(tmp_path / "none.arrow")


@pytest.mark.parametrize("content", [b"", b"no arrow at all", b"ARROW1\0\0"])
def test_a_file_that_is_no_arrow_file_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.arrow").write_bytes(content)
    with pytest.raises(ArtifactError, match=r"bad\.arrow is no Arrow file"):
        Catalogue.load(tmp_path / "bad.arrow")
