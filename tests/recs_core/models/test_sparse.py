import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recs_core.data.topk import top_k
from recs_core.models import sparse
from recs_core.models.base import mask_seen
from recs_core.models.sparse import (
    keep_largest,
    narrow,
    product_in_blocks,
    rank_sparse,
    shrink,
    without_diagonal,
)

# few different values: ties are the rule; zeros are no entries
blocks = hnp.arrays(
    np.float32,
    hnp.array_shapes(min_dims=2, max_dims=2, max_side=7),
    elements=st.sampled_from([0.0, 0.25, 0.5, 1.0, -1.0]),
)


def shuffled(matrix: csr_array, seed: int) -> csr_array:
    """The same matrix with the entries of each row in a random order, as a product has them."""
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    order = np.lexsort((np.random.default_rng(seed).random(matrix.nnz), rows))
    return csr_array((matrix.data[order], matrix.indices[order], matrix.indptr), shape=matrix.shape)


@given(blocks, st.integers(1, 8), st.integers(0, 2**32 - 1))
def test_keep_largest_is_the_head_of_a_full_sort_of_each_row(
    block: NDArray[np.float32], n: int, seed: int
) -> None:
    kept = keep_largest(shuffled(csr_array(block), seed), n)
    expected = np.zeros_like(block)
    for row, line in enumerate(block):
        order = sorted(np.flatnonzero(line).tolist(), key=lambda column, line=line: (-line[column], column))
        expected[row, order[:n]] = line[order[:n]]
    assert np.array_equal(kept.toarray(), expected)
    assert kept.nnz == np.count_nonzero(expected)
    assert [kept[[row]].indices.tolist() for row in range(len(block))] == [
        np.flatnonzero(line).tolist() for line in expected
    ]


def test_keep_largest_takes_a_number_for_each_row() -> None:
    block = csr_array(np.array([[3, 1, 2], [3, 1, 2], [3, 1, 2]], dtype=np.float32))
    kept = keep_largest(block, np.array([1, 2, 5]))
    assert kept.toarray().tolist() == [[3, 0, 0], [3, 0, 2], [3, 1, 2]]


@given(blocks, st.integers(0, 3))
def test_without_diagonal_drops_the_diagonal_and_nothing_else(
    block: NDArray[np.float32], first_row: int
) -> None:
    stripped = without_diagonal(csr_array(block), first_row=first_row)
    expected = block.copy()
    for row in range(block.shape[0]):
        if row + first_row < block.shape[1]:
            expected[row, row + first_row] = 0
    assert np.array_equal(stripped.toarray(), expected)
    assert stripped.nnz == np.count_nonzero(expected)


@given(blocks, st.integers(1, 9), st.data())
def test_rank_sparse_makes_the_lists_of_the_dense_scores(
    scores: NDArray[np.float32], k: int, data: st.DataObject
) -> None:
    shape = scores.shape
    read = data.draw(hnp.arrays(np.bool_, shape))
    columns = data.draw(st.none() | st.sets(st.integers(0, shape[1] - 1)))
    candidates = None if columns is None else np.array(sorted(columns), dtype=np.int32)
    product = shuffled(csr_array(scores), data.draw(st.integers(0, 2**32 - 1)))
    # some entries are stored although they are 0, as after a sum that cancels out
    product.data[data.draw(hnp.arrays(np.bool_, product.nnz))] = 0
    dense = product.toarray()
    dense[dense == 0] = -np.inf
    seen = csr_array(read.astype(np.float32))
    mask_seen(dense, seen)
    if candidates is not None:
        dense[:, np.setdiff1d(np.arange(shape[1]), candidates)] = -np.inf
    expected = top_k(dense, k)
    found = rank_sparse(product, k, seen=seen, candidates=candidates)
    assert (found.books.dtype, found.scores.dtype) == (np.int32, np.float32)
    assert found.books.tolist() == expected.books.tolist()
    assert found.scores.tolist() == expected.scores.tolist()


def test_rank_sparse_leaves_nobody_out_who_has_read_nothing() -> None:
    scores = csr_array(np.array([[0, 2, 1], [0, 0, 0]], dtype=np.float32))
    assert rank_sparse(scores, 2).books.tolist() == [[1, 2], [-1, -1]]


@pytest.mark.parametrize("shrinkage", [0.0, 3.0])
def test_a_product_has_the_same_bytes_in_blocks_of_any_size_and_on_any_threads(
    shrinkage: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(7)
    left = csr_array(np.where(rng.random((40, 30)) < 0.3, rng.random((40, 30)), 0).astype(np.float32))
    right = csr_array(np.where(rng.random((30, 50)) < 0.3, rng.random((30, 50)), 0).astype(np.float32))

    def found() -> list[bytes]:
        product = product_in_blocks(
            left, right, lambda block, first_row: keep_largest(block, 6), what="test", shrinkage=shrinkage
        )
        return [getattr(product, part).tobytes() for part in ("indptr", "indices", "data")]

    whole = found()
    for block, threads in ((7, 1), (7, 3), (40, 2)):
        monkeypatch.setattr(sparse, "BLOCK", block)
        monkeypatch.setattr(sparse, "THREADS", threads)
        assert found() == whole


@given(blocks, blocks)
def test_shrink_follows_the_formula_even_where_a_similarity_cancels_out(
    left: NDArray[np.float32], right: NDArray[np.float32]
) -> None:
    width = min(left.shape[1], right.shape[0])
    left, right = left[:, :width], right[:width]
    similarities = csr_array(left) @ csr_array(right)
    similarities.eliminate_zeros()
    shared = csr_array((left != 0).astype(np.float32)) @ csr_array((right != 0).astype(np.float32))
    counts = (left != 0).astype(np.float64) @ (right != 0)
    expected = (left.astype(np.float64) @ right) * counts / (counts + 2.5)
    found = shrink(csr_array(similarities), csr_array(shared), 2.5)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.toarray(), expected, rtol=1e-5, atol=1e-6)


def test_narrow_changes_the_width_of_the_indexes_alone() -> None:
    wide = csr_array(np.eye(3, dtype=np.float32))
    wide.indices, wide.indptr = wide.indices.astype(np.int64), wide.indptr.astype(np.int64)
    assert (narrow(wide).indices.dtype, narrow(wide).indptr.dtype) == (np.int32, np.int32)
    assert np.array_equal(narrow(wide).toarray(), np.eye(3))
