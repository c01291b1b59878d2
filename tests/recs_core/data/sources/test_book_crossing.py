"""A wheel with one row for each thing that can be wrong; every row must be accounted for, by its line."""

import zipfile
from pathlib import Path
from typing import Any

import pytest

from recs_core.data.arrays import file_digest
from recs_core.data.catalogue import BookRecord
from recs_core.data.cleaning.intake import merged_repeats
from recs_core.data.cleaning.preparation import Preparation
from recs_core.data.cleaning.quarantine import SCHEMA as QUARANTINE_SCHEMA
from recs_core.data.sources.base import INTERACTIONS_SCHEMA, SourceTables
from recs_core.data.sources.book_crossing import BOOKS, RATINGS, USERS, BookCrossing
from recs_core.errors import DataError
from recs_core.testing.wheel import (
    BOOK_COLUMNS,
    FILENAME,
    RATING_COLUMNS,
    REQUIREMENT,
    csv_line,
    tiny_wheel,
    write_wheel,
)

SHIFTED = "year is not a number: the columns are shifted"


UNKNOWN_BOOK = csv_line(["1", "9999999999", "5"])


def load(raw_dir: Path, *, books: list[bytes], ratings: list[bytes] | None = None) -> SourceTables:
    """Read a wheel of these rows; without ratings it has one, of an unknown book."""
    sha256 = write_wheel(
        raw_dir / FILENAME,
        books=[csv_line(BOOK_COLUMNS), *books],
        ratings=[csv_line(RATING_COLUMNS), *([UNKNOWN_BOOK] if ratings is None else ratings)],
    )
    return BookCrossing(REQUIREMENT, FILENAME, sha256).load(raw_dir, Preparation(), say=lambda _: None)


def book(
    isbn: str, *, title: str = "T", author: str = "A", year: str = "1999", publisher: str = "P"
) -> bytes:
    return csv_line([isbn, title, author, year, publisher, "small", f"http://covers.example/{isbn}", "large"])


def rating(user: str, isbn: str, value: str) -> bytes:
    return csv_line([user, isbn, value])


def set_aside(tables: SourceTables, file: str) -> dict[int, str]:
    rows = tables.quarantine.to_pylist()
    by_line = {row["line"]: row["reason"] for row in rows if row["file"] == file}
    assert len(by_line) == sum(row["file"] == file for row in rows), "a line is set aside once"
    return by_line


def interactions_of(tables: SourceTables) -> list[dict[str, Any]]:
    return tables.interactions.select(["user_id", "book_id", "value", "event"]).to_pylist()


def test_every_row_of_the_books_is_kept_or_set_aside_by_its_line(tmp_path: Path) -> None:
    books = [
        book("0000000001"),  # line 2
        csv_line(["0000000002", "too short", "A"]),
        book("0000000003"),
        csv_line(["0000000004", 'Title";"Author', "1999", "P", "s", "m", "l"]),
        book("0000000005", year="Penguin"),
        book(" ", title="no number"),
        b"\r\n",  # line 8
        book("0000000006", title="  "),
        book("0000000001", title="again"),
        book("000000003x"),
        csv_line([*"123456789"]),
        book("0000000005", year="2000"),
        book("0000000007").rstrip(),  # line 14: the last one ends without a line break
    ]
    tables = load(tmp_path, books=books)
    aside = set_aside(tables, BOOKS)
    assert aside == {
        3: "3 columns instead of 8",
        5: "7 columns instead of 8",
        6: SHIFTED,
        7: "no ISBN",
        8: "no ISBN",
        9: "no title",
        10: "ISBN seen before",
        12: "9 columns instead of 8",
    }
    kept = ["0000000001", "0000000003", "0000000005", "0000000007", "000000003X"]
    assert tables.catalogue.books.array.tolist() == kept
    assert tables.rows_read[BOOKS] == len(books) == len(kept) + len(aside)


def test_every_row_of_the_ratings_is_kept_or_set_aside_by_its_line(tmp_path: Path) -> None:
    ratings = [
        rating("7", "0000000001", "5"),  # line 2
        rating("seven", "0000000001", "5"),
        rating("7", "0000000002", "11"),
        rating("7", "0000000002", "-1"),
        rating("7", "0000000002", "3.5"),
        rating("7", "0000000002", ""),
        csv_line(["7", "0000000002"]),  # line 8
        rating("7", "9999999999", "5"),
        rating("7", "0000000001", "6"),  # line 10: of the same user and book as line 2
        rating(" 7 ", "0000000002 ", "0"),
        csv_line(["7", "0000000002", "1", "2"]),
        rating("8", "00000000x", "10"),
        rating("8", "00000000X", "10"),  # line 14
    ]
    books = [book("0000000001"), book("0000000002"), book("00000000X")]
    tables = load(tmp_path, books=books, ratings=ratings)
    aside = set_aside(tables, RATINGS)
    wrong_value = "not a whole number from 0 to 10"
    assert aside == {
        3: "user id is not a number",
        4: wrong_value,
        5: wrong_value,
        6: wrong_value,
        7: wrong_value,
        8: "2 columns instead of 3",
        9: "book is not in the catalogue",
        12: "4 columns instead of 3",
    }
    assert tables.rows_filtered == {RATINGS: {merged_repeats("last"): 2}}
    assert interactions_of(tables) == [
        {"user_id": "7", "book_id": "0000000001", "value": 6.0, "event": "rating"},
        {"user_id": "7", "book_id": "0000000002", "value": None, "event": "implicit"},
        {"user_id": "8", "book_id": "00000000X", "value": 10.0, "event": "rating"},
    ]
    assert tables.rows_read[RATINGS] == len(ratings) == 3 + len(aside) + 2


def test_what_is_set_aside_says_what_it_said(tmp_path: Path) -> None:
    ratings = [rating("seven", "0000000001", "5"), csv_line(["7", "Café"])]
    tables = load(tmp_path, books=[book("0000000001")], ratings=ratings)
    assert tables.quarantine.column("text").to_pylist() == ["seven;0000000001;5", '"7";"Café"']


def test_a_row_that_was_set_aside_does_not_hide_a_later_sound_one(tmp_path: Path) -> None:
    books = [book("0000000001", year="x"), book("0000000001", title="sound")]
    ratings = [rating("7", "0000000001", "99"), rating("7", "0000000001", "9")]
    tables = load(tmp_path, books=books, ratings=ratings)
    assert tables.catalogue.record(0).title == "sound"
    assert [row["value"] for row in interactions_of(tables)] == [9.0]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (b"Plain", "Plain"),
        (b'Of Mice and Men (Steinbeck \\"Essentials\\")', 'Of Mice and Men (Steinbeck "Essentials")'),
        (b"a back\\\\slash", "a back\\slash"),
        (b"one; two", "one; two"),
        (b"Dragons &amp; Knights &#233;", "Dragons & Knights é"),
        ("Café Müller".encode("latin-1"), "Café Müller"),
        # UTF-8 that was taken for Latin-1 when the file was made
        ("Die unendliche Größe".encode(), "Die unendliche Größe"),
        ("GÃ¶del, Escher".encode("latin-1"), "Gödel, Escher"),
        (b"  squeezed \t white   space ", "squeezed white space"),
        (b'a "quoted" word'.replace(b'"', b'\\"'), 'a "quoted" word'),
    ],
)
def test_titles_are_read_as_they_were_meant(tmp_path: Path, written: bytes, read: str) -> None:
    line = b'"0000000001";"' + written + b'";"A";"1999";"P";"s";"m";"l"\r\n'
    assert load(tmp_path, books=[line]).catalogue.record(0).title == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("1999", 1999),
        ("1450", 1450),
        ("2004", 2004),
        ("0", None),
        ("1449", None),
        ("2005", None),
        ("99999", None),
        ("1999.5", None),
    ],
)
def test_an_impossible_year_is_unknown_and_the_book_stays(
    tmp_path: Path, written: str, read: int | None
) -> None:
    tables = load(tmp_path, books=[book("0000000001", year=written)])
    assert [tables.catalogue.record(row).year for row in range(len(tables.catalogue))] == [read]


def test_what_is_empty_is_unknown(tmp_path: Path) -> None:
    line = csv_line(["0000000001", "T", " ", "1999", "", "s", "", "l"])
    expected = BookRecord("0000000001", "T", (), 1999, None, None, (), None, None)
    assert load(tmp_path, books=[line]).catalogue.record(0) == expected


def test_numbers_keep_their_leading_zeros(tmp_path: Path) -> None:
    tables = load(tmp_path, books=[book("0000000012")], ratings=[rating("007", "0000000012", "1")])
    assert [(row["user_id"], row["book_id"]) for row in interactions_of(tables)] == [("007", "0000000012")]


def test_lines_stay_exact_beyond_the_first_block_that_pyarrow_reads(tmp_path: Path) -> None:
    # pyarrow reads a megabyte at once
    books = [book(f"{number:010d}", title="x" * 200) for number in range(8_000)]
    books[7_000] = csv_line(["too", "short"])
    books[7_500] = book("0000007500", year="x")
    tables = load(tmp_path, books=books)
    assert set_aside(tables, BOOKS) == {7_002: "2 columns instead of 8", 7_502: SHIFTED}


def test_the_tiny_wheel_is_read_whole(tmp_path: Path) -> None:
    sha256 = tiny_wheel(tmp_path / FILENAME)
    tables = BookCrossing(REQUIREMENT, FILENAME, sha256).load(tmp_path, Preparation(), say=lambda _: None)
    kept = {
        BOOKS: len(tables.catalogue),
        RATINGS: tables.interactions.num_rows,
        USERS: tables.users.num_rows,
    }
    aside = {file: len(set_aside(tables, file)) for file in kept}
    filtered = {file: sum(tables.rows_filtered.get(file, {}).values()) for file in kept}
    assert {file: kept[file] + aside[file] + filtered[file] for file in kept} == tables.rows_read
    assert aside == {BOOKS: 0, RATINGS: 4, USERS: 0}
    assert filtered[RATINGS] == 1
    assert tables.interactions.schema.equals(INTERACTIONS_SCHEMA)
    assert tables.quarantine.schema.equals(QUARANTINE_SCHEMA)


def test_interactions_are_sorted_by_user_and_book(tmp_path: Path) -> None:
    books = [book("0000000001"), book("0000000002")]
    ratings = [
        rating("9", "0000000002", "1"),
        rating("9", "0000000001", "1"),
        rating("10", "0000000002", "1"),
    ]
    rows = interactions_of(load(tmp_path, books=books, ratings=ratings))
    pairs = [(row["user_id"], row["book_id"]) for row in rows]
    assert pairs == [("10", "0000000002"), ("9", "0000000001"), ("9", "0000000002")]


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    header = csv_line([*BOOK_COLUMNS[:-2], "Cover", "Image-URL-L"])
    row = book("0000000001")
    sha256 = write_wheel(
        tmp_path / FILENAME, books=[header, row], ratings=[csv_line(RATING_COLUMNS), UNKNOWN_BOOK]
    )
    with pytest.raises(DataError, match=rf"{BOOKS} lacks the columns \['Image-URL-M'\]"):
        BookCrossing(REQUIREMENT, FILENAME, sha256).load(tmp_path, Preparation(), say=lambda _: None)


def test_a_wheel_that_lacks_a_file_is_named(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / FILENAME, "w") as archive:
        archive.writestr("something/else.csv", "x")
    source = BookCrossing(REQUIREMENT, FILENAME, file_digest(tmp_path / FILENAME))
    with pytest.raises(DataError, match=rf"{FILENAME} does not hold .*{BOOKS}"):
        source.load(tmp_path, Preparation(), say=lambda _: None)
