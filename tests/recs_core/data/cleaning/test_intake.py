"""A dirty file through the whole intake equals a naive reading of it, line by line, whatever the blocks are."""

import csv
import io
from functools import partial
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_core.data.cleaning.intake import MERGED_EDITION, Intake, merged_repeats
from recs_core.data.cleaning.interactions import InteractionRules, ValueRule
from recs_core.data.cleaning.preparation import Preparation
from recs_core.data.pseudonyms import ENVIRONMENT_VARIABLE, Pseudonyms
from recs_core.data.reading.delimited import DelimitedFile, Dialect
from recs_core.data.sources.base import EDITIONS_SCHEMA, INTERACTIONS_SCHEMA, SourceTables
from recs_core.errors import DataError

TEN, THIRTEEN, OTHER = "0306406152", "978-0-306-40615-7", "b1"
BOOKS = f"id,title\n{TEN},Ten\n{OTHER},Other\n"
COLUMNS = {"user_id": "user", "book_id": "book", "value": "stars", "time": "when"}
RULES = InteractionRules(ValueRule(1, 5, whole=True))
KEEP = Preparation(isbn="keep")


def file_of(
    content: str, columns: dict[str, str], *, name: str = "f.csv", block_bytes: int = 2**20
) -> DelimitedFile:
    return DelimitedFile(name, partial(io.BytesIO, content.encode()), Dialect(), columns, block_bytes)


def take_in(
    content: str,
    *,
    columns: dict[str, str] = COLUMNS,
    books: str | None = None,
    book_columns: dict[str, str] | None = None,
    preparation: Preparation = KEEP,
    rules: InteractionRules = RULES,
    block_bytes: int = 2**20,
    said: list[str] | None = None,
) -> SourceTables:
    intake = Intake(preparation, say=[].append if said is None else said.append)
    if books is not None:
        names = book_columns or {"book_id": "id", "title": "title"}
        rows = intake.read(file_of(books, names, name="books.csv"))
        intake.add_books(rows, "books.csv", last_year=2024, separators={})
    intake.add_interactions(file_of(content, columns, block_bytes=block_bytes), rules)
    return intake.tables()


def column(tables: SourceTables, name: str) -> list[Any]:
    return tables.interactions[name].to_pylist()


def naive(
    content: str,
) -> tuple[dict[tuple[str, str], tuple[float, int]], list[tuple[int, str | None, str]], int]:
    """Kept pairs with value and time, faults by line, and the number of repeated pairs, by the plainest of loops."""
    kept: dict[tuple[str, str], tuple[float, int]] = {}
    faults, repeated = [], 0
    for line, row in enumerate(csv.reader(content.splitlines()), start=1):
        if line == 1:
            continue
        if len(row) != 4:
            faults.append((line, None, f"{len(row)} columns instead of 4"))
            continue
        user, book, stars, when = (text.strip() for text in row)
        if not user:
            faults.append((line, "user_id", "no user id"))
        elif not book:
            faults.append((line, "book_id", "no book id"))
        elif stars not in {"1", "2", "3", "4", "5"}:
            faults.append((line, "value", "not a whole number from 1 to 5"))
        elif not when.isdigit():
            faults.append((line, "time", "not seconds since 1970"))
        elif book not in {TEN, OTHER}:
            faults.append((line, "book_id", "book is not in the catalogue"))
        else:
            repeated += (user, book) in kept
            before = kept.get((user, book))
            if before is None or int(when) >= before[1]:
                kept[user, book] = float(stars), int(when)
    return kept, faults, repeated


fields = st.tuples(
    st.sampled_from(["u1", "u2", " u2", "ü", "", " "]),
    st.sampled_from([TEN, OTHER, f" {OTHER}", "nowhere", ""]),
    st.sampled_from(["1", "5", " 3", "9", "2.5", "five", ""]),
    st.sampled_from(["10", "20", "1700000000", "yesterday", "-5", ""]),
)
lines = st.one_of(fields.map(",".join), fields.map(",".join), st.sampled_from(["short", "a,b,c,d,e"]))
SOUND = f"u0,{TEN},4,5"


@given(st.lists(lines, max_size=60), st.sampled_from([100, 150, 400, 2**20]))
def test_every_row_is_where_a_naive_reading_puts_it(content: list[str], block_bytes: int) -> None:
    text = "\n".join(["user,book,stars,when", SOUND, *content])
    kept, faults, repeated = naive(text)
    tables = take_in(text, books=BOOKS, block_bytes=block_bytes)
    pairs = list(zip(column(tables, "user_id"), column(tables, "book_id"), strict=True))
    assert pairs == sorted(kept)
    assert column(tables, "value") == [kept[pair][0] for pair in pairs]
    assert [int(time.timestamp()) for time in column(tables, "time")] == [kept[pair][1] for pair in pairs]
    found = [(row["line"], row["column"], row["reason"]) for row in tables.quarantine.to_pylist()]
    assert found == faults
    reasons = tables.rows_filtered.get("f.csv", {})
    assert reasons == ({merged_repeats("last"): repeated} if repeated else {})
    assert tables.rows_read["f.csv"] == len(content) + 1 == len(kept) + len(faults) + repeated


@given(st.lists(lines, max_size=60), st.sampled_from(["last", "max", "sum"]))
def test_any_size_of_blocks_gives_the_same_tables(content: list[str], policy: str) -> None:
    text = "\n".join(["user,book,stars,when", SOUND, *content])
    preparation = Preparation.model_validate({"duplicates": policy})
    small, large = (take_in(text, preparation=preparation, block_bytes=size) for size in (100, 2**20))
    assert small.interactions.equals(large.interactions)
    assert small.interactions.schema.equals(INTERACTIONS_SCHEMA)
    assert small.quarantine.equals(large.quarantine)
    assert small.catalogue.table.equals(large.catalogue.table)


def test_what_is_set_aside_says_what_it_said() -> None:
    tables = take_in(f"user,book,stars,when\n{SOUND}\n u1,{OTHER}, 9 ,2024-01-01\n")
    (row,) = tables.quarantine.to_pylist()
    assert (row["line"], row["value"], row["text"]) == (3, " 9 ", f" u1;{OTHER}; 9 ;2024-01-01")


def test_isbns_get_one_form_in_books_and_interactions_alike() -> None:
    books = f"id,title\n{THIRTEEN},Ten\n{OTHER},Other\n"
    content = f"user,book,stars,when\nu1,{TEN},3,1\nu1,{THIRTEEN},4,2\nu1,{OTHER},5,3\n"
    tables = take_in(content, books=books, preparation=Preparation(isbn="isbn10"))
    assert tables.catalogue.books.array.tolist() == [TEN, OTHER]
    assert (column(tables, "book_id"), column(tables, "value")) == ([TEN, OTHER], [4.0, 5.0])
    assert tables.rows_filtered == {"f.csv": {merged_repeats("last"): 1}}


def test_ids_that_are_no_isbn_are_set_aside_where_that_is_wanted() -> None:
    content = f"user,book,stars,when\nu1,{TEN},3,1\nu1,{OTHER},5,3\n"
    tables = take_in(content, books=BOOKS, preparation=Preparation(invalid_isbn="set_aside"))
    assert [
        (row["file"], row["line"], row["column"], row["reason"]) for row in tables.quarantine.to_pylist()
    ] == [
        ("books.csv", 3, "book_id", "no valid ISBN (data.invalid_isbn)"),
        ("f.csv", 3, "book_id", "no valid ISBN (data.invalid_isbn)"),
    ]
    assert column(tables, "book_id") == tables.catalogue.books.array.tolist() == [TEN]


def test_editions_become_the_one_that_is_most_read() -> None:
    books = "id,title,authors\nb1,Emma,Jane Austen\nb2,Emma,Jane Austen\nb3,Persuasion,Jane Austen\n"
    content = "user,book,stars,when\nu1,b1,1,1\nu1,b2,2,2\nu2,b2,3,3\nu3,b1,4,4\nu4,b2,5,5\nu4,b3,5,5\n"
    columns = {"book_id": "id", "title": "title", "authors": "authors"}
    apart = take_in(content, books=books, book_columns=columns)
    assert apart.editions.equals(EDITIONS_SCHEMA.empty_table())
    assert len(apart.catalogue) == 3
    tables = take_in(content, books=books, book_columns=columns, preparation=Preparation(merge_editions=True))
    assert tables.editions.select(["book_id", "edition_of"]).to_pylist() == [
        {"book_id": "b1", "edition_of": "b2"}
    ]
    assert tables.catalogue.books.array.tolist() == ["b2", "b3"]
    pairs = list(
        zip(column(tables, "user_id"), column(tables, "book_id"), column(tables, "value"), strict=True)
    )
    assert pairs == [
        ("u1", "b2", 2.0),
        ("u2", "b2", 3.0),
        ("u3", "b2", 4.0),
        ("u4", "b2", 5.0),
        ("u4", "b3", 5.0),
    ]
    assert tables.rows_filtered == {"books.csv": {MERGED_EDITION: 1}, "f.csv": {merged_repeats("last"): 1}}
    assert tables.rows_kept == {"books.csv": 2, "f.csv": 5}


EVENT_COLUMNS = {"user_id": "user", "book_id": "book", "event": "what"}


def test_an_event_is_what_the_column_says_and_an_empty_one_is_set_aside() -> None:
    content = "user,book,what\nu1,b1, View \nu1,b2,PURCHASE\nu2,b1,view\nu2,b2, \n"
    tables = take_in(content, columns=EVENT_COLUMNS)
    assert column(tables, "event") == ["view", "purchase", "view"]
    assert [(row["line"], row["reason"]) for row in tables.quarantine.to_pylist()] == [(5, "no event")]
    assert tables.interactions["value"].null_count == tables.interactions["time"].null_count == 3


def test_too_many_kinds_of_events_are_none() -> None:
    rows = [f"u,b,{number}" for number in range(101)]
    with pytest.raises(DataError, match="more than 100 different ones, such as '0', '1', '10'"):
        take_in("\n".join(["user,book,what", *rows]), columns=EVENT_COLUMNS, block_bytes=100)
    assert take_in("\n".join(["user,book,what", *rows[1:]]), columns=EVENT_COLUMNS).rows_read == {
        "f.csv": 100
    }


def test_without_a_table_of_books_those_of_sound_rows_are_the_catalogue() -> None:
    tables = take_in("user,book,stars,when\nu1, b2 ,3,1\nu1,b1,5,2\nu1,b3,99,2\n")
    assert tables.catalogue.table["book_id"].to_pylist() == ["b1", "b2"]
    assert tables.catalogue.table["title"].to_pylist() == ["b1", "b2"]
    assert tables.rows_read == {"f.csv": 3}


def test_a_price_or_availability_that_makes_no_sense_is_unknown_and_said() -> None:
    books = "id,title,price,stock\na,A,9.5,In stock\nb,B,-1,no\nc,C,dear,maybe\nd,D,,\ne,E,0,TRUE\n"
    columns = {"book_id": "id", "title": "title", "price": "price", "available": "stock"}
    said: list[str] = []
    tables = take_in("user,book,stars,when\nu,a,3,1\n", books=books, book_columns=columns, said=said)
    assert tables.catalogue.table["price"].to_pylist() == [9.5, None, None, None, 0.0]
    assert tables.catalogue.table["available"].to_pylist() == [True, False, None, None, True]
    assert said == [
        "2 books of books.csv have a value in price that makes no sense; it is unknown",
        "1 books of books.csv have a value in available that makes no sense; it is unknown",
    ]


@pytest.mark.parametrize("text", ["inf", "nan", "1e39", "-1e300"])
def test_a_value_that_is_not_finite_is_set_aside_even_where_anything_goes(text: str) -> None:
    content = f"user,book,stars,when\nu,b,{text},1\nu,c,-1e30,1\n"
    tables = take_in(content, rules=InteractionRules())
    assert [(row["value"], row["reason"]) for row in tables.quarantine.to_pylist()] == [
        (text, "not a number")
    ]
    assert column(tables, "value") == pa.array([-1e30], pa.float32()).to_pylist()


def test_rows_that_are_in_no_account_are_found() -> None:
    intake = Intake(KEEP, say=[].append)
    intake.read(file_of(BOOKS, {"book_id": "id"}, name="books.csv"))
    intake.add_interactions(file_of(f"user,book,stars,when\n{SOUND}\n", COLUMNS), RULES)
    with pytest.raises(AssertionError, match=r"books\.csv: 2 rows read, but kept, set aside and filtered"):
        intake.tables()


def test_a_file_without_a_sound_row_gives_empty_tables() -> None:
    tables = take_in("user,book,stars,when\nshort\nu,b,99,1\n")
    assert tables.interactions.schema.equals(INTERACTIONS_SCHEMA)
    assert tables.interactions.num_rows == len(tables.catalogue) == 0
    assert tables.rows_read == {"f.csv": 2}
    assert tables.rows_kept == {"f.csv": 0}


def test_with_a_key_no_table_says_who_a_reader_is(monkeypatch: pytest.MonkeyPatch) -> None:
    pseudonyms = Pseudonyms(bytes(range(32)))
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, bytes(range(32)).hex())
    intake = Intake(Preparation(pseudonym_key_id=pseudonyms.key_id), say=[].append)
    rows = intake.read(
        file_of("id,title\nb1,One\n,Nameless\n", {"book_id": "id", "title": "title"}, name="books.csv")
    )
    intake.add_books(rows, "books.csv", last_year=2024, separators={})
    reads = (
        "user,book,stars,when\nwho-1,b1,5,1\nwho-2,b9,5,1\nwho-3,b1,5\nwho-1,who-4,5,1\nwho-5,b1,who-5,1\n"
    )
    intake.add_interactions(file_of(reads, COLUMNS, name="reads.csv"), RULES)
    people = "user,age\nwho-2,30\nwho-1,31\nwho-1,32\nwho-3,33,too wide\n"
    intake.add_users(file_of(people, {"user_id": "user", "age": "age"}, name="users.csv"))
    tables = intake.tables()
    assert column(tables, "user_id") == [pseudonyms.of("who-1")]
    assert tables.users["user_id"].to_pylist() == sorted(map(pseudonyms.of, ["who-1", "who-2"]))
    aside = tables.quarantine.to_pylist()
    assert [(row["file"], row["line"]) for row in aside] == [
        ("books.csv", 3),
        *(("reads.csv", line) for line in (3, 4, 5, 6)),
        *(("users.csv", line) for line in (4, 5)),
    ]
    assert aside[0]["text"] == ";Nameless"
    assert "who-" not in str([tables.interactions.to_pylist(), tables.users.to_pylist(), aside])
