"""Products of one reader's few books with large sparse matrices, straight on their arrays.

SciPy makes, checks and prunes a matrix object for every step; for one reader that is most of the time. Here are the
same sums, of the same float32 numbers in the same order, so that they have the same bits as those of a batch.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array


def entries_of(matrix: csr_array, rows: NDArray[np.integer]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Where the entries of some rows stand in the arrays of a matrix.

    Args:
        matrix: CSR.
        rows: `int[m]`, in any order.

    Returns:
        The places, `intp[nnz]`, row after row, and how many are of each row, `intp[m]`.
    """
    starts = matrix.indptr[rows].astype(np.intp)
    counts = matrix.indptr[1:][rows].astype(np.intp) - starts
    before = np.cumsum(counts) - counts
    places = np.repeat(starts - before, counts)
    places += np.arange(places.size)
    return places, counts


def weighted_sum(
    matrix: csr_array, rows: NDArray[np.integer], weights: NDArray[np.float32]
) -> NDArray[np.float32]:
    """The sum of some rows of a matrix, each times its weight, `float32[n_columns]`.

    Args:
        matrix: `float32[n, n_columns]`, CSR.
        rows: `int[m]`, added in this order.
        weights: `float32[m]`.
    """
    places, counts = entries_of(matrix, rows)
    return scattered(
        matrix.indices[places], np.repeat(weights, counts) * matrix.data[places], matrix.shape[1]
    )


def scattered(at: NDArray[np.integer], values: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """Zeros, `float32[size]`, to which each value is added where it belongs, one after the other."""
    total = np.zeros(size, dtype=np.float32)
    # NumPy adds several times faster at its own type of index
    np.add.at(total, at.astype(np.intp, copy=False), values)
    return total


def block_of(
    matrix: csr_array, rows: NDArray[np.integer], columns: NDArray[np.integer]
) -> NDArray[np.float64]:
    """Some rows and columns of a matrix, dense, `float64[len(rows), len(columns)]`.

    Args:
        matrix: `float32[n, n_columns]`, CSR, no duplicates.
        rows, columns: in any order; they may repeat.
    """
    place_of = np.full(matrix.shape[1], -1, dtype=np.int32)
    # of a column that is asked for twice the last place is filled, and read for both
    place_of[columns] = np.arange(columns.size, dtype=np.int32)
    places, counts = entries_of(matrix, rows)
    at = place_of[matrix.indices[places]]
    there = np.flatnonzero(at >= 0)
    block = np.zeros((rows.size, columns.size), dtype=np.float64)
    block[np.repeat(np.arange(rows.size), counts)[there], at[there]] = matrix.data[places[there]]
    return block[:, place_of[columns]]


def largest(values: NDArray[np.float32], n: int) -> NDArray[np.intp]:
    """The places of the n largest values, ascending; of equal ones the lower places. As `keep_largest` of a row."""
    if values.size <= n:
        return np.arange(values.size)
    border = np.partition(values, values.size - n)[values.size - n]
    kept = values > border
    kept[np.flatnonzero(values == border)[: n - np.count_nonzero(kept)]] = True
    return np.flatnonzero(kept)
