"""Sparse scores and weights: products in blocks, the largest entries of each row, lists without a dense row."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from recs_core.data.idmap import PAD
from recs_core.data.topk import TopK
from recs_core.progress import progress

BLOCK = 512
"""Rows of a product computed at once: bounds the memory before pruning."""

THREADS = 2


def transposed(matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """A transposed copy of a tall dense matrix, some rows at a time, so that they stay in the processor's cache."""
    turned = np.empty(matrix.shape[::-1], dtype=matrix.dtype)
    for start in range(0, matrix.shape[0], BLOCK):
        turned[:, start : start + BLOCK] = matrix[start : start + BLOCK].T
    return turned


def rows_of(matrix: csr_array) -> NDArray[np.int64]:
    """The row of each stored entry, `int64[nnz]`."""
    return np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))


def entries(matrix: csr_array, mask: NDArray[np.bool_]) -> csr_array:
    """The stored entries of `mask`, `bool[nnz]`, in their order."""
    before = np.append(0, np.cumsum(mask))
    indptr = before[matrix.indptr].astype(matrix.indptr.dtype)
    return csr_array((matrix.data[mask], matrix.indices[mask], indptr), shape=matrix.shape)


def narrow(matrix: csr_array) -> csr_array:
    """The matrix with indexes of 32 bits where they suffice: products are a third faster than with 64."""
    index = np.int32 if max(matrix.nnz, *matrix.shape) <= np.iinfo(np.int32).max else np.int64
    parts = (matrix.data, matrix.indices.astype(index, copy=False), matrix.indptr.astype(index, copy=False))
    return csr_array(parts, shape=matrix.shape)


def ones_like(matrix: csr_array) -> csr_array:
    """1 for each stored entry, `float32`: the product of two such matrices counts what is shared."""
    ones = np.ones(matrix.nnz, dtype=np.float32)
    return csr_array((ones, matrix.indices, matrix.indptr), shape=matrix.shape)


def shrink(similarities: csr_array, shared: csr_array, shrinkage: float) -> csr_array:
    """Similarities times n / (n + shrinkage), where n is how many entries the two have in common.

    Args:
        similarities: `float32[n, m]`.
        shared: `float32[n, m]`, the counts, wherever there is a similarity.
        shrinkage: positive; the count at which a similarity is halved.
    """
    trust = shared.data / (shared.data + np.float32(shrinkage))
    factors = csr_array((trust, shared.indices, shared.indptr), shape=shared.shape)
    # two products of matrices that are filled alike have their entries in one order, if no sum of them is zero
    alike = all(
        np.array_equal(getattr(similarities, part), getattr(shared, part)) for part in ("indptr", "indices")
    )
    if not alike:
        return csr_array(similarities.multiply(factors))
    factors.data *= similarities.data
    return factors


def without_diagonal(block: csr_array, *, first_row: int = 0) -> csr_array:
    """Drop the diagonal: a book is no reason to recommend itself.

    Args:
        block: some rows of the weights.
        first_row: the row of the whole matrix that the block begins with.
    """
    return entries(block, rows_of(block) + first_row != block.indices)


def keep_largest(block: csr_array, n: int | NDArray[np.int64]) -> csr_array:
    """Keep the n largest entries of each row; of equal ones those of the lower columns.

    Args:
        block: columns in any order, each at most once a row.
        n: how many, one number or one a row.

    Returns:
        The entries kept, columns in rising order.
    """
    wanted = np.broadcast_to(np.asarray(n, dtype=np.int64), block.shape[0])
    counts = np.diff(block.indptr)
    border = np.full(block.shape[0], -np.inf, dtype=block.dtype)
    work = block.data.copy()
    for row in np.flatnonzero(counts > wanted).tolist():
        line = work[block.indptr[row] : block.indptr[row + 1]]
        place = line.size - wanted[row]
        line.partition(place)
        border[row] = line[place]
    reached = entries(block, block.data >= np.repeat(border, counts))
    reached.sort_indices()
    # the border may be reached by more than there is place for: of those equal to it the first stay
    rows = rows_of(reached)
    at_border = reached.data == border[rows]
    above = np.bincount(rows[~at_border], minlength=block.shape[0])
    equal_so_far = np.cumsum(at_border)
    equal_before = np.append(0, equal_so_far)[reached.indptr[:-1]]
    kept = entries(reached, ~at_border | (equal_so_far - equal_before[rows] <= (wanted - above)[rows]))
    kept.has_sorted_indices = True
    return kept


def rank_sparse(
    scores: csr_array,
    k: int,
    *,
    seen: csr_array | None = None,
    candidates: NDArray[np.int32] | None = None,
) -> TopK:
    """Take the k highest scores of each row, where no entry and an entry of 0 mean that a book is unknown.

    The lists are those that `top_k` makes of the dense scores, equal scores in the order of the books, in time and
    memory of the entries alone.

    Args:
        scores: `float32[n, n_books]`.
        k: length of the lists.
        seen: `float32[n, n_books]`, whose books are left out; none where None.
        candidates: `int32[m]` book rows to choose from; all where None.
    """
    n_rows, n_books = scores.shape
    known = scores.data != 0
    if candidates is not None:
        allowed = np.zeros(n_books, dtype=np.bool_)
        allowed[candidates] = True
        known &= allowed[scores.indices]
    if not known.all():
        scores = entries(scores, known)
    # of so many at most those of the history are left out, and k remain if there are k
    best = keep_largest(scores, k if seen is None else k + np.diff(seen.indptr).astype(np.int64))
    if seen is not None:
        read = np.isin(rows_of(best) * n_books + best.indices, rows_of(seen) * n_books + seen.indices)
        best = entries(best, ~read)
    rows = rows_of(best)
    # a stable sort: columns stand in rising order already
    order = np.lexsort((-best.data, rows))
    place = np.arange(order.size) - best.indptr[rows]
    first = place < k
    order, rows, place = order[first], rows[first], place[first]
    books = np.full((n_rows, k), PAD, dtype=np.int32)
    of_books = np.full((n_rows, k), -np.inf, dtype=np.float32)
    books[rows, place] = best.indices[order]
    of_books[rows, place] = best.data[order]
    return TopK(books, of_books)


def product_in_blocks(
    left: csr_array,
    right: csr_array,
    prune: Callable[[csr_array, int], csr_array],
    *,
    what: str,
    shrinkage: float = 0.0,
) -> csr_array:
    """The product of two matrices, of which only what `prune` keeps is ever held at once.

    The blocks do not depend on each other and are put together in their order, so any number of threads gives the
    same bytes.

    Args:
        left, right: `float32[n, u]` and `float32[u, m]`.
        prune: given some rows of the product and the number of the first, returns what is to be kept of them.
        what: what the progress bar says.
        shrinkage: where positive, each entry is shrunk before pruning, see `shrink`.
    """
    left, right = narrow(left), narrow(right)
    left_ones, right_ones = ones_like(left), ones_like(right)
    starts = range(0, left.shape[0], BLOCK)

    def one_block(start: int) -> csr_array:
        rows = slice(start, start + BLOCK)
        block = csr_array(left[rows] @ right)
        if shrinkage > 0:
            block = shrink(block, csr_array(left_ones[rows] @ right_ones), shrinkage)
        return prune(block, start)

    with ThreadPoolExecutor(THREADS) as pool:
        blocks = progress(pool.map(one_block, starts), what, total=len(starts))
        return narrow(csr_array(vstack(list(blocks), format="csr")))
