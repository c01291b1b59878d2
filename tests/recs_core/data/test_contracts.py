"""Every rule of the contracts is broken once, and is named with the rows that break it."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_core.data.catalogue import SCHEMA as BOOKS_SCHEMA
from recs_core.data.catalogue import Catalogue
from recs_core.data.cleaning.quarantine import SCHEMA as QUARANTINE_SCHEMA
from recs_core.data.contracts import (
    check_books,
    check_editions,
    check_interactions,
    check_interim,
    check_quarantine,
    check_users,
)
from recs_core.data.sources.base import EDITIONS_SCHEMA, INTERACTIONS_SCHEMA, USERS_SCHEMA
from recs_core.errors import ArtifactError, DataError

Row = dict[str, Any]
BOOK_IDS = pa.array(["b1", "b2", "b3"])


def book(book_id: str, **other: Any) -> Row:
    return {"book_id": book_id, "title": "T", "authors": ["A"], "genres": [], **other}


def interaction(user_id: str, book_id: str, **other: Any) -> Row:
    return {"user_id": user_id, "book_id": book_id, "event": "rating", **other}


def quarantined(**other: Any) -> Row:
    return {"file": "f.csv", "line": 2, "column": "value", "reason": "why", "value": "x", "text": "", **other}


GOOD_BOOKS = [
    book("b1", year=1450, price=0.0, available=True, language="eng"),
    book("b2", title="Ω", authors=[], year=2100, price=9.5),
    book("b3", genres=["crime", "art"], description="D"),
]
GOOD_USERS = [
    {"user_id": "u1", "country": "usa", "age_band": "18-24"},
    {"user_id": "u2", "country": None, "age_band": None},
]
GOOD_EDITIONS = [{"book_id": "b9", "edition_of": "b1", "title": "T", "authors": "A"}]
GOOD_QUARANTINE = [quarantined(), quarantined(line=3, column=None, value=None)]
GOOD_INTERACTIONS = [
    interaction("u1", "b1", value=5.0, time=0),
    interaction("u1", "b2", event="implicit", part="train"),
    interaction("u2", "b1", value=-1.0, time=5_000_000_000, part="test"),
    interaction("ü", "b3"),
]


def check_rows(kind: str, rows: list[Row], folder: Path) -> None:
    """Check rows as the table of a kind."""
    if kind == "books":
        check_books(pa.Table.from_pylist(rows, BOOKS_SCHEMA), "books.arrow")
    elif kind == "users":
        check_users(pa.Table.from_pylist(rows, USERS_SCHEMA), "users.parquet")
    elif kind == "editions":
        check_editions(pa.Table.from_pylist(rows, EDITIONS_SCHEMA), "editions.parquet", BOOK_IDS)
    elif kind == "quarantine":
        check_quarantine(pa.Table.from_pylist(rows, QUARANTINE_SCHEMA), "quarantine.parquet")
    else:
        check_interactions(write_interactions(rows, folder / "interactions.parquet"), BOOK_IDS)


def write_interactions(rows: list[Row], path: Path) -> Path:
    pq.write_table(pa.Table.from_pylist(rows, INTERACTIONS_SCHEMA), path)
    return path


GOOD: dict[str, list[Row]] = {
    "books": GOOD_BOOKS,
    "users": GOOD_USERS,
    "editions": GOOD_EDITIONS,
    "quarantine": GOOD_QUARANTINE,
    "interactions": GOOD_INTERACTIONS,
}


@pytest.mark.parametrize("kind", GOOD)
def test_a_sound_table_passes(kind: str, tmp_path: Path) -> None:
    check_rows(kind, GOOD[kind], tmp_path)


@pytest.mark.parametrize("kind", GOOD)
def test_an_empty_table_passes(kind: str, tmp_path: Path) -> None:
    check_rows(kind, [], tmp_path)


NAN, INFINITE = float("nan"), float("inf")
BREACHES: list[tuple[str, list[Row], str]] = [
    ("books", [book(" "), book("b1")], "book_id must not be blank: 1 row, first row 0, book_id=' '"),
    (
        "books",
        [book("b2"), book("b1")],
        "book_id must be ascending, each once: 1 row, first row 1, book_id='b1'",
    ),
    ("books", [book("b1"), book("b1")], "book_id must be ascending, each once: 1 row, first row 1"),
    ("books", [book("b1", title="")], "title must not be blank: 1 row, first row 0, book_id='b1', title=''"),
    ("books", [book("b1", authors=["A", "\t"])], "authors must hold no blank text: 1 row"),
    ("books", [book("b1", genres=[None])], "genres must hold no blank text: 1 row"),
    (
        "books",
        [book("b1", year=1449), book("b2", year=2101)],
        "year must be from 1450 to 2100: 2 rows, first row 0",
    ),
    ("books", [book("b1", price=-0.01)], "price must be at least 0: 1 row"),
    ("books", [book("b1", price=NAN), book("b2", price=INFINITE)], "price must be finite: 2 rows"),
    ("books", [book("b1", publisher=" ")], "publisher must not be blank: 1 row"),
    ("books", [book("b1", cover_url="")], "cover_url must not be blank: 1 row"),
    ("users", [{"user_id": ""}], "user_id must not be blank: 1 row"),
    (
        "users",
        [{"user_id": "u2"}, {"user_id": "u1"}],
        "user_id must be ascending, each once: 1 row, first row 1",
    ),
    ("users", [{"user_id": "u1", "country": ""}], "country must not be blank: 1 row"),
    ("users", [{"user_id": "u1", "age_band": "24"}], "age_band must be one of ['under 18', "),
    (
        "editions",
        [GOOD_EDITIONS[0] | {"book_id": "b2"}],
        "book_id must not be in the catalogue: it was merged",
    ),
    (
        "editions",
        [GOOD_EDITIONS[0] | {"edition_of": "b8"}],
        "edition_of must be the id of a book in the catalogue",
    ),
    ("quarantine", [quarantined(file="")], "file must not be blank: 1 row"),
    ("quarantine", [quarantined(line=0)], "line must be at least 1: 1 row"),
    ("quarantine", [quarantined(reason=" ")], "reason must not be blank: 1 row"),
    (
        "interactions",
        [interaction("  ", "b1")],
        "user_id must not be blank: 1 row, first row 0, user_id='  '",
    ),
    (
        "interactions",
        [interaction("u1", "b1"), interaction("u1", "b7")],
        "book_id must be the id of a book in the catalogue: 1 row, first row 1, user_id='u1', book_id='b7'",
    ),
    (
        "interactions",
        [interaction("u2", "b1"), interaction("u1", "b2")],
        "user_id and book_id must be ascending, each pair once: 1 row, first row 1, user_id='u1', book_id='b2'",
    ),
    (
        "interactions",
        [interaction("u1", "b2"), interaction("u1", "b1")],
        "user_id and book_id must be ascending, each pair once: 1 row, first row 1",
    ),
    (
        "interactions",
        [interaction("u1", "b1"), interaction("u1", "b1")],
        "user_id and book_id must be ascending, each pair once: 1 row, first row 1",
    ),
    ("interactions", [interaction("u1", "b1", value=NAN)], "value must be finite: 1 row"),
    ("interactions", [interaction("u1", "b1", value=-INFINITE)], "value must be finite: 1 row"),
    ("interactions", [interaction("u1", "b1", time=-1)], "time must be from 1970 to 2128: 1 row"),
    (
        "interactions",
        [interaction("u1", "b1", time=1_700_000_000_000)],
        "time must be from 1970 to 2128: 1 row, first row 0, user_id='u1', book_id='b1', time=1700000000000000",
    ),
    ("interactions", [interaction("u1", "b1", event="")], "event must not be blank: 1 row"),
    ("interactions", [interaction("u1", "b1", part="tset")], "part must be null or one of ['train', 'valid"),
]


@pytest.mark.parametrize(
    ("kind", "rows", "message"), BREACHES, ids=[f"{b[0]}: {b[2][:40]}" for b in BREACHES]
)
def test_a_breach_is_named(kind: str, rows: list[Row], message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        check_rows(kind, rows, tmp_path)
    first, *found = str(caught.value).splitlines()
    assert first.endswith(("arrow breaks its contract:", "parquet breaks its contract:"))
    assert [line for line in found if line.strip().startswith(message)], found
    assert len(found) == 1


def test_all_breaches_are_named_at_once() -> None:
    with pytest.raises(DataError) as caught:
        check_rows("books", [book("b1", title="", year=3), book("b1")], Path())
    assert [line.split(":")[0].strip() for line in str(caught.value).splitlines()[1:]] == [
        "book_id must be ascending, each once",
        "title must not be blank",
        "year must be from 1450 to 2100",
    ]


def test_a_null_that_arrow_lets_pass_is_a_breach() -> None:
    columns = [pa.array([None], field.type) for field in USERS_SCHEMA]
    with pytest.raises(DataError, match="user_id must not be null: 1 row"):
        check_users(pa.Table.from_arrays(columns, schema=USERS_SCHEMA), "users.parquet")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop_columns("country"), "country must be string, not missing"),
        (lambda t: t.append_column("town", t["country"]), "town is no column of it"),
        (lambda t: t.select(["country", "user_id", "age_band"]), "columns must stand in the order"),
        (lambda t: t.cast(pa.schema([(n, pa.large_string()) for n in t.column_names])), "not large_string"),
    ],
)
def test_other_columns_are_a_breach(change: Callable[[pa.Table], pa.Table], message: str) -> None:
    table = pa.Table.from_pylist(GOOD_USERS, USERS_SCHEMA)
    with pytest.raises(DataError, match=message):
        check_users(change(table), "users.parquet")


def test_interactions_of_other_types_are_a_breach(tmp_path: Path) -> None:
    pq.write_table(pa.table({"user_id": ["u1"], "book_id": ["b1"]}), tmp_path / "interactions.parquet")
    with pytest.raises(DataError, match=r"user_id must be dictionary.* not null, not string\n"):
        check_interactions(tmp_path / "interactions.parquet", BOOK_IDS)


def test_breaches_are_counted_over_all_batches(tmp_path: Path) -> None:
    rows = [interaction(f"u{n:02d}", "b1" if n % 4 else "zz") for n in range(20)]
    path = write_interactions(rows, tmp_path / "interactions.parquet")
    with pytest.raises(DataError, match="5 rows, first row 0, user_id='u00', book_id='zz'"):
        check_interactions(path, BOOK_IDS, batch_rows=3)


@pytest.mark.parametrize("second", ["u1", "u0"])
def test_order_is_judged_across_batches(second: str, tmp_path: Path) -> None:
    path = write_interactions([interaction("u1", "b1"), interaction(second, "b1")], tmp_path / "i.parquet")
    with pytest.raises(DataError, match=f"each pair once: 1 row, first row 1, user_id='{second}'"):
        check_interactions(path, BOOK_IDS, batch_rows=1)


@given(
    pairs=st.lists(st.tuples(st.text("abé", min_size=1, max_size=2), st.sampled_from(["b1", "b2", "b3"]))),
    batch_rows=st.integers(1, 7),
)
def test_order_is_that_of_the_texts_whatever_the_dictionary(
    pairs: list[tuple[str, str]], batch_rows: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    # from_pylist fills a dictionary in the order in which texts come, sorted or not
    path = write_interactions(
        [interaction(*pair) for pair in pairs], tmp_path_factory.getbasetemp() / "any.parquet"
    )
    wrong = sum(after <= before for before, after in itertools.pairwise(pairs))
    if not wrong:
        assert check_interactions(path, BOOK_IDS, batch_rows=batch_rows) == len(pairs)
        return
    with pytest.raises(DataError, match=f"each pair once: {wrong} row"):
        check_interactions(path, BOOK_IDS, batch_rows=batch_rows)


def write_interim(folder: Path) -> None:
    Catalogue(pa.Table.from_pylist(GOOD_BOOKS, BOOKS_SCHEMA)).save(folder / "books.arrow")
    for name, rows, schema in (
        ("users", GOOD_USERS, USERS_SCHEMA),
        ("editions", GOOD_EDITIONS, EDITIONS_SCHEMA),
        ("quarantine", GOOD_QUARANTINE, QUARANTINE_SCHEMA),
    ):
        pq.write_table(pa.Table.from_pylist(rows, schema), folder / f"{name}.parquet")
    write_interactions(GOOD_INTERACTIONS, folder / "interactions.parquet")


def test_the_whole_folder_is_checked_as_it_was_written(tmp_path: Path) -> None:
    write_interim(tmp_path)
    assert check_interim(tmp_path) == {
        "books.arrow": 3,
        "users.parquet": 2,
        "editions.parquet": 1,
        "quarantine.parquet": 2,
        "interactions.parquet": 4,
    }


@pytest.mark.parametrize("kind", ["users", "editions", "quarantine", "interactions"])
def test_no_table_of_the_folder_is_left_out(kind: str, tmp_path: Path) -> None:
    write_interim(tmp_path)
    pq.write_table(pa.table({"x": [1]}), tmp_path / f"{kind}.parquet")
    with pytest.raises(
        DataError, match=rf"{kind}\.parquet breaks its contract:\n(.*\n)+  x is no column of it"
    ):
        check_interim(tmp_path)


def test_a_catalogue_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"books\.arrow is missing"):
        check_interim(tmp_path)
