"""What the readers of the made-up store do: which books, when, and how they like them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from recs_core.data.sources.generated_books import Shelves
from recs_core.data.sources.generated_words import GENRES

BATCH = 500_000
"""Interactions that are made at once; bounds the memory."""
ACTIVITY_DEVIATION = 1.2
"""Of the logarithm of how much a reader reads."""
MOST_BOOKS = 4
"""No reader has read more than one in so many of the books."""
TASTE = 0.15
"""Concentration of the Dirichlet distribution of tastes: the lower, the fewer genres a reader reads."""
ON_IMPULSE = 0.1
"""Chance that a book is chosen whatever its genre."""
OLD_READERS = 0.6
"""Share of the readers who are there when the store opens; the others come one by one."""
FIRST_SHARE = 0.75
"""Of a reader's books: chosen before series and authors are followed, which makes up the rest."""
CHOOSING_ROUNDS = 3
"""Who then has too few, having chosen the same books again and again, takes any."""
EVENTS = ("add_to_cart", "purchase", "rating", "view")
EVENT_SHARES = (0.12, 0.33, 0.15, 0.40)
RATING = EVENTS.index("rating")
DAY_SECONDS = 24 * 60 * 60


@dataclass(frozen=True)
class Reading:
    """Interactions, sorted by user and book, each pair once.

    Args:
        user_rows, book_rows: `int32[n]`.
        value: `float32[n]`, stars from 1 to 5 where the event is a rating, NaN elsewhere.
        seconds: `int64[n]`, since the store opened.
        event: `int8[n]`, positions in `EVENTS`.
    """

    user_rows: NDArray[np.int32]
    book_rows: NDArray[np.int32]
    value: NDArray[np.float32]
    seconds: NDArray[np.int64]
    event: NDArray[np.int8]


def activity(n_users: int, n_books: int, n_interactions: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """How many books each reader has to do with: at least one, log-normal, together `n_interactions`."""
    wish = rng.lognormal(sigma=ACTIVITY_DEVIATION, size=n_users)
    most = most_books(n_books)
    share = wish / wish.sum()
    counts: NDArray[np.int64] = np.minimum(1 + ((n_interactions - n_users) * share).astype(np.int64), most)
    while short := n_interactions - int(counts.sum()):
        free = rng.permutation(np.flatnonzero(counts < most))[:short]
        counts[free] += np.clip(short // free.size, 1, most - counts[free])
    return counts


def most_books(n_books: int) -> int:
    """The most books that one reader may have to do with."""
    return max(1, n_books // MOST_BOOKS)


def season(days: int, first_weekday: int, first_day_of_year: int) -> NDArray[np.float64]:
    """Share of the store's business that is done before each day, `float64[days + 1]`, from 0 to 1.

    A week has a busy end, a year a busy December and a quiet early summer.

    Args:
        days: how long the store is open.
        first_weekday: of the first day; Monday is 0.
        first_day_of_year: of the first day; 1 January is 1.
    """
    day = np.arange(days)
    weekend = 1 + 0.3 * ((day + first_weekday) % 7 >= 5)
    december = 1 + 0.35 * np.cos(2 * np.pi * (day + first_day_of_year - 350) / 365.25)
    until = np.append(0.0, np.cumsum(weekend * december))
    return np.asarray(until / until[-1])


def read(
    counts: NDArray[np.int64], shelves: Shelves, business: NDArray[np.float64], rng: np.random.Generator
) -> Iterator[Reading]:
    """Make up interactions, batch by batch of users in their order.

    Args:
        counts: `int64[n_users]`, how many each user has.
        shelves: the books.
        business: as `season` gives it.
        rng: decides everything.
    """
    until = np.cumsum(counts)
    cuts = np.searchsorted(until, np.arange(BATCH, until[-1] + BATCH, BATCH), side="right")
    edges = np.unique(np.concatenate([[0], cuts, [counts.size]]))
    for start, end in pairwise(edges.tolist()):
        yield _read(counts[start:end], start, shelves, business, rng)


def _read(
    counts: NDArray[np.int64],
    first_user: int,
    shelves: Shelves,
    business: NDArray[np.float64],
    rng: np.random.Generator,
) -> Reading:
    n_books = shelves.author.size
    tastes = rng.standard_gamma(np.full(len(GENRES), TASTE), (counts.size, len(GENRES))) + 1e-9
    tastes /= tastes.sum(axis=1, keepdims=True)
    joined = np.where(rng.random(counts.size) < OLD_READERS, 0.0, 0.9 * rng.random(counts.size))
    pairs = _Pairs(counts, n_books)
    wanted = np.ceil(FIRST_SHARE * counts).astype(np.int64)
    rounds = 0
    while wanted.any():
        users = np.repeat(np.arange(counts.size), wanted)
        books = (
            _chosen(users, tastes, shelves, rng)
            if rounds < CHOOSING_ROUNDS
            else rng.integers(0, n_books, users.size)
        )
        start = np.maximum(joined[users], shelves.released[books])
        # most of a new book's readers come soon after it does
        passed = rng.random(users.size) ** np.where(shelves.released[books] > 0, 2.5, 1.0)
        keys, moments = users * n_books + books, start + (1 - start) * passed
        while keys.size:
            keys, moments = _followed(*pairs.add(keys, moments), shelves, business.size - 1, rng)
        rounds += 1
        wanted = pairs.left
    users, books = np.divmod(pairs.keys, n_books)
    event = rng.choice(len(EVENTS), users.size, p=EVENT_SHARES).astype(np.int8)
    liking = 3.2 + 1.5 * tastes[users, shelves.genres[books, 0]] + 0.6 * shelves.quality[books]
    stars = np.clip(np.rint(liking + rng.normal(scale=0.7, size=users.size)), 1, 5)
    return Reading(
        (users + first_user).astype(np.int32),
        books.astype(np.int32),
        np.where(event == RATING, stars, np.nan).astype(np.float32),
        _seconds(pairs.moments, business, rng),
        event,
    )


class _Pairs:
    """The pairs of a batch, each once, and no more of a user than there should be.

    A pair's key is user * n_books + book. A moment is a share of the store's business, from 0 to 1.
    """

    def __init__(self, counts: NDArray[np.int64], n_books: int) -> None:
        self.left = counts.copy()
        self.n_books = n_books
        self.keys = np.empty(0, dtype=np.int64)
        self.moments = np.empty(0)

    def add(
        self, keys: NDArray[np.int64], moments: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Add what is not there yet, and return it."""
        order = np.argsort(keys, kind="stable")
        keys, moments = keys[order], moments[order]
        at = np.searchsorted(self.keys, keys)
        # np.isin and np.unique hash, which is very slow for keys at even distances
        fresh = np.append(self.keys, -1)[at] != keys
        fresh[1:] &= keys[1:] != keys[:-1]
        users = keys // self.n_books
        counts = np.bincount(users[fresh], minlength=self.left.size)
        rank = np.cumsum(fresh) - 1 - (np.cumsum(counts) - counts)[users]
        fresh &= rank < self.left[users]
        keys, moments, at = keys[fresh], moments[fresh], at[fresh]
        self.left -= np.bincount(users[fresh], minlength=self.left.size)
        self.keys, self.moments = np.insert(self.keys, at, keys), np.insert(self.moments, at, moments)
        return keys, moments


def _chosen(
    users: NDArray[np.int64], tastes: NDArray[np.float64], shelves: Shelves, rng: np.random.Generator
) -> NDArray[np.int64]:
    """For each entry a book of a genre that its user likes, by how much the book is read."""
    ends = np.cumsum(tastes, axis=1).astype(np.float32)[:, :-1]
    genre = np.count_nonzero(ends[users] < rng.random((users.size, 1), dtype=np.float32), axis=1)
    low, high = shelves.genre_until[genre], shelves.genre_until[genre + 1]
    anything = rng.random(users.size) < ON_IMPULSE
    low, high = np.where(anything, 0.0, low), np.where(anything, shelves.genre_until[-1], high)
    point = low + (high - low) * rng.random(users.size)
    place = np.searchsorted(shelves.weight_until, point, side="right")
    books: NDArray[np.int64] = shelves.members[np.minimum(place, shelves.members.size - 1)]
    return books


def _followed(
    keys: NDArray[np.int64],
    moments: NDArray[np.float64],
    shelves: Shelves,
    days: int,
    rng: np.random.Generator,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The next volumes that are read after these, where the reader goes on and the store's time suffices."""
    books = keys % shelves.author.size
    # three days and more, by the store's time: the busiest day is no three ordinary ones
    then = moments + (3 + rng.exponential(12.0, books.size)) / days
    goes_on = (rng.random(books.size) < shelves.follow_chance[books]) & (then < 1)
    # the last of all books has no next one, and a chance of 0
    goes_on &= np.append(shelves.released, 1.0)[books + 1] < then
    return (keys + 1)[goes_on], then[goes_on]


def _seconds(
    moments: NDArray[np.float64], business: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.int64]:
    """From how far the store's time had gone to a day, and on it an hour, most often of the evening."""
    day = np.clip(np.searchsorted(business, moments, side="right") - 1, 0, business.size - 2)
    of_day = rng.beta(4.0, 1.8, moments.size) * DAY_SECONDS
    return day.astype(np.int64) * DAY_SECONDS + of_day.astype(np.int64)
