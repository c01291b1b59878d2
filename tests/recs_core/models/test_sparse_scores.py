import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recs_core.data.idmap import PAD
from recs_core.data.interactions import csr_to_arrays, history_of
from recs_core.models.base import Recommender
from recs_core.models.item_knn import ItemKNN, ItemKNNConfig

N = 9


def model_of(weights: NDArray[np.float32]) -> ItemKNN:
    return ItemKNN.from_state(ItemKNNConfig(neighbours=1), csr_to_arrays(csr_array(weights)))


def test_a_book_without_a_weight_to_the_history_is_not_recommended() -> None:
    model = model_of(np.array([[0, 0.5, 0], [0.5, 0, 0], [0, 0, 0]], dtype=np.float32))
    assert model.recommend(history_of(np.array([0], dtype=np.int32), 3), k=2).books.tolist() == [[1, PAD]]


# few different values: ties are the rule, and so are sums that cancel out
weight_matrices = hnp.arrays(np.float32, (N, N), elements=st.sampled_from([0.0, 0.0, 0.5, 1.0, -0.5]))
histories = hnp.arrays(np.float32, (3, N), elements=st.sampled_from([0.0, 0.0, 1.0, 2.0]))


@given(
    weight_matrices,
    histories,
    st.integers(1, N + 2),
    st.booleans(),
    st.none() | st.sets(st.integers(0, N - 1)),
)
def test_the_lists_are_those_of_the_dense_scores(
    weights: NDArray[np.float32],
    histories: NDArray[np.float32],
    k: int,
    exclude_seen: bool,
    chosen: set[int] | None,
) -> None:
    model, history = model_of(weights), csr_array(histories)
    candidates = None if chosen is None else np.array(sorted(chosen), dtype=np.int32)
    sparse = model.recommend(history, k=k, exclude_seen=exclude_seen, candidates=candidates)
    dense = Recommender.recommend(model, history, k=k, exclude_seen=exclude_seen, candidates=candidates)
    assert sparse.books.tolist() == dense.books.tolist()
    assert sparse.scores.tolist() == dense.scores.tolist()
