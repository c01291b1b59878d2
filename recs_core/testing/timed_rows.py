"""Interactions with times, written as a person would think of them, for tests of the splits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from hypothesis import strategies as st

from recs_core.data.idmap import IdMap
from recs_core.data.interactions import InteractionRows, InteractionSet

FIRST_DAY: Final = np.datetime64("2004-01-01", "s")
"""Day 0 of `rows_of`."""

Pairs = set[tuple[str, str]]


def rows_of(reads: Mapping[str, Mapping[str, int | None]]) -> InteractionRows:
    """User id to book id to the day on which it was read, counted from `FIRST_DAY`; None where that is unknown."""
    users = IdMap.from_ids(reads, space="user")
    books = IdMap.from_ids({book for read in reads.values() for book in read}, space="book")
    found = sorted((user, book, day) for user, read in reads.items() for book, day in read.items())
    days = ["NaT" if day is None else FIRST_DAY + np.timedelta64(day, "D") for _, _, day in found]
    return InteractionRows(
        users,
        books,
        users.rows([user for user, _, _ in found]),
        books.rows([book for _, book, _ in found]),
        np.array(days, dtype="datetime64[s]"),
    )


def rows_with_counts(counts: list[int]) -> InteractionRows:
    """One user for each count, "u00" and on, who has read "b00" and on, that many, one a day."""
    return rows_of(
        {f"u{user:02d}": {f"b{book:02d}": book for book in range(count)} for user, count in enumerate(counts)}
    )


def pairs_of(part: InteractionSet) -> Pairs:
    """The (user id, book id) pairs of a part."""
    user_rows, book_rows = part.matrix.nonzero()
    users, books = part.users.ids(user_rows), part.books.ids(book_rows)
    return set(zip(users.tolist(), books.tolist(), strict=True))


timed_rows: Final = st.dictionaries(
    st.sampled_from("stuvwxyz"),
    st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 400), min_size=1),
    min_size=4,
).map(rows_of)
"""Four to eight users who have read one to eight books each, on any day of a year or so."""
