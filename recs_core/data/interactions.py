"""Who read what: the matrix that every model learns from."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recs_core.data.arrays import read_arrays, write_arrays
from recs_core.data.idmap import IdMap
from recs_core.display import facts_table
from recs_core.errors import DataError

SORTED_AT_ONCE = 2**18
"""Rows, more or less, that are ranked within their users at once."""


@dataclass(frozen=True)
class InteractionSet:
    """Interactions of users with books.

    Args:
        users: the id map of the rows.
        books: the id map of the columns.
        matrix: `float32[n_users, n_books]`, CSR, sorted indices, no duplicates.
        times: `datetime64[s][nnz]`, UTC, aligned with `matrix.data`, NaT where one is missing; None where the source
            has none.

    What the matrix holds is the confidence that a user likes a book, 1 unless `data.confidence` says otherwise; see
    `InteractionRows`.

    Raises:
        DataError: shapes or dtype do not fit.
    """

    users: IdMap
    books: IdMap
    matrix: csr_array
    times: NDArray[np.datetime64] | None = None

    def __post_init__(self) -> None:
        if self.matrix.shape != (len(self.users), len(self.books)):
            raise DataError(
                f"the matrix is {self.matrix.shape} where the id maps ask for "
                f"({len(self.users)}, {len(self.books)})"
            )
        if self.matrix.dtype != np.float32:
            raise DataError(f"the matrix must be float32, not {self.matrix.dtype}")
        if self.times is not None and self.times.shape != self.matrix.data.shape:
            raise DataError(f"{self.times.size} times are given for {self.matrix.nnz} interactions")

    @classmethod
    def from_rows(
        cls, users: IdMap, books: IdMap, user_rows: NDArray[np.int32], book_rows: NDArray[np.int32]
    ) -> InteractionSet:
        """Build from (user_row, book_row) pairs, each of value 1; a repeated pair counts once."""
        ones = np.ones(user_rows.size, dtype=np.float32)
        matrix = csr_array((ones, (user_rows, book_rows)), shape=(len(users), len(books)))
        matrix.data[:] = 1.0
        matrix.sort_indices()
        return cls(users, books, matrix)

    def __len__(self) -> int:
        return int(self.matrix.nnz)

    @property
    def user_counts(self) -> NDArray[np.int64]:
        """How many books each user has read, `int64[n_users]`."""
        return np.diff(self.matrix.indptr).astype(np.int64)

    @property
    def book_counts(self) -> NDArray[np.int64]:
        """How many users have read each book, `int64[n_books]`."""
        return np.bincount(self.matrix.indices, minlength=len(self.books)).astype(np.int64)

    def _repr_html_(self) -> str:
        n_users, n_books = len(self.users), len(self.books)
        density = len(self) / max(1, n_users * n_books)
        counts = (("users", f"{n_users:,}"), ("books", f"{n_books:,}"), ("interactions", f"{len(self):,}"))
        return facts_table((*counts, ("density", f"{density:.3%}")))

    def save(self, path: Path) -> None:
        """Write as an array folder."""
        arrays = {"users": self.users.array, "books": self.books.array, **csr_to_arrays(self.matrix)}
        if self.times is not None:
            # NaT is the lowest number of all
            arrays["times"] = self.times.view(np.int64)
        write_arrays(path, arrays, {"kind": "interactions"})

    @classmethod
    def load(cls, path: Path) -> InteractionSet:
        """Open what `save` wrote, memory-mapped.

        Raises:
            ArtifactError: the folder is missing or damaged.
        """
        arrays, _ = read_arrays(path)
        users = IdMap(arrays["users"], space="user")
        books = IdMap(arrays["books"], space="book")
        times = arrays["times"].view("datetime64[s]") if "times" in arrays else None
        return cls(users, books, csr_from_arrays(arrays, n_columns=len(books)), times)

    @property
    def keys(self) -> NDArray[np.int64]:
        """One number for each interaction, ascending, in the order of `matrix.data`, `int64[nnz]`."""
        first = np.arange(len(self.users), dtype=np.int64) * len(self.books)
        keys = np.repeat(first, self.user_counts)
        keys += self.matrix.indices
        return keys

    def union(self, other: InteractionSet) -> InteractionSet:
        """All interactions of both, over the same id maps.

        Where both have a pair, the larger value and the later time count. There are no times where neither has any.

        Raises:
            DataError: the id maps differ.
        """
        if self.users != other.users or self.books != other.books:
            raise DataError("only interactions over the same users and books can be united")
        if not len(other):
            return self
        matrix = csr_array(self.matrix.maximum(other.matrix))
        matrix.sort_indices()
        both = InteractionSet(self.users, self.books, matrix)
        if self.times is None and other.times is None:
            return both
        times = np.full(len(both), np.datetime64("NaT", "s"))
        keys = both.keys
        for part in (self, other):
            if part.times is not None:
                places = np.searchsorted(keys, part.keys)
                times[places] = np.fmax(times[places], part.times)
        return InteractionSet(self.users, self.books, matrix, times)


@dataclass(frozen=True)
class InteractionRows:
    """Interactions one by one, with their times: what is split before matrices are made of the parts.

    Args:
        users: the id map of `user_rows`.
        books: the id map of `book_rows`.
        user_rows, book_rows: `int32[n]`; sorted by user, then book, each pair once.
        times: `datetime64[s][n]`, UTC, NaT where one is missing; None where the source has none.
        weights: `float32[n]`, the confidence that the user likes the book, above 0; None where all are 1. It becomes
            the value in the matrix, in train as in the histories that a model is asked with; metrics look only at
            which books a truth holds. als multiplies its `alpha` with it (Hu et al., 2008); item_knn takes it as the
            strength of the tie between user and book (the term frequency of tfidf and bm25), rp3beta as the share of
            a step of the walk; these two and content let a book of a history count as much as its weight; popularity
            counts readers and does not look at it.
        parts: `int8[n]`, the part of a split that the source says a row is of: 0 train, 1 validation, 2 test, -1
            none; None where the source is not split.

    Raises:
        DataError: lengths do not fit, or the pairs are not sorted or not unique.
    """

    users: IdMap
    books: IdMap
    user_rows: NDArray[np.int32]
    book_rows: NDArray[np.int32]
    times: NDArray[np.datetime64] | None
    weights: NDArray[np.float32] | None = None
    parts: NDArray[np.int8] | None = None

    def __post_init__(self) -> None:
        optional = (self.times, self.weights, self.parts)
        lengths = {self.user_rows.size, self.book_rows.size} | {
            column.size for column in optional if column is not None
        }
        if len(lengths) > 1:
            raise DataError(
                f"user rows, book rows, times, weights and parts must be of one length, not {sorted(lengths)}"
            )
        users, books = self.user_rows, self.book_rows
        ascending = (users[:-1] < users[1:]) | ((users[:-1] == users[1:]) & (books[:-1] < books[1:]))
        if not bool(ascending.all()):
            raise DataError("interactions must be sorted by user and book, each pair once")

    @classmethod
    def of(cls, interactions: InteractionSet) -> InteractionRows:
        """The interactions of a matrix."""
        user_rows = np.repeat(np.arange(len(interactions.users), dtype=np.int32), interactions.user_counts)
        book_rows = interactions.matrix.indices.astype(np.int32)
        return cls(interactions.users, interactions.books, user_rows, book_rows, interactions.times)

    def __len__(self) -> int:
        return int(self.user_rows.size)

    @property
    def keys(self) -> NDArray[np.int64]:
        """One number for each pair, ascending, `int64[n]`; `InteractionSet.keys` are of the same kind."""
        keys = self.user_rows.astype(np.int64)
        keys *= len(self.books)
        keys += self.book_rows
        return keys

    @property
    def user_counts(self) -> NDArray[np.int64]:
        """How many interactions each user has, `int64[n_users]`."""
        return np.bincount(self.user_rows, minlength=len(self.users)).astype(np.int64)

    def rank_within_user(self, order: NDArray[Any]) -> NDArray[np.int32]:
        """The place of each interaction among those of its user, `int32[n]`, from 0.

        Args:
            order: `[n]`, what is ranked by, lowest first; equal ones stand in the order of the rows.
        """
        ranks = np.empty(len(self), dtype=np.int32)
        ends = np.cumsum(self.user_counts)
        starts = ends - self.user_counts
        # rows are sorted by user: a block of whole users is sorted apart from all others, and fits the cache
        blocks = np.unique(np.searchsorted(ends, np.arange(0, len(self) + SORTED_AT_ONCE, SORTED_AT_ONCE)))
        for first, last in pairwise([*blocks.tolist(), len(self.users)]):
            if first == last:
                continue
            span = slice(int(starts[first]), int(ends[last - 1]))
            users = self.user_rows[span]
            sorted_rows = np.lexsort((order[span], users))
            places = np.arange(users.size, dtype=np.int32)
            places -= (starts[users] - starts[first]).astype(np.int32)
            ranks[span][sorted_rows] = places
        return ranks

    def to_set(self, mask: NDArray[np.bool_] | None = None) -> InteractionSet:
        """The matrix of all interactions, or of those in `mask`, `bool[n]`, over the same id maps."""
        chosen = slice(None) if mask is None else mask
        user_rows, book_rows = self.user_rows[chosen], self.book_rows[chosen]
        indptr = np.zeros(len(self.users) + 1, dtype=np.int32 if user_rows.size < 2**31 else np.int64)
        np.cumsum(np.bincount(user_rows, minlength=len(self.users)), out=indptr[1:])
        data = (
            np.ones(user_rows.size, dtype=np.float32) if self.weights is None else self.weights[chosen].copy()
        )
        # the rows are sorted: they are a CSR matrix as they stand
        matrix = csr_array(
            (data, book_rows.astype(indptr.dtype), indptr), shape=(len(self.users), len(self.books))
        )
        matrix.has_sorted_indices = True
        times = None if self.times is None else self.times[chosen]
        return InteractionSet(self.users, self.books, matrix, times)


def csr_to_arrays(matrix: csr_array, prefix: str = "") -> dict[str, NDArray[Any]]:
    """The three arrays of a CSR matrix, named `<prefix>indptr`, `<prefix>indices`, `<prefix>data`."""
    # of one dtype: scipy copies the narrower of the two when it puts them together again
    index = np.int32 if matrix.nnz <= np.iinfo(np.int32).max else np.int64
    return {
        f"{prefix}indptr": matrix.indptr.astype(index, copy=False),
        f"{prefix}indices": matrix.indices.astype(index, copy=False),
        f"{prefix}data": matrix.data,
    }


def csr_from_arrays(arrays: dict[str, NDArray[Any]], *, n_columns: int, prefix: str = "") -> csr_array:
    """Put the arrays of `csr_to_arrays` together again, without a copy."""
    indptr, indices, data = (arrays[f"{prefix}{part}"] for part in ("indptr", "indices", "data"))
    matrix = csr_array((data, indices, indptr), shape=(indptr.size - 1, n_columns), copy=False)
    matrix.has_sorted_indices = True
    return matrix


def history_of(book_rows: NDArray[np.int32], n_books: int) -> csr_array:
    """The history of one reader as a model takes it: `float32[1, n_books]`, each book with value 1."""
    rows = np.unique(book_rows)
    indptr = np.array([0, rows.size], dtype=np.int32)
    return csr_array((np.ones(rows.size, dtype=np.float32), rows, indptr), shape=(1, n_books))
