from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from recs_core.data.catalogue import SCHEMA, BookRecord, Catalogue
from recs_core.serving.filters import EVERY_BOOK, BookFilter, FilterColumns, FilterIndex
from recs_core.testing.tiny import BOOKS

BLANK = {
    "title": "T",
    "authors": [],
    "year": None,
    "publisher": None,
    "language": None,
    "genres": [],
    "description": None,
    "cover_url": None,
    "price": None,
    "available": None,
}

ranges = st.none() | st.integers(1940, 2010)
prices = st.none() | st.floats(0, 40)
labels = st.lists(st.sampled_from(["dragon", "Galaxy", "railway", "poetry"]), max_size=2).map(tuple)


def in_order(low: Any, high: Any) -> tuple[Any, Any]:
    return (high, low) if low is not None and high is not None and low > high else (low, high)


@st.composite
def filters(draw: st.DrawFn) -> BookFilter:
    year_from, year_to = in_order(draw(ranges), draw(ranges))
    price_from, price_to = in_order(draw(prices), draw(prices))
    return BookFilter(
        in_stock=draw(st.booleans()),
        languages=draw(st.sampled_from([(), ("eng",), ("ENG", "fre"), ("fre",)])),
        genres=draw(labels),
        without_genres=draw(labels),
        year_from=year_from,
        year_to=year_to,
        price_from=price_from,
        price_to=price_to,
    )


def broken(wanted: BookFilter, book: BookRecord) -> list[str]:
    """The rules one by one, book by book."""
    genres = {genre.lower() for genre in book.genres}
    rules = {
        "in_stock": not wanted.in_stock or book.available is True,
        "languages": not wanted.languages
        or (book.language is not None and book.language in {name.lower() for name in wanted.languages}),
        "genres": not wanted.genres or bool(genres & {name.lower() for name in wanted.genres}),
        "without_genres": not genres & {name.lower() for name in wanted.without_genres},
        "year_from": wanted.year_from is None or (book.year is not None and book.year >= wanted.year_from),
        "year_to": wanted.year_to is None or (book.year is not None and book.year <= wanted.year_to),
        "price_from": wanted.price_from is None
        or (book.price is not None and book.price >= wanted.price_from),
        "price_to": wanted.price_to is None or (book.price is not None and book.price <= wanted.price_to),
    }
    return [name for name, holds in rules.items() if not holds]


@pytest.fixture(scope="module")
def index(catalogue: Catalogue) -> FilterIndex:
    return FilterIndex(FilterColumns.of(catalogue))


@given(filters())
def test_the_mask_is_that_of_the_rules_book_by_book(
    index: FilterIndex, catalogue: Catalogue, wanted: BookFilter
) -> None:
    books = catalogue.records(np.arange(BOOKS, dtype=np.int32))
    assert index.mask(wanted).tolist() == [not broken(wanted, book) for book in books]
    for row, book in enumerate(books):
        assert list(index.failed(wanted, row)) == broken(wanted, book)


def test_no_condition_admits_every_book(index: FilterIndex) -> None:
    assert index.mask(EVERY_BOOK).all()


@pytest.mark.parametrize(
    "wanted",
    [
        {"in_stock": True},
        {"languages": ("eng",)},
        {"genres": ("dragon",)},
        {"year_from": 0},
        {"year_to": 9999},
        {"price_from": 0},
        {"price_to": 9999},
    ],
)
def test_what_is_unknown_does_not_pass_a_filter_that_asks_for_it(wanted: dict[str, Any]) -> None:
    unknown = Catalogue(pa.Table.from_pylist([{"book_id": "b", **BLANK}], schema=SCHEMA))
    assert FilterIndex(FilterColumns.of(unknown)).mask(BookFilter(**wanted)).tolist() == [False]


def test_a_book_of_unknown_genres_is_of_none_that_is_refused() -> None:
    unknown = Catalogue(pa.Table.from_pylist([{"book_id": "b", **BLANK}], schema=SCHEMA))
    assert FilterIndex(FilterColumns.of(unknown)).mask(BookFilter(without_genres=("dragon",))).tolist() == [
        True
    ]


def test_a_mask_that_is_kept_cannot_be_written_to(index: FilterIndex) -> None:
    with pytest.raises(ValueError, match="read-only"):
        index.mask(BookFilter(in_stock=True))[0] = True
    assert index.mask(BookFilter(in_stock=True)) is index.mask(BookFilter(in_stock=True))


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"year_from": 2001, "year_to": 2000}, "year_from=2001 is above year_to=2000"),
        ({"price_from": 2.0, "price_to": 1.0}, "price_from=2.0 is above price_to=1.0"),
        ({"price_to": -1.0}, "greater than or equal to 0"),
        ({"price_to": float("nan")}, "finite number"),
        ({"genres": ("",)}, "at least 1 character"),
        ({"genre": ("dragon",)}, "Extra inputs"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(wanted: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        BookFilter(**wanted)
