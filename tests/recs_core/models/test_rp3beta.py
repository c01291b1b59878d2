import numpy as np
import pytest

from recs_core.data.interactions import InteractionSet
from recs_core.models import sparse
from recs_core.models.rp3beta import RP3BetaConfig, walk_weights


@pytest.mark.parametrize(("alpha", "beta"), [(1.0, 0.0), (0.5, 0.4), (1.7, 1.0)])
def test_weights_are_those_of_the_formula(interactions: InteractionSet, alpha: float, beta: float) -> None:
    weights = walk_weights(
        interactions.matrix, RP3BetaConfig(alpha=alpha, beta=beta, neighbours=50)
    ).toarray()
    matrix = interactions.matrix.toarray().astype(np.float64)
    to_books = (matrix / matrix.sum(axis=1, keepdims=True)) ** alpha
    to_users = (matrix.T / matrix.T.sum(axis=1, keepdims=True)) ** alpha
    expected = to_users @ to_books / matrix.sum(axis=0) ** beta
    np.fill_diagonal(expected, 0)
    np.testing.assert_allclose(weights, expected, rtol=1e-5)


def test_the_largest_weights_of_each_book_are_kept(interactions: InteractionSet) -> None:
    config = RP3BetaConfig(alpha=1.0, beta=0.4, neighbours=50)
    everything = walk_weights(interactions.matrix, config)
    few = walk_weights(interactions.matrix, config.model_copy(update={"neighbours": 6}))
    assert np.diff(few.indptr).max() == 6
    for row in range(everything.shape[0]):
        largest = np.sort(everything[[row]].data)[::-1][:6]
        assert np.sort(few[[row]].data)[::-1].tolist() == largest.tolist()


def test_blocks_of_any_size_give_the_same_bytes(
    interactions: InteractionSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = RP3BetaConfig(alpha=0.7, beta=0.4, neighbours=9)
    whole = walk_weights(interactions.matrix, config)
    monkeypatch.setattr(sparse, "BLOCK", 8)
    blocked = walk_weights(interactions.matrix, config)
    for part in ("indptr", "indices", "data"):
        assert getattr(whole, part).tobytes() == getattr(blocked, part).tobytes()


def test_a_book_without_readers_has_no_weights(interactions: InteractionSet) -> None:
    matrix = interactions.matrix.toarray()
    matrix[:, 3] = 0
    weights = walk_weights(
        type(interactions.matrix)(matrix), RP3BetaConfig(alpha=1.0, beta=0.4, neighbours=50)
    )
    assert not weights.toarray()[3].any()
    assert not weights.toarray()[:, 3].any()
