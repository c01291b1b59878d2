"""Titles and authors as catalogues have them: what is one work, and what must never become one."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_core.data.cleaning.editions import author_key, merged_editions, title_key
from recs_core.data.sources.base import EDITIONS_SCHEMA

ROWLING = "J.K. Rowling"


def shelf(*books: tuple[str, str, str | None]) -> pa.Table:
    """Books "b0" and on: title, first author ("" for none), language."""
    return pa.table(
        {
            "book_id": pa.array([f"b{number}" for number in range(len(books))], pa.string()),
            "title": pa.array([title for title, _, _ in books], pa.string()),
            "authors": pa.array(
                [[author, "Second Author"] if author else [] for _, author, _ in books],
                pa.list_(pa.string()),
            ),
            "language": pa.array([language for _, _, language in books], pa.string()),
        }
    )


def works(*books: tuple[str, str, str | None], reads: list[int] | None = None) -> list[list[str]]:
    """The ids of each work, the edition most read first and works by their first edition."""
    table = shelf(*books)
    counts = np.array(reads or [0] * len(books), dtype=np.int64)
    merged = merged_editions(table, counts).to_pylist()
    of = {row["book_id"]: row["edition_of"] for row in merged}
    kept = [book for book in table["book_id"].to_pylist() if book not in of]
    return [[book, *sorted(edition for edition, work in of.items() if work == book)] for book in kept]


def same_work(one: str, other: str, author: str = "Jane Doe") -> bool:
    return len(works((one, author, None), (other, author, None))) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The Da Vinci Code", "THE DA VINCI CODE : A Novel"),
        ("Die Säulen der Erde. Roman.", "Die Saulen der Erde"),
        ("The Hobbit (Paperback)", "Hobbit, The"),
        ("Kane & Abel", "Kane and Abel"),
        ("Emma (Penguin Classics)", "Emma (Oxford World's Classics) (Paperback)"),
        ("The Colour of Magic (Discworld Novels (Paperback))", "The Colour of Magic"),
        ("Wizard and Glass (The Dark Tower, Book 4)", "Wizard and Glass (Dark Tower (Paperback), No 04)"),
        ("Wizard and Glass (The Dark Tower, Book 4 (Mass Market))", "Wizard and Glass"),
        ("Harry Potter and the Sorcerer's Stone (Harry Potter, #1)", "Harry Potter & the Sorcerers Stone"),
        ("Blindman's Bluff (Silhouette Desire, No 28)", "Blindman\u2019s Bluff"),
        ("Straße nach Norden", "STRASSE NACH NORDEN"),
    ],
)
def test_editions_of_one_work_are_found(one: str, other: str) -> None:
    assert same_work(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Bone, Volume 2", "Bone, Volume 3"),
        ("The Sandman (Vol. 2)", "The Sandman (Vol. 3)"),
        ("The Sandman (Vol. 2)", "The Sandman"),
        ("Naruto (Naruto, Book 2)", "Naruto (Naruto, Book 3)"),
        ("Naruto (Naruto, Book 2)", "Naruto"),
        ("Crossroads (Star Trek, No 3)", "Crossroads (Star Trek, No 4)"),
        ("The Stand (Part 1)", "The Stand (Part 2)"),
        ("Faust, Part One (Dover Thrift Editions)", "Faust, Part Two (Dover Thrift Editions)"),
        ("Programming in C", "Programming in C++"),
        ("It", "It (Spanish Edition)"),
        ("Hamlet", "Hamlet (Penguin Study Notes)"),
        ("Selected Poems (1923-1958)", "Selected Poems (1959-1980)"),
        ("Henry IV", "Henry V"),
        ("Windows 3.1", "Windows 31"),
        ("Angels", "Angels & Demons"),
        ("!!!", "???"),
    ],
)
def test_what_may_be_two_works_stays_two(one: str, other: str) -> None:
    assert not same_work(one, other)


@pytest.mark.parametrize(
    ("names", "key"),
    [
        (["J.K. Rowling", "Rowling, J. K.", "Joanne K. Rowling", "ROWLING, JOANNE"], "rowling j"),
        (["Gabriel García Márquez", "GARCIA MARQUEZ, GABRIEL"], "marquez g"),
        (["Ursula K. Le Guin", "Le Guin, Ursula"], "guin u"),
        (["Martin Luther King, Jr.", "King, Martin Luther", "M. L. King Jr."], "king m"),
        (["Flannery O'Connor", "O\u2019Connor, F."], "oconnor f"),
        (["Tom Clancy with Steve Pieczenik", "Clancy, Tom", "Tom Clancy (Editor)"], "clancy t"),
        (["Homer", "HOMER."], "homer"),
        (["村上春樹"], "村上春樹"),
        (["", "Unknown", "Various", "Not Applicable (Na )", "n/a", "?"], None),
    ],
)
def test_an_authors_names_have_one_normal_form(names: list[str], key: str | None) -> None:
    lists = pa.chunked_array([pa.array([[name] for name in names], pa.list_(pa.string()))])
    assert author_key(lists).to_pylist() == [key] * len(names)


def test_only_the_first_author_counts_and_another_is_another_work() -> None:
    assert works(("Emma", "Jane Austen", None), ("Emma", "Kate Austen", None)) == [["b0"], ["b1"]]
    lists = pa.chunked_array([pa.array([["Ann Lee", "Bo Ray"], ["Ann Lee"], []], pa.list_(pa.string()))])
    assert author_key(lists).to_pylist() == ["lee a", "lee a", None]


def test_a_book_without_author_is_never_merged() -> None:
    assert works(("Beowulf", "", None), ("Beowulf", "", None), ("Beowulf", "Unknown", None)) == [
        ["b0"],
        ["b1"],
        ["b2"],
    ]


@pytest.mark.parametrize(
    ("languages", "expected"),
    [
        (["en", "en-US", "eng", None], [["b0", "b1", "b2", "b3"]]),
        (["en", "es", None, None], [["b0"], ["b1"], ["b2", "b3"]]),
        (["en", "es", "es", "en"], [["b0", "b3"], ["b1", "b2"]]),
        ([None, None, "es", None], [["b0", "b1", "b2", "b3"]]),
    ],
)
def test_languages_tell_editions_apart_and_an_unknown_one_joins_where_there_is_one(
    languages: list[str | None], expected: list[list[str]]
) -> None:
    assert works(*(("It", "Stephen King", language) for language in languages)) == expected


def test_a_book_without_number_joins_no_series_that_has_two_of_the_title() -> None:
    titles = ["Crossroads (Star Trek, No 3)", "Crossroads (Alex Cross, No 4)", "Crossroads"]
    assert works(*((title, "Ann Lee", None) for title in titles)) == [["b0"], ["b1"], ["b2"]]


def test_the_edition_most_read_stays_and_of_equal_ones_the_lowest_id() -> None:
    books = [("Emma", "Jane Austen", None)] * 3
    assert works(*books, reads=[1, 5, 5]) == [["b1", "b0", "b2"]]
    assert works(*books) == [["b0", "b1", "b2"]]


def test_a_merged_book_is_described_as_it_was_in_the_catalogue() -> None:
    books = shelf(("Emma", "Jane Austen", None), ("EMMA (Paperback)", "J. Austen", None))
    merged = merged_editions(books, np.array([1, 0]))
    assert merged.schema.equals(EDITIONS_SCHEMA)
    assert merged.to_pylist() == [
        {
            "book_id": "b1",
            "edition_of": "b0",
            "title": "EMMA (Paperback)",
            "authors": "J. Austen, Second Author",
        }
    ]


def test_no_books_give_no_editions() -> None:
    assert merged_editions(shelf(), np.empty(0, dtype=np.int64)).equals(EDITIONS_SCHEMA.empty_table())


titles = st.sampled_from(
    ["It", "It (Paperback)", "It (Saga, Book 1)", "It (Saga, Book 2)", "It 2", "It: A Novel", "Emma"]
)
names = st.sampled_from(["Stephen King", "King, S.", "Jane Austen", ""])
tongues = st.sampled_from(["en", "eng", "es", None])


@given(st.lists(st.tuples(titles, names, tongues), max_size=12), st.integers(0, 2**32))
def test_works_are_the_same_in_any_order_and_nothing_is_merged_twice(
    books: list[tuple[str, str, Any]], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    reads = rng.integers(0, 3, len(books))
    table = shelf(*books)
    merged = merged_editions(table, reads)
    assert not set(merged["book_id"].to_pylist()) & set(merged["edition_of"].to_pylist())
    order = rng.permutation(len(books))
    shuffled = merged_editions(table.take(pa.array(order, pa.int64())), reads[order])
    assert shuffled.equals(merged)


@given(st.text())
def test_any_title_and_author_can_be_read(text: str) -> None:
    title, number = title_key(pa.chunked_array([[text]]))
    assert (len(title), len(number)) == (1, 1)
    assert len(author_key(pa.chunked_array([pa.array([[text]], pa.list_(pa.string()))]))) == 1
