"""Where lists hold a book of truth.

Most places of most lists are no hit, so what is summed over hits alone costs next to nothing; finding them is the
work. For some users at a time, their books are put into a hash table of bounded size, in which all their places are
looked up at once. Of two books of a user in one slot the later stays; the other one is looked for in the list itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recs_core.data.idmap import PAD

SLOTS = 1 << 17
"""Of the table, 4 bytes each, so that it stays in a processor's cache."""

SLOTS_A_BOOK = 16
"""Slots of a user for each book of the mean user: one book of 30 is then not where it is looked for."""

FEWEST_SLOTS = 64
"""Of a user, so that not too many lists are looked at together."""

NOTHING = PAD - 1
"""In an empty slot: neither a book nor what stands in an empty place."""


@dataclass(frozen=True)
class Hits:
    """The places that hold a book of truth, by user and rank.

    Args:
        users: `int64[h]`, whose list it is, ascending.
        ranks: `int64[h]`, the place in the list, from 1, ascending for each user.
        books: `int32[h]`, the book there.
    """

    users: NDArray[np.int64]
    ranks: NDArray[np.int64]
    books: NDArray[np.int32]

    @classmethod
    def find(cls, books: NDArray[np.int32], truth: csr_array) -> Hits:
        """The hits of all lists.

        Args:
            books: `int32[n_users, K]`, no book twice in a list; `PAD` where there is none.
            truth: `[n_users, n_books]`, of the same users.
        """
        n_users, length = books.shape
        table = _Table(truth)
        parts = [
            np.flatnonzero(table.find(books[start : start + table.n_users], start)) + start * length
            for start in range(0, n_users, table.n_users)
        ]
        places = np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)
        users, columns = np.divmod(places, max(length, 1))
        return cls(users, columns + 1, books[users, columns])

    @property
    def ordinals(self) -> NDArray[np.int64]:
        """`int64[h]`, which of its user's hits each is, from 1."""
        places = np.arange(self.users.size)
        begins = np.ones(self.users.size, dtype=np.bool_)
        begins[1:] = self.users[1:] != self.users[:-1]
        return places - np.maximum.accumulate(np.where(begins, places, 0)) + 1


class _Table:
    """A hash table of the books of `n_users` users at a time."""

    def __init__(self, truth: csr_array) -> None:
        self._truth = truth
        mean = truth.nnz / max(truth.shape[0], 1)
        bits = int(np.ceil(np.log2(max(FEWEST_SLOTS, SLOTS_A_BOOK * mean))))
        self._slots = min(1 << bits, SLOTS)
        self.n_users = SLOTS // self._slots
        self._first = np.arange(self.n_users) * self._slots
        self._table = np.full(SLOTS, NOTHING, dtype=np.int32)

    def find(self, listed: NDArray[np.int32], start: int) -> NDArray[np.bool_]:
        """`bool[m, K]`, which places of the lists of the m users from `start` on are hits."""
        table, within = self._table, self._slots - 1
        bounds = self._truth.indptr[start : start + len(listed) + 1]
        books = self._truth.indices[bounds[0] : bounds[-1]].astype(np.int32, copy=False)
        slots = np.repeat(self._first[: len(listed)], np.diff(bounds))
        slots += books & within
        table[slots] = books
        asked = (listed & within).astype(np.int64)
        asked += self._first[: len(listed), None]
        hits: NDArray[np.bool_] = table.take(asked) == listed
        displaced = np.flatnonzero(table.take(slots) != books)
        table[slots] = NOTHING
        # a part at a time, for users of very many books displace most of them
        at_once = max(1, SLOTS // max(1, listed.shape[1]))
        for begin in range(0, displaced.size, at_once):
            part = displaced[begin : begin + at_once]
            users = slots[part] // self._slots
            which, columns = np.nonzero(listed[users] == books[part, None])
            hits[users[which], columns] = True
        return hits
