import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from recs_core.models import blending
from recs_core.models.blending import BEST, reader_scale, scale_of_all, weights_by_history
from recs_core.models.popularity import log_popularity

EVIDENCE = np.array([True, True, False, False])


def test_the_scale_is_the_mean_of_the_best_unread_positive_scores_or_one() -> None:
    scores = np.array(
        [[0.5, 2.0, 8.0], [0.0, 0.0, 0.0], [-1.0, -2.0, 3.0], [1.0, 2.0, 3.0]], dtype=np.float32
    )
    history = csr_array(np.array([[0, 0, 1], [0, 0, 0], [0, 0, 1], [1, 1, 1]], dtype=np.float32))
    before = scores.copy()
    assert reader_scale(scores, history).tolist() == [1.25, 1.0, 1.0, 1.0]
    assert np.array_equal(scores, before)


@given(st.integers(0, 2**32 - 1), st.integers(1, 3_000), st.integers(2, 1_000), st.integers(4, 64))
def test_the_scale_is_that_of_a_full_sort(seed: int, n_books: int, values: int, groups: int) -> None:
    """Rows that are divided into groups and rows that are not, of many and of few different scores."""
    rng = np.random.default_rng(seed)
    scores = rng.integers(-values // 4, values, size=(1, n_books)).astype(np.float32)
    read = rng.random((1, n_books)) < 0.1
    unread = np.sort(scores[0][~read[0]])[::-1]
    best = unread[unread > 0][:BEST]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blending, "GROUPS", groups + BEST)
        scale = reader_scale(scores, csr_array(read.astype(np.float32)))
    assert scale.tolist() == [np.float32(best.mean(dtype=np.float64)) if best.size else 1.0]


@given(st.integers(0, 2**32 - 1), st.integers(1, 300), st.integers(1, 100), st.floats(0, 1))
def test_a_scale_that_is_looked_up_is_that_of_all_scores_to_the_bit(
    seed: int, n_books: int, n_leading: int, share: float
) -> None:
    rng = np.random.default_rng(seed)
    line = log_popularity(csr_array(rng.random((40, n_books)) < 0.2))
    history = csr_array((rng.random((3, n_books)) < share * rng.random((3, 1))).astype(np.float32))
    leading = np.argsort(-line, kind="stable")[:n_leading].astype(np.int32)
    found = scale_of_all(line, leading, history)
    if found is None:
        assert n_leading < BEST + np.diff(history.indptr).max()
    else:
        assert np.array_equal(found, reader_scale(np.repeat(line[None, :], 3, axis=0), history))


@given(
    st.lists(st.floats(0, 10), min_size=4, max_size=4),
    st.lists(st.integers(0, 500), min_size=1, max_size=5),
    st.floats(0, 50),
)
def test_weights_are_moved_and_never_lost(weights: list[float], counts: list[int], half: float) -> None:
    given_weights = np.array(weights)
    found = weights_by_history(given_weights, EVIDENCE, np.array(counts), half=half)
    assert (found >= 0).all()
    np.testing.assert_allclose(found.sum(axis=1), given_weights.sum(), rtol=1e-9, atol=1e-9)


def test_a_collaborative_weight_counts_by_half_at_half() -> None:
    weights = np.array([0.4, 0.2, 0.3, 0.1])
    found = weights_by_history(weights, EVIDENCE, np.array([0, 3, 10**9]), half=3)
    np.testing.assert_allclose(found[0], [0, 0, 0.75, 0.25])
    np.testing.assert_allclose(found[1], [0.2, 0.1, 0.525, 0.175])
    np.testing.assert_allclose(found[2], weights)


@pytest.mark.parametrize(("weights", "half"), [([1, 2, 0, 0], 3.0), ([1, 2, 3, 4], 0.0)])
def test_without_a_rule_or_a_taker_every_weight_counts_in_full(weights: list[float], half: float) -> None:
    found = weights_by_history(np.array(weights, dtype=np.float64), EVIDENCE, np.array([0, 1, 9]), half=half)
    assert found.tolist() == [weights] * 3
