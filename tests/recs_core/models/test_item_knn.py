import numpy as np
import pytest
from numpy.typing import NDArray

from recs_core.data.interactions import InteractionSet
from recs_core.models.item_knn import ItemKNN, ItemKNNConfig

WEIGHTINGS = ["cosine", "tfidf", "bm25"]
SHRINKAGES = [0.0, 4.0]


def fitted(interactions: InteractionSet, **config: object) -> ItemKNN:
    return ItemKNN(ItemKNNConfig.model_validate(config)).fit(interactions, None, rng=np.random.default_rng(7))


def expected_weights(
    matrix: NDArray[np.float64], weighting: str, k1: float, b: float, shrinkage: float
) -> NDArray[np.float64]:
    """The formulas, book by book, in dense NumPy."""
    n_books = matrix.shape[1]
    rarity = np.log(n_books) - np.log1p((matrix > 0).sum(axis=1))
    if weighting == "bm25":
        lengths = matrix.sum(axis=0)
        norms = 1 - b + b * lengths / lengths.mean()
        weighted = matrix * (k1 + 1) / (k1 * norms + matrix) * rarity[:, None]
    else:
        weighted = np.sqrt(matrix) * rarity[:, None] if weighting == "tfidf" else matrix
        weighted = weighted / np.linalg.norm(weighted, axis=0)
    shared = (matrix > 0).astype(float).T @ (matrix > 0)
    similarities = weighted.T @ weighted
    if shrinkage:
        similarities *= shared / (shared + shrinkage)
    np.fill_diagonal(similarities, 0)
    return similarities


@pytest.mark.parametrize("shrinkage", SHRINKAGES)
@pytest.mark.parametrize("weighting", WEIGHTINGS)
def test_weights_are_those_of_the_formula(
    interactions: InteractionSet, weighting: str, shrinkage: float
) -> None:
    settings = {"weighting": weighting, "k1": 2.0, "b": 0.3, "shrinkage": shrinkage}
    weights = fitted(interactions, neighbours=len(interactions.books), **settings).weights.toarray()
    matrix = interactions.matrix.toarray().astype(np.float64)
    expected = expected_weights(matrix, weighting, 2.0, 0.3, shrinkage)
    np.testing.assert_allclose(weights, expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("shrinkage", SHRINKAGES)
@pytest.mark.parametrize("weighting", WEIGHTINGS)
def test_as_many_weights_are_kept_a_book_as_asked_for(
    interactions: InteractionSet, weighting: str, shrinkage: float
) -> None:
    weights = fitted(interactions, neighbours=7, weighting=weighting, shrinkage=shrinkage).weights
    assert np.diff(weights.indptr).max() == 7
    assert not weights.diagonal().any()


@pytest.mark.parametrize("shrinkage", SHRINKAGES)
@pytest.mark.parametrize("weighting", WEIGHTINGS)
def test_the_largest_weights_are_kept(interactions: InteractionSet, weighting: str, shrinkage: float) -> None:
    settings = {"weighting": weighting, "shrinkage": shrinkage}
    everything = fitted(interactions, neighbours=len(interactions.books), **settings).weights.toarray()
    few = fitted(interactions, neighbours=7, **settings).weights.toarray()
    for row, line in enumerate(few):
        left_out = everything[row][line == 0]
        assert line[line > 0].min() >= left_out.max(initial=0) * (1 - 1e-6)
