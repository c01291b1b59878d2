import numpy as np
import pytest

from recs_core.data.interactions import InteractionSet
from recs_core.models.item_knn import ItemKNN, ItemKNNConfig


def fitted(interactions: InteractionSet, **config: object) -> ItemKNN:
    return ItemKNN(ItemKNNConfig.model_validate(config)).fit(interactions, None, rng=np.random.default_rng(7))


def test_cosine_weights_are_those_of_the_formula(interactions: InteractionSet) -> None:
    weights = fitted(interactions, neighbours=len(interactions.books)).weights.toarray()
    columns = interactions.matrix.toarray()
    lengths = np.linalg.norm(columns, axis=0)
    expected = (columns.T @ columns) / np.outer(lengths, lengths)
    np.fill_diagonal(expected, 0)
    np.testing.assert_allclose(weights, expected, rtol=1e-5)


@pytest.mark.parametrize("weighting", ["cosine", "tfidf", "bm25"])
def test_as_many_weights_are_kept_a_book_as_asked_for(interactions: InteractionSet, weighting: str) -> None:
    weights = fitted(interactions, neighbours=7, weighting=weighting).weights
    assert np.diff(weights.indptr).max() == 7
    assert not weights.diagonal().any()


@pytest.mark.parametrize("weighting", ["cosine", "tfidf", "bm25"])
def test_the_largest_weights_are_kept(interactions: InteractionSet, weighting: str) -> None:
    everything = fitted(
        interactions, neighbours=len(interactions.books), weighting=weighting
    ).weights.toarray()
    few = fitted(interactions, neighbours=7, weighting=weighting).weights.toarray()
    for row, line in enumerate(few):
        left_out = everything[row][line == 0]
        assert line[line > 0].min() >= left_out.max(initial=0) * (1 - 1e-6)
