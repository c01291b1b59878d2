"""The numbers of the data report: how reading is spread over readers, books and time."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from recs_core.errors import DataError

LONGEST_IN_WEEKS = np.timedelta64(400, "D")
"""A longer time is shown by month."""


def lorenz_curve(counts: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How unevenly interactions are spread (Lorenz, "Methods of measuring the concentration of wealth", 1905).

    Args:
        counts: `int64[n]`, interactions of each book, or of each reader.

    Returns:
        Share of the books, least read first, and the share of the interactions that these make: `float64[n + 1]`
        each, from 0 to 1.

    Raises:
        DataError: there is no interaction.
    """
    ordered = np.sort(counts)
    total = _total(counts)
    return np.linspace(0, 1, counts.size + 1), np.concatenate([[0], np.cumsum(ordered) / total])


def gini(counts: NDArray[np.int64]) -> float:
    """The Gini coefficient: 0 where all have equally many, near 1 where one has them all.

    Twice the area between the Lorenz curve and the diagonal, by trapezoids.

    Args:
        counts: as for `lorenz_curve`.

    Raises:
        DataError: there is no interaction.
    """
    share, cumulative = lorenz_curve(counts)
    return float(1 - 2 * np.trapezoid(cumulative, share))


def top_share(counts: NDArray[np.int64], share: float) -> float:
    """The share of the interactions that the most read `share` of the books make, one book at least.

    Args:
        counts: as for `lorenz_curve`.
        share: above 0, at most 1; the number of books is rounded up.

    Raises:
        DataError: there is no interaction.
    """
    size = max(1, int(np.ceil(counts.size * share)))
    return float(np.sort(counts)[-size:].sum() / _total(counts))


def headline(user_counts: NDArray[np.int64], book_counts: NDArray[np.int64]) -> dict[str, float]:
    """The few numbers that tell data sets apart, by stable names.

    Args:
        user_counts: `int64[n_users]`, interactions of each reader.
        book_counts: `int64[n_books]`, interactions of each book.

    Returns:
        `interactions`, `readers` and `books` (of those, who have any), `density` (share of the pairs that are there),
        `median_books_per_reader`, `median_readers_per_book`, `gini_of_popularity`, and `top_1_percent_share`: what
        the most read hundredth of the books makes of all interactions.

    Raises:
        DataError: there is no interaction.
    """
    readers, books = user_counts[user_counts > 0], book_counts[book_counts > 0]
    interactions = _total(books)
    return {
        "interactions": interactions,
        "readers": readers.size,
        "books": books.size,
        "density": interactions / (readers.size * books.size),
        "median_books_per_reader": float(np.median(readers)),
        "median_readers_per_book": float(np.median(books)),
        "gini_of_popularity": gini(books),
        "top_1_percent_share": top_share(books, 0.01),
    }


def density_blocks(
    user_rows: NDArray[np.int32], book_rows: NDArray[np.int32], *, blocks: int
) -> NDArray[np.float64]:
    """How dense the matrix is from its busiest corner to its emptiest.

    Readers are ordered by activity and books by popularity, most first, and both are cut into equally large groups;
    of equal counts the lower row is first.

    Args:
        user_rows, book_rows: `int32[n]`, the interactions, each pair once; every row from 0 to the largest counts.
        blocks: groups on each side; fewer where there are fewer readers or books.

    Returns:
        Share of the possible pairs that are there, `float64[user groups, book groups]`.
    """
    users, user_sizes = _groups(np.bincount(user_rows), blocks)
    books, book_sizes = _groups(np.bincount(book_rows), blocks)
    flat = users[user_rows] * book_sizes.size + books[book_rows]
    pairs = np.bincount(flat, minlength=user_sizes.size * book_sizes.size)
    return pairs.reshape(user_sizes.size, book_sizes.size) / np.outer(user_sizes, book_sizes)


def over_time(
    times: NDArray[np.datetime64],
) -> tuple[NDArray[np.datetime64], NDArray[np.int64], Literal["week", "month"]]:
    """Interactions of each week, or where the times span more than a year of each month.

    Args:
        times: `datetime64[s][n]`, NaT where one is missing.

    Returns:
        First day of each period, without a gap between them, `datetime64[D]`; interactions in it, `int64`; and what
        a period is. A week begins on a Monday.

    Raises:
        DataError: no interaction has a time.
    """
    known = times[~np.isnat(times)]
    if not known.size:
        raise DataError("no interaction has a time")
    days = known.astype("datetime64[D]")
    if days.max() - days.min() > LONGEST_IN_WEEKS:
        numbers, name = days.astype("datetime64[M]").astype(np.int64), "month"
    else:
        # 1970 began on a Thursday
        numbers, name = (days.astype(np.int64) + 3) // 7, "week"
    first = int(numbers.min())
    counts = np.bincount(numbers - first).astype(np.int64)
    periods = first + np.arange(counts.size)
    if name == "month":
        return periods.astype("datetime64[M]").astype("datetime64[D]"), counts, "month"
    return (periods * 7 - 3).astype("datetime64[D]"), counts, "week"


def _groups(counts: NDArray[np.int64], blocks: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The group of each row by its rank, most first, and the sizes of the groups."""
    size = min(blocks, counts.size)
    rank = np.empty(counts.size, dtype=np.int64)
    rank[np.argsort(-counts, kind="stable")] = np.arange(counts.size)
    groups = rank * size // counts.size
    return groups, np.bincount(groups, minlength=size)


def _total(counts: NDArray[np.int64]) -> int:
    total = int(counts.sum())
    if not total:
        raise DataError("there is no interaction to report on")
    return total
