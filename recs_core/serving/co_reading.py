"""What the readers of a book read too: from the readers' histories alone, whatever model is served.

Books are ordered by the cosine of their readers (Linden, Smith and York, "Amazon.com Recommendations: Item-to-Item
Collaborative Filtering", IEEE Internet Computing 7, 2003), so that what everybody reads is not beside every book;
shrunk by n / (n + SHRINKAGE) where n readers read both (Koren, "Factorization Meets the Neighborhood", KDD 2008), so
that two readers who met by chance do not count as much as twenty.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recs_core.errors import ParameterError

SHRINKAGE = 3.0
"""Common readers at which the cosine counts by half."""


@dataclass(frozen=True, slots=True)
class CoRead:
    """A book that readers of another read too.

    Args:
        book_row: the book.
        readers: who read both.
        share: of the readers of the other book, from above 0 to 1.
        rank: from 1.
    """

    book_row: int
    readers: int
    share: float
    rank: int


class CoReading:
    """The readers of each book, and what else they read. Nothing in it changes.

    Args:
        matrix: `float32[n_users, n_books]`, the histories; its values do not matter.
    """

    def __init__(self, matrix: csr_array) -> None:
        self._n_users = matrix.shape[0]
        self._starts, self._books = matrix.indptr, matrix.indices
        # a value of one byte: only where entries stand is turned round, and by counting, not by sorting
        marks = csr_array((np.ones(matrix.nnz, dtype=np.int8), matrix.indices, matrix.indptr), matrix.shape)
        by_book = marks.tocsc()
        self._book_starts, self._users = by_book.indptr, by_book.indices
        self._counts = np.diff(by_book.indptr)

    def also_read(
        self, book_row: int, *, k: int, min_readers: int, allowed: NDArray[np.bool_] | None = None
    ) -> list[CoRead]:
        """The k books that go best with a book, fewer where fewer have the readers; of equal ones the lower row.

        Args:
            book_row: the book.
            k: length of the list.
            min_readers: who must have read both, at least.
            allowed: `bool[n_books]`, which books may be listed; all where None.

        Raises:
            ParameterError: `min_readers` is below 1.
        """
        if min_readers < 1:
            raise ParameterError(f"min_readers must be at least 1, not {min_readers}")
        users = self._readers(book_row)
        # whole histories are copied faster than their books are picked one by one
        read = [self._books[self._starts[user] : self._starts[user + 1]] for user in users.tolist()]
        if not read:
            return []
        both = np.bincount(np.concatenate(read), minlength=self._counts.size)
        both[book_row] = 0
        enough = both >= min_readers
        books = np.flatnonzero(enough if allowed is None else enough & allowed)
        scores = association(both[books], self._counts[books], users.size)
        best = books[np.argsort(-scores, kind="stable")[:k]].tolist()
        return [
            CoRead(book, int(both[book]), int(both[book]) / users.size, rank)
            for rank, book in enumerate(best, 1)
        ]

    def in_common(self, book_row: int, others: Sequence[int]) -> list[int]:
        """How many of a book's readers read each of other books."""
        reads = np.zeros(self._n_users, dtype=np.bool_)
        reads[self._readers(book_row)] = True
        return [int(np.count_nonzero(reads[self._readers(other)])) for other in others]

    def _readers(self, book_row: int) -> NDArray[np.int32]:
        """The rows of a book's readers, ascending."""
        readers: NDArray[np.int32] = self._users[
            self._book_starts[book_row] : self._book_starts[book_row + 1]
        ]
        return readers


def association(both: NDArray[np.integer], of_each: NDArray[np.integer], of_this: int) -> NDArray[np.float64]:
    """The shrunk cosine of a book with others, `float64[m]`.

    Args:
        both: `int[m]`, who read the two.
        of_each: `int[m]`, the readers of the others.
        of_this: the readers of the book.
    """
    cosines = both / np.sqrt(of_each.astype(np.float64) * of_this)
    return np.asarray(cosines * (both / (both + SHRINKAGE)), dtype=np.float64)
