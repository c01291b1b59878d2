"""One dirty shop: every kind of fault that we know of, and an account of every row."""

from collections import Counter

import pytest

from recs_core.data.cleaning.preparation import Preparation
from recs_core.data.sources.base import SourceTables
from recs_core.data.sources.registry import source_named

EMMA, EMMA_13 = "0141439580", "978-0-14-143958-7"
IDIOT, IDIOT_13 = "014044792X", "9780140447927"
ULYSSES = "0141182806"

KEPT = "kept"
NO_ISBN = "no valid ISBN (data.invalid_isbn)"
NO_TIME = "not seconds since 1970"
NO_VALUE = "not a number from 1 to 5"
MERGED = "merged with another of the same user and book (data.duplicates: last)"

# each row of the two files, what is wrong with it or special about it, and what becomes of it
STOCK: list[tuple[bytes, str, str]] = [
    (f"{EMMA};Emma;Jane Austen;1815;7.5".encode(), "", KEPT),
    (f"{IDIOT};The Idiöt;Fyodor Dostoevsky;1869;8".encode(), "UTF-8 among Latin-1: repaired", KEPT),
    (f"{ULYSSES};Ulysses;James Joyce;3022;7".encode(), "an impossible year: unknown", KEPT),
    (f"{EMMA_13};Emma again;Jane Austen;1815;9".encode(), "a second form of an id", "book_id seen before"),
    (b"0140430725;;Jane Austen;1813;7.5", "no title", "no title"),
    (b";Nameless;Nobody;1900;1", "no id", "no book_id"),
    (b"0140620427;Persuasion;Jane Austen;1817;cheap", "a bad price: unknown", KEPT),
    (b"0140434143;Love;a Guide;Ann;1897", "shifted", "year is not a number: the columns are shifted"),
    (b"B000FA64PA;A bookmark;Nobody;2001;2", "no book", NO_ISBN),
    (b"0140434144;Dracula;Bram Stoker;1897;6", "a wrong check digit", NO_ISBN),
    (b"0140434143;Dracula", "a short row", "2 columns instead of 5"),
    (b"0140620109;Caf\xe9 Noir;Ren\xe9e;1990;4", "bytes that are no UTF-8: Latin-1", KEPT),
]
SALES: list[tuple[str, str, str]] = [
    (f"anna;{EMMA};5;2026-01-01;rated", "", KEPT),
    (f"anna;{IDIOT_13};4;1767225600;rated", "another form of an id, and of a time", KEPT),
    (f"anna;{EMMA_13};3;2026-01-02;rated", "a pair that stands there already", MERGED),
    (f"bob;{EMMA};2;2026-01-01", "a short row", "4 columns instead of 5"),
    (f"bob;{EMMA};2;2026-01-01;rated;twice", "a long row", "6 columns instead of 5"),
    ("", "an empty line", "no user id"),
    (f";{EMMA};5;2026-01-01;rated", "no user", "no user id"),
    (f"   ;{EMMA};5;2026-01-01;rated", "a blank user", "no user id"),
    ("bob;;5;2026-01-01;rated", "no book", "no book id"),
    ("bob;0140449132;5;2026-01-01;rated", "a book that is not in stock", "book is not in the catalogue"),
    ("bob;0140620109;5;2026-01-01;rated", "", KEPT),
    ("bob;b-17;5;2026-01-01;rated", "an id that is no ISBN", NO_ISBN),
    (f"bob;{IDIOT};five;2026-01-01;rated", "a word for a value", NO_VALUE),
    (f"bob;{IDIOT};11;2026-01-01;rated", "a value off the scale", NO_VALUE),
    (f"bob;{IDIOT};NaN;2026-01-01;rated", "a value that is not a number", NO_VALUE),
    (f"bob;{IDIOT};inf;2026-01-01;rated", "an infinite value", NO_VALUE),
    (f"bob;{IDIOT};4;last summer;rated", "a time in words", NO_TIME),
    (f"bob;{IDIOT};4;1767225600000;rated", "a time in milliseconds", NO_TIME),
    (f"bob;{IDIOT};4;2026-13-01;rated", "a month that is none", NO_TIME),
    (f"bob;{IDIOT};4;2026-01-01;", "no event", "no event"),
    (f" bob ;{IDIOT};4;2026-01-01;rated", "white space around an id", KEPT),
    (f"zoë;{ULYSSES};1;2026-01-31T23:59:59Z;rated", "", KEPT),
]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> SourceTables:
    folder = tmp_path_factory.mktemp("shop")
    header = b"isbn;name;writer;year;price"
    (folder / "stock.csv").write_bytes(
        b"".join(row + b"\n" for row in [header, *[row for row, _, _ in STOCK]])
    )
    sales = ["reader;isbn;stars;sold;what", *[row for row, _, _ in SALES]]
    (folder / "sales.csv").write_text("".join(row + "\n" for row in sales))
    options = {
        "interactions": str(folder / "sales.csv"),
        "columns": {
            "user_id": "reader",
            "book_id": "isbn",
            "value": "stars",
            "time": "sold",
            "event": "what",
        },
        "books": str(folder / "stock.csv"),
        "book_columns": {
            "book_id": "isbn",
            "title": "name",
            "authors": "writer",
            "year": "year",
            "price": "price",
        },
        "low": 1.0,
        "high": 5.0,
    }
    preparation = Preparation(invalid_isbn="set_aside")
    return source_named("table", options).load(folder, preparation, say=lambda _: None)


def test_the_table_of_reasons(shop: SourceTables) -> None:
    counted = Counter((row["file"], row["reason"]) for row in shop.quarantine.to_pylist())
    assert counted == {
        ("sales.csv", "4 columns instead of 5"): 1,
        ("sales.csv", "6 columns instead of 5"): 1,
        ("sales.csv", "book is not in the catalogue"): 1,
        ("sales.csv", "no book id"): 1,
        ("sales.csv", "no event"): 1,
        ("sales.csv", "no user id"): 3,
        ("sales.csv", "no valid ISBN (data.invalid_isbn)"): 1,
        ("sales.csv", "not a number from 1 to 5"): 4,
        ("sales.csv", "not seconds since 1970"): 3,
        ("stock.csv", "2 columns instead of 5"): 1,
        ("stock.csv", "book_id seen before"): 1,
        ("stock.csv", "no book_id"): 1,
        ("stock.csv", "no title"): 1,
        ("stock.csv", "no valid ISBN (data.invalid_isbn)"): 2,
        ("stock.csv", "year is not a number: the columns are shifted"): 1,
    }


def test_every_line_has_the_reason_that_it_deserves(shop: SourceTables) -> None:
    deserved = [
        (file, line, reason)
        for file, rows in (("sales.csv", SALES), ("stock.csv", STOCK))
        for line, (_, _, reason) in enumerate(rows, start=2)
        if reason not in (KEPT, MERGED)
    ]
    assert [(r["file"], r["line"], r["reason"]) for r in shop.quarantine.to_pylist()] == deserved


def test_the_column_to_blame_and_its_value_are_told(shop: SourceTables) -> None:
    told = {
        r["line"]: (r["column"], r["value"]) for r in shop.quarantine.to_pylist() if r["file"] == "sales.csv"
    }
    assert told[5] == (None, None)
    assert told[11] == ("book_id", "0140449132")
    assert told[14] == ("value", "five")
    assert told[18] == ("time", "last summer")
    assert told[21] == ("event", "")


def test_every_row_is_accounted_for(shop: SourceTables) -> None:
    assert shop.rows_read == {"stock.csv": len(STOCK), "sales.csv": len(SALES)}
    assert shop.rows_filtered == {"sales.csv": {MERGED: 1}}
    aside = Counter(shop.quarantine["file"].to_pylist())
    for file, read in shop.rows_read.items():
        filtered = sum(shop.rows_filtered.get(file, {}).values())
        assert shop.rows_kept[file] + aside[file] + filtered == read


def test_what_is_left_is_sound(shop: SourceTables) -> None:
    assert [
        (r["user_id"], r["book_id"], r["value"], f"{r['time']:%Y-%m-%d %H:%M}")
        for r in shop.interactions.to_pylist()
    ] == [
        # of Emma, read twice, the later
        ("anna", IDIOT, 4.0, "2026-01-01 00:00"),
        ("anna", EMMA, 3.0, "2026-01-02 00:00"),
        ("bob", IDIOT, 4.0, "2026-01-01 00:00"),
        ("bob", "0140620109", 5.0, "2026-01-01 00:00"),
        ("zoë", ULYSSES, 1.0, "2026-01-31 23:59"),
    ]
    assert [(b["title"], b["authors"], b["year"], b["price"]) for b in shop.catalogue.table.to_pylist()] == [
        ("The Idiöt", ["Fyodor Dostoevsky"], 1869, 8.0),
        ("Café Noir", ["Renée"], 1990, 4.0),
        ("Persuasion", ["Jane Austen"], 1817, None),
        ("Ulysses", ["James Joyce"], None, 7.0),
        ("Emma", ["Jane Austen"], 1815, 7.5),
    ]
