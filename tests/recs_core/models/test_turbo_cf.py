import numpy as np
import pytest
from scipy.sparse import csr_array

from recs_core.data.interactions import InteractionSet
from recs_core.models.turbo_cf import TurboCFConfig, filter_weights, spectral_radius


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize(("alpha", "power"), [(0.5, 1.0), (0.6, 0.7), (0.1, 1.4)])
def test_weights_are_the_papers_polynomial(
    interactions: InteractionSet, order: int, alpha: float, power: float
) -> None:
    history = interactions.matrix.toarray().astype(np.float64)
    users, books = history.sum(axis=1), history.sum(axis=0)
    normalised = history / users[:, None] ** alpha / books ** (1 - alpha)
    p = (normalised.T @ normalised) ** power
    if order == 1:
        np.fill_diagonal(p, 0)
    p /= np.linalg.norm(p, ord=2)
    expected = {
        1: p,
        2: 2 * p - p @ p,
        3: p + 0.01 * (-p @ p @ p + 10 * p @ p - 29 * p),
    }[order]
    np.fill_diagonal(expected, 0)
    config = TurboCFConfig.model_validate(
        {
            "user_exponent": alpha,
            "book_exponent": 1 - alpha,
            "power": power,
            "order": order,
            "neighbours": len(interactions.books),
        }
    )
    weights = filter_weights(interactions.matrix, config)
    assert weights.dtype == np.float32
    np.testing.assert_allclose(weights.toarray(), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_the_heaviest_edges_of_each_book_are_kept(interactions: InteractionSet, order: int) -> None:
    config = TurboCFConfig.model_validate({"order": order, "neighbours": 6})
    weights = filter_weights(interactions.matrix, config)
    assert np.diff(weights.indptr).max() == 6
    assert not weights.diagonal().any()


def test_a_book_without_readers_has_no_edges(interactions: InteractionSet) -> None:
    matrix = interactions.matrix.toarray()
    matrix[:, 3] = 0
    weights = filter_weights(csr_array(matrix), TurboCFConfig(order=2)).toarray()
    assert not weights[3].any()
    assert not weights[:, 3].any()


def test_the_spectral_radius_is_the_largest_eigenvalue() -> None:
    graph = np.random.default_rng(7).random((9, 9)).astype(np.float32)
    expected = np.abs(np.linalg.eigvals(graph)).max()
    assert spectral_radius(csr_array(graph)) == pytest.approx(expected, rel=1e-5)
    assert spectral_radius(csr_array(np.triu(graph, k=1))) == 1
