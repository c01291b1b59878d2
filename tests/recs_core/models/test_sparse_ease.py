import numpy as np
import pytest
from scipy.sparse import csr_array

from recs_core.data.interactions import InteractionSet
from recs_core.models import sparse
from recs_core.models.ease import solve_primal
from recs_core.models.sparse_ease import SparseEASEConfig, regression_weights


def test_with_all_books_as_neighbours_it_is_ease(interactions: InteractionSet) -> None:
    config = SparseEASEConfig(neighbours=len(interactions.books), regularization=5.0)
    sparse_weights = regression_weights(interactions.matrix, config).toarray()
    dense = solve_primal(interactions.matrix, 5.0).weights
    # books that share no reader are no neighbours; EASE gives them a weight by way of third books
    together = (interactions.matrix.T @ interactions.matrix).toarray() > 0
    complete = together.all(axis=0)
    assert complete.any()
    np.testing.assert_allclose(sparse_weights[:, complete], dense[:, complete], atol=1e-5)


def test_weights_are_the_regression_on_the_nearest_books(interactions: InteractionSet) -> None:
    history = interactions.matrix.toarray().astype(np.float64)
    lengths = np.linalg.norm(history, axis=0)
    cosines = history.T @ history / np.outer(lengths, lengths)
    np.fill_diagonal(cosines, 0)
    config = SparseEASEConfig(neighbours=6, regularization=2.0)
    weights = regression_weights(interactions.matrix, config).toarray()
    for book in range(history.shape[1]):
        nearest = np.flatnonzero(weights[:, book])
        assert nearest.size <= 6
        farther = np.setdiff1d(np.arange(history.shape[1]), nearest)
        assert cosines[book, nearest].min() >= cosines[book, farther].max() - 1e-6
        x = history[:, nearest]
        gram = x.T @ x + 2.0 * np.eye(nearest.size)
        expected = np.linalg.solve(gram, x.T @ history[:, book])
        np.testing.assert_allclose(weights[nearest, book], expected, atol=1e-5)


def test_blocks_of_any_size_give_the_same_bytes(
    interactions: InteractionSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = SparseEASEConfig(neighbours=9)
    whole = regression_weights(interactions.matrix, config)
    monkeypatch.setattr(sparse, "BLOCK", 8)
    blocked = regression_weights(interactions.matrix, config)
    for part in ("indptr", "indices", "data"):
        assert getattr(whole, part).tobytes() == getattr(blocked, part).tobytes()


def test_a_book_without_readers_has_no_weights(interactions: InteractionSet) -> None:
    matrix = interactions.matrix.toarray()
    matrix[:, 3] = 0
    weights = regression_weights(csr_array(matrix), SparseEASEConfig()).toarray()
    assert not weights[3].any()
    assert not weights[:, 3].any()
