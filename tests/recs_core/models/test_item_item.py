import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recs_core.data.idmap import PAD
from recs_core.data.interactions import csr_to_arrays, history_of
from recs_core.models.item_item import keep_largest, without_diagonal
from recs_core.models.item_knn import ItemKNN, ItemKNNConfig


def test_a_book_without_a_weight_to_the_history_is_not_recommended() -> None:
    weights = csr_array(np.array([[0, 0.5, 0], [0.5, 0, 0], [0, 0, 0]], dtype=np.float32))
    model = ItemKNN.from_state(ItemKNNConfig(neighbours=1), csr_to_arrays(weights))
    assert model.recommend(history_of(np.array([0], dtype=np.int32), 3), k=2).books.tolist() == [[1, PAD]]


# few different values: ties are the rule; zeros are no entries
blocks = hnp.arrays(
    np.float32,
    hnp.array_shapes(min_dims=2, max_dims=2, max_side=7),
    elements=st.sampled_from([0.0, 0.25, 0.5, 1.0]),
)


@given(blocks, st.integers(1, 8))
def test_keep_largest_is_the_head_of_a_full_sort_of_each_row(block: NDArray[np.float32], n: int) -> None:
    kept = keep_largest(csr_array(block), n)
    expected = np.zeros_like(block)
    for row, line in enumerate(block):
        order = sorted(np.flatnonzero(line).tolist(), key=lambda column, line=line: (-line[column], column))
        expected[row, order[:n]] = line[order[:n]]
    assert np.array_equal(kept.toarray(), expected)
    assert kept.nnz == np.count_nonzero(expected)
    assert kept.has_sorted_indices


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
