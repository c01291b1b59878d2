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
