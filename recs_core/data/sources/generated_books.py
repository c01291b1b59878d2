"""The books of the made-up store: who wrote them, how much they are read, and what a shop says of them."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from recs_core.data.catalogue import SCHEMA, Catalogue
from recs_core.data.sources.generated_words import (
    ADJECTIVES,
    FIRST_NAMES,
    GENRES,
    LANGUAGES,
    LAST_NAMES,
    PLACES,
    PUBLISHERS,
)

BOOKS_PER_AUTHOR = 5
SERIES_SHARE = 0.35
"""Of the authors: all that such a one writes is one series."""
LONGEST_SERIES = 9
NEW_SHARE = 0.3
"""Of the books: published while the store is open."""
EXPONENT, FLATTENING = 1.0, 25.0
"""Of the Zipf-Mandelbrot law of popularity: weight = (rank + flattening) ** -exponent."""
SECOND_GENRE, THIRD_GENRE = 0.4, 0.3
"""Share of books that have a second one; share of these that have a third."""
GENRE_WEIGHTS = np.array([1.0, 0.3, 0.1])
"""How much a book is read by who looks for its main genre, the second, the third."""
FOLLOW_SERIES, FOLLOW_AUTHOR = 0.5, 0.1
"""Chance that a reader of a book goes on to the next of its series, or of its author."""
OUT_OF_STOCK = 0.07
OLDEST_YEARS = 120
INITIALS = tuple(f"{letter}." for letter in "ABCDEFGHIJKLMNOPRSTVW")


@dataclass(frozen=True)
class Shelves:
    """What decides who reads a book. A book's row is its number; an author's books are neighbours.

    Args:
        author: `int64[n]`, ascending.
        volume: `int64[n]`, the number in its series, from 1; 0 for none.
        genres: `int64[n, 3]`, the main genre first; -1 for none.
        quality: `float64[n]`, mean 0, deviation 1.
        released: `float64[n]`, share of the store's time that has passed when it comes out; 0 if it is older.
        follow_chance: `float64[n]`, the chance that a reader of it goes on to the next row's, which is the next
            volume or the author's next book; 0 for an author's last.
        members: `int64[m]`, the books of each genre, genre by genre.
        weight_until: `float64[m]`, running sum over `members` of how much each is read.
        genre_until: `float64[n_genres + 1]`, that sum where each genre begins, and at the end.
    """

    author: NDArray[np.int64]
    volume: NDArray[np.int64]
    genres: NDArray[np.int64]
    quality: NDArray[np.float64]
    released: NDArray[np.float64]
    follow_chance: NDArray[np.float64]
    members: NDArray[np.int64]
    weight_until: NDArray[np.float64]
    genre_until: NDArray[np.float64]


def make_shelves(n_books: int, rng: np.random.Generator) -> Shelves:
    """Make up who writes what, and how much it is read."""
    n_authors = max(1, n_books // BOOKS_PER_AUTHOR)
    # the busiest third of the authors write half of the books
    author = np.sort((n_authors * rng.random(n_books) ** 1.5).astype(np.int64))
    place = np.arange(n_books) - np.searchsorted(author, author)
    in_series = (rng.random(n_authors) < SERIES_SHARE)[author] & (place < LONGEST_SERIES)
    last = np.append(author[1:] != author[:-1], True)
    has_next_volume = in_series & ~last & np.append(in_series[1:], False)
    genres = _genres(author, in_series, rng)
    # volumes come out one after the other
    released = np.where(rng.random(n_books) < NEW_SHARE, 0.95 * rng.random(n_books), 0.0)
    released = np.where(in_series, released[np.lexsort((released, author))], released)
    appeal = rng.normal(size=n_authors)[author] + rng.normal(size=n_books)
    rank = np.empty(n_books)
    rank[np.argsort(-appeal)] = np.arange(1, n_books + 1)
    # whoever does not know a series begins it at the first volume; a late book has less time to be read
    popularity = (rank + FLATTENING) ** -EXPONENT * np.where(in_series, 0.8**place, 1.0) * (1 - released)
    books, place_of_genre = np.nonzero(genres >= 0)
    by_genre = np.argsort(genres[books, place_of_genre], kind="stable")
    weight_until = np.cumsum((popularity[books] * GENRE_WEIGHTS[place_of_genre])[by_genre])
    counts = np.bincount(genres[genres >= 0], minlength=len(GENRES))
    return Shelves(
        author=author,
        volume=np.where(in_series, place + 1, 0),
        genres=genres,
        quality=rng.normal(size=n_books),
        released=released,
        follow_chance=np.select([has_next_volume, ~last], [FOLLOW_SERIES, FOLLOW_AUTHOR], 0.0),
        members=books[by_genre],
        weight_until=weight_until,
        genre_until=np.append(0.0, weight_until)[np.append(0, np.cumsum(counts))],
    )


def describe_books(
    shelves: Shelves, first_day: datetime.date, days: int, rng: np.random.Generator
) -> Catalogue:
    """Make up what a shop says of its books.

    Args:
        shelves: the books.
        first_day: on which the store opens.
        days: how long it is open.
        rng: decides titles, prices and stock.
    """
    n_books, author = shelves.author.size, shelves.author
    n_authors = int(author[-1]) + 1
    came_out = np.datetime64(first_day) + (shelves.released * days).astype("timedelta64[D]")
    year = came_out.astype("datetime64[Y]").astype(np.int64) + 1970
    before = np.minimum(rng.geometric(0.08, n_books), OLDEST_YEARS)
    main = shelves.genres[:, 0]
    prices = np.log(np.linspace(8, 24, len(GENRES)))[main] + rng.normal(scale=0.35, size=n_books)
    there = shelves.genres >= 0
    languages = rng.choice(len(LANGUAGES), n_authors, p=list(LANGUAGES.values()))
    houses = rng.integers(0, len(PUBLISHERS), n_authors)
    columns = [
        ids_of("b", n_books),
        _titles(shelves, rng),
        pa.ListArray.from_arrays(np.arange(n_books + 1, dtype=np.int32), _names(author)),
        pa.array((year - np.where(shelves.released > 0, 0, before)).astype(np.int16)),
        _take(PUBLISHERS, houses[author]),
        _take(tuple(LANGUAGES), languages[author]),
        pa.ListArray.from_arrays(
            np.append(0, np.cumsum(there.sum(axis=1))).astype(np.int32),
            _take(tuple(GENRES), shelves.genres[there]),
        ),
        pa.nulls(n_books, pa.string()),
        pa.nulls(n_books, pa.string()),
        pa.array(np.floor(np.exp(prices)) + 0.99),
        pa.array(rng.random(n_books) >= OUT_OF_STOCK),
    ]
    return Catalogue(pa.Table.from_arrays(columns, schema=SCHEMA))


def ids_of(prefix: str, count: int) -> pa.StringArray:
    """`count` ids, which sort as their numbers do."""
    digits = pc.utf8_lpad(pa.array(np.arange(count)).cast(pa.string()), len(str(count - 1)), "0")
    return pc.binary_join_element_wise(prefix, digits, "")


def _genres(
    author: NDArray[np.int64], in_series: NDArray[np.bool_], rng: np.random.Generator
) -> NDArray[np.int64]:
    n_books, n_genres = author.size, len(GENRES)
    of_genre = 1 / (np.arange(n_genres) + 3)
    home = rng.choice(n_genres, int(author[-1]) + 1, p=of_genre / of_genre.sum())
    # one book in ten is outside of its author's genre, but no volume of a series
    stray = (rng.random(n_books) < 0.1) & ~in_series
    main = np.where(stray, rng.integers(0, n_genres, n_books), home[author])
    # the neighbours of the main genre: none comes twice
    genres = (main[:, None] + np.arange(3)) % n_genres
    genres[rng.random(n_books) >= SECOND_GENRE, 1:] = -1
    genres[rng.random(n_books) >= THIRD_GENRE, 2] = -1
    return genres


def _titles(shelves: Shelves, rng: np.random.Generator) -> pa.StringArray:
    n_books = shelves.author.size
    nouns = np.array(list(GENRES.values()))
    main = shelves.genres[:, 0]
    first = rng.integers(0, nouns.shape[1], n_books)
    second = (first + rng.integers(1, nouns.shape[1], n_books)) % nouns.shape[1]
    noun, other = (pa.array(nouns[main, which]) for which in (first, second))
    adjective, place = (_take(words, rng.integers(0, len(words), n_books)) for words in (ADJECTIVES, PLACES))
    join = pc.binary_join_element_wise
    title = pc.choose(
        pa.array(rng.integers(0, 4, n_books)),
        join("The", adjective, noun, " "),
        join(join("The", noun, " "), place, " of "),
        join(noun, other, " and "),
        join("The", adjective, noun, "of", place, " "),
    )
    of_author = rng.integers(0, [[len(PLACES)], [len(ADJECTIVES)]], (2, int(shelves.author[-1]) + 1))
    where, how = (
        _take(words, numbers[shelves.author])
        for words, numbers in zip((PLACES, ADJECTIVES), of_author, strict=True)
    )
    series = join(" (The", how, where, "Books, Book", pa.array(shelves.volume).cast(pa.string()), " ")
    mark = pc.if_else(pa.array(shelves.volume > 0), pc.binary_join_element_wise(series, ")", ""), "")
    return join(title, mark, "")


def _names(author: NDArray[np.int64]) -> pa.StringArray:
    """One name an author; a store of very many has some of the same name, as in life."""
    counts = (len(FIRST_NAMES), len(INITIALS), len(LAST_NAMES))
    # a prime that divides none of the counts: all names are used before one comes again
    first, initial, last = np.unravel_index(author * 7919 % int(np.prod(counts)), counts)
    parts = (_take(FIRST_NAMES, first), _take(INITIALS, initial), _take(LAST_NAMES, last))
    return pc.binary_join_element_wise(*parts, " ")


def _take(words: Sequence[str], numbers: NDArray[np.int64]) -> pa.StringArray:
    return pa.array(words, pa.string()).take(pa.array(numbers))
