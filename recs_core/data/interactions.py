"""Who read what: the matrix that every model learns from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recs_core.data.arrays import read_arrays, write_arrays
from recs_core.data.idmap import IdMap
from recs_core.errors import DataError


@dataclass(frozen=True)
class InteractionSet:
    """Interactions of users with books.

    Args:
        users: the id map of the rows.
        books: the id map of the columns.
        matrix: `float32[n_users, n_books]`, CSR, sorted indices, no duplicates.

    Raises:
        DataError: shape or dtype do not fit.
    """

    users: IdMap
    books: IdMap
    matrix: csr_array

    def __post_init__(self) -> None:
        if self.matrix.shape != (len(self.users), len(self.books)):
            raise DataError(
                f"the matrix is {self.matrix.shape} where the id maps ask for "
                f"({len(self.users)}, {len(self.books)})"
            )
        if self.matrix.dtype != np.float32:
            raise DataError(f"the matrix must be float32, not {self.matrix.dtype}")

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
        cells = (("users", f"{n_users:,}"), ("books", f"{n_books:,}"), ("interactions", f"{len(self):,}"))
        rows = "".join(f"<tr><th>{name}</th><td>{value}</td></tr>" for name, value in cells)
        return f"<table>{rows}<tr><th>density</th><td>{density:.3%}</td></tr></table>"

    def save(self, path: Path) -> None:
        """Write as an array folder."""
        arrays = {"users": self.users.array, "books": self.books.array, **csr_to_arrays(self.matrix)}
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
        return cls(users, books, csr_from_arrays(arrays, n_columns=len(books)))

    def union(self, other: InteractionSet) -> InteractionSet:
        """All interactions of both, over the same id maps; where both have a pair, the larger value.

        Raises:
            DataError: the id maps differ.
        """
        if self.users != other.users or self.books != other.books:
            raise DataError("only interactions over the same users and books can be united")
        matrix = csr_array(self.matrix.maximum(other.matrix))
        matrix.sort_indices()
        return InteractionSet(self.users, self.books, matrix)


@dataclass(frozen=True)
class InteractionRows:
    """Interactions one by one, with their times: what is split before matrices are made of the parts.

    Args:
        users: the id map of `user_rows`.
        books: the id map of `book_rows`.
        user_rows, book_rows: `int32[n]`; sorted by user, then book, each pair once.
        times: `datetime64[s][n]`, UTC, NaT where one is missing; None where the source has none.

    Raises:
        DataError: lengths do not fit, or the pairs are not sorted or not unique.
    """

    users: IdMap
    books: IdMap
    user_rows: NDArray[np.int32]
    book_rows: NDArray[np.int32]
    times: NDArray[np.datetime64] | None

    def __post_init__(self) -> None:
        lengths = {self.user_rows.size, self.book_rows.size}
        if self.times is not None:
            lengths.add(self.times.size)
        if len(lengths) > 1:
            raise DataError(f"user rows, book rows and times must be of one length, not {sorted(lengths)}")
        keys = self.keys
        if not bool(np.all(keys[:-1] < keys[1:])):
            raise DataError("interactions must be sorted by user and book, each pair once")

    @classmethod
    def of(cls, interactions: InteractionSet) -> InteractionRows:
        """The pairs of a matrix, which knows no times."""
        user_rows = np.repeat(np.arange(len(interactions.users), dtype=np.int32), interactions.user_counts)
        book_rows = interactions.matrix.indices.astype(np.int32)
        return cls(interactions.users, interactions.books, user_rows, book_rows, None)

    def __len__(self) -> int:
        return int(self.user_rows.size)

    @property
    def keys(self) -> NDArray[np.int64]:
        """One number for each pair, ascending, `int64[n]`."""
        return self.user_rows.astype(np.int64) * len(self.books) + self.book_rows

    @property
    def user_counts(self) -> NDArray[np.int64]:
        """How many interactions each user has, `int64[n_users]`."""
        return np.bincount(self.user_rows, minlength=len(self.users)).astype(np.int64)

    def rank_within_user(self, order: NDArray[Any]) -> NDArray[np.int64]:
        """The place of each interaction among those of its user, `int64[n]`, from 0.

        Args:
            order: `[n]`, what is ranked by, lowest first; equal ones stand in the order of the rows.
        """
        counts = self.user_counts
        starts = np.cumsum(counts) - counts
        ranks = np.empty(len(self), dtype=np.int64)
        ranks[np.lexsort((order, self.user_rows))] = np.arange(len(self)) - np.repeat(starts, counts)
        return ranks

    def to_set(self, mask: NDArray[np.bool_] | None = None) -> InteractionSet:
        """The matrix of all interactions, or of those in `mask`, `bool[n]`, over the same id maps."""
        chosen = slice(None) if mask is None else mask
        return InteractionSet.from_rows(
            self.users, self.books, self.user_rows[chosen], self.book_rows[chosen]
        )


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
