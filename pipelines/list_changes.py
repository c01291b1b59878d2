"""How ranked lists of the same readers differ between two states."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recs_core.data.idmap import PAD, IdMap
from recs_core.data.topk import TopK
from recs_core.errors import DataError

PERSISTENCE = 0.9
"""Of rank-biased overlap: the first ten places have 86 % of the weight."""


@dataclass(frozen=True)
class Lists:
    """Lists of one state, by ids.

    Args:
        users: of the lists, in their order.
        books: of the rows in the lists.
        recs: a list for each user.
        history: `int64[n_users]`, how many books each user was known to have read.
    """

    users: IdMap
    books: IdMap
    recs: TopK
    history: NDArray[np.int64]


@dataclass(frozen=True)
class Changes:
    """What differs between two states.

    Args:
        readers: by user id: `overlap`, the share of the first k that both have; `rbo`, rank-biased overlap;
            `history`, the books that the reader was known to have read in the later state.
        books: by book id: `before` and `after`, in how many of the lists it is.
        gone, new: readers of the one state only.
    """

    readers: pd.DataFrame
    books: pd.DataFrame
    gone: int
    new: int


def compare_lists(before: Lists, after: Lists, *, k: int) -> Changes:
    """Compare the first k books of the readers that both states have.

    Raises:
        DataError: the lists are shorter than k, or no reader is in both.
    """
    if k > min(before.recs.k, after.recs.k):
        raise DataError(f"lists of {before.recs.k} and of {after.recs.k} books cannot be compared at {k}")
    ids = np.intersect1d(before.users.array, after.users.array)
    if not ids.size:
        raise DataError("no reader is in both states, so there is nothing to compare")
    books = IdMap.from_ids(np.union1d(before.books.array, after.books.array).tolist(), space="book")
    first, second = (_rows(state, ids, books, k) for state in (before, after))
    rows = after.users.rows(ids.tolist())
    readers = pd.DataFrame(
        {
            "overlap": shared_at(first, second)[:, -1] / np.maximum(1, _longer(first, second)),
            "rbo": rank_biased_overlap(first, second),
            "history": after.history[rows],
        },
        index=pd.Index(ids, name="user_id"),
    )
    counts = [np.bincount(lists[lists != PAD], minlength=len(books)) for lists in (first, second)]
    listed = np.flatnonzero(counts[0] + counts[1])
    exposure = pd.DataFrame(
        {"before": counts[0][listed], "after": counts[1][listed]},
        index=pd.Index(books.array[listed], name="book_id"),
    )
    return Changes(readers, exposure, len(before.users) - ids.size, len(after.users) - ids.size)


def shared_at(first: NDArray[np.int32], second: NDArray[np.int32]) -> NDArray[np.int64]:
    """How many books the first d places of both lists share, for each d, `int64[n, k]`.

    Args:
        first, second: `int32[n, k]`, rows of one id map, padded.
    """
    alike = (first[:, :, None] == second[:, None, :]) & (first != PAD)[:, :, None]
    # a book in places i and j is shared from the later of the two on
    users, here, there = np.nonzero(alike)
    found = np.zeros(first.shape, dtype=np.int64)
    np.add.at(found, (users, np.maximum(here, there)), 1)
    return np.cumsum(found, axis=1)


def rank_biased_overlap(first: NDArray[np.int32], second: NDArray[np.int32]) -> NDArray[np.float64]:
    """Extrapolated rank-biased overlap, `float64[n]` (Webber, Moffat and Zobel, TOIS 2010, equation 23).

    1 for equal lists, 0 for lists without a common book; the top weighs most (`PERSISTENCE`). The equation is for
    lists of one length: where both end early they are compared up to the end of the longer one.
    """
    length = _longer(first, second)
    depths = np.arange(1, first.shape[1] + 1)
    shared = shared_at(first, second)
    # places behind the end of both lists have no weight of their own; the last agreement is extrapolated from there
    weights = np.where(depths <= length[:, None], PERSISTENCE**depths, 0.0)
    found = (shared / depths * weights).sum(axis=1) * (1 - PERSISTENCE) / PERSISTENCE
    found += shared[:, -1] / np.maximum(1, length) * PERSISTENCE**length
    # what is left of a sum of shares is rounding
    return np.where(length == 0, 1.0, np.clip(found, 0, 1))


def _longer(first: NDArray[np.int32], second: NDArray[np.int32]) -> NDArray[np.int64]:
    longer: NDArray[np.int64] = np.maximum((first != PAD).sum(axis=1), (second != PAD).sum(axis=1))
    return longer


def _rows(state: Lists, ids: NDArray[np.str_], books: IdMap, k: int) -> NDArray[np.int32]:
    """The lists of some users, in rows of another id map of books, `int32[n, k]`."""
    # a PAD looks at the last place, where a PAD stands
    to_other = np.append(books.rows(state.books.array.tolist()), PAD).astype(np.int32)
    return to_other[state.recs.books[state.users.rows(ids.tolist()), :k]]
