"""The inverse of a large symmetric positive definite matrix, in place and by blocks.

LAPACK's own routines count in 32 bits in many builds and crash on a float32 matrix of about 30,000 rows; here it
sees a block at a time. The method is the block form of the symmetric sweep (Gauss-Jordan without pivoting, which is
stable for positive definite matrices: Higham, "Accuracy and Stability of Numerical Algorithms", 2002, section
14.4): n^3 multiplications as by a Cholesky factorisation, one pass, and no second matrix.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from recs_core.progress import progress

BLOCK = 1024
"""Rows and columns that are swept at once."""

THREADS = 2


def invert_in_place(matrix: NDArray[np.float32]) -> None:
    """Replace a symmetric positive definite matrix, `float32[n, n]`, by its inverse.

    Its blocks above the diagonal are not read. Beside the matrix, three times n x `BLOCK` numbers are held.

    Raises:
        numpy.linalg.LinAlgError: the matrix is singular.
    """
    starts = range(0, matrix.shape[0], BLOCK)

    def span(start: int) -> slice:
        return slice(start, min(start + BLOCK, matrix.shape[0]))

    def subtract(rows: slice, scaled: NDArray[np.float32], column: NDArray[np.float32]) -> None:
        matrix[rows, : rows.stop] -= scaled[rows] @ column[: rows.stop].T

    # each row of blocks is one thread's, and BLAS runs on one in each: the bytes do not depend on how many there are
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(THREADS) as pool:
        for start in progress(starts, "invert", total=len(starts)):
            pivot = span(start)
            column = np.concatenate([matrix[pivot, : pivot.start].T, matrix[pivot.start :, pivot]])
            inverse = np.linalg.inv(matrix[pivot, pivot].astype(np.float64)).astype(np.float32)
            scaled = column @ inverse
            for done in [pool.submit(subtract, span(row), scaled, column) for row in starts]:
                done.result()
            matrix[pivot, : pivot.start] = scaled[: pivot.start].T
            matrix[pivot.stop :, pivot] = scaled[pivot.stop :]
            matrix[pivot, pivot] = -inverse
    for start in starts:
        rows = span(start)
        np.negative(matrix[rows, : rows.stop], out=matrix[rows, : rows.stop])
        matrix[: rows.start, rows] = matrix[rows, : rows.start].T
