import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from recs_core.data.interactions import InteractionSet, history_of
from recs_core.models.bpr import BPR, BPRConfig, fitted_step
from recs_core.testing.tiny import BOOKS

CONFIG = BPRConfig(factors=12, iterations=60)


@pytest.fixture(scope="module")
def model(interactions: InteractionSet) -> BPR:
    return BPR(CONFIG).fit(interactions, None, rng=np.random.default_rng(7))


def chance_of_the_better(scores: np.ndarray, read: np.ndarray) -> float:
    """How often a read book ranks above one that is not, the average over readers: 1/2 by chance."""
    return float(
        np.mean([(line[r][:, None] > line[~r][None, :]).mean() for line, r in zip(scores, read, strict=True)])
    )


def test_folding_in_ranks_nearly_as_well_as_the_trained_readers(
    model: BPR, interactions: InteractionSet
) -> None:
    from implicit.cpu.bpr import BayesianPersonalizedRanking

    trainer = BayesianPersonalizedRanking(
        factors=CONFIG.factors,
        learning_rate=CONFIG.learning_rate,
        regularization=CONFIG.regularization,
        iterations=CONFIG.iterations,
        num_threads=1,
        random_state=int(np.random.default_rng(7).integers(2**31)),
    )
    trainer.fit(csr_matrix(interactions.matrix), show_progress=False)
    read = interactions.matrix.toarray() > 0
    of_trained = chance_of_the_better(trainer.user_factors @ trainer.item_factors.T, read)
    folded_in = chance_of_the_better(model.score(interactions.matrix), read)
    by_bias_alone = chance_of_the_better(np.tile(model.bias, (len(read), 1)), read)
    assert of_trained > 0.9
    assert folded_in > of_trained - 0.05
    assert folded_in > by_bias_alone + 0.1


def test_a_score_is_the_bias_and_the_step_towards_the_mean_of_the_history(
    model: BPR, interactions: InteractionSet
) -> None:
    history = interactions.matrix[[4]]
    factors = model.factors.astype(np.float64)
    reader = model.step[0] * factors[history.indices].mean(axis=0)
    np.testing.assert_allclose(model.score(history)[0], model.bias + factors @ reader, rtol=1e-4, atol=1e-5)


def test_the_mean_of_all_factors_is_zero(model: BPR) -> None:
    """So a reader of every book equally is a reader of whom nothing is known."""
    np.testing.assert_allclose(model.factors.mean(axis=0), 0, atol=1e-6)
    everything = history_of(np.arange(BOOKS, dtype=np.int32), BOOKS)
    np.testing.assert_allclose(model.score(everything)[0], model.bias, atol=1e-4)


def test_a_history_of_larger_values_is_the_same_reader(model: BPR, interactions: InteractionSet) -> None:
    once = interactions.matrix[[4]]
    np.testing.assert_allclose(model.score(once * np.float32(3)), model.score(once), rtol=1e-4, atol=1e-6)


@given(st.floats(-5, 5), st.integers(0, 2**32 - 1))
def test_the_step_is_the_least_squares_solution(step: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    directions = rng.normal(size=(9, 4)).astype(np.float32)
    off = rng.normal(size=(9, 4)).astype(np.float32)
    # whatever is perpendicular to the directions as a whole does not matter
    off -= directions * np.float32((directions * off).sum() / (directions**2).sum())
    found = fitted_step(directions, np.float32(step) * directions + off)
    np.testing.assert_allclose(found, [step], atol=1e-4)


def test_the_step_is_zero_where_nobody_has_read_anything() -> None:
    zeros = np.zeros((2, 3), dtype=np.float32)
    assert fitted_step(zeros, zeros).tolist() == [0]


def test_the_seed_decides_the_factors(interactions: InteractionSet, model: BPR) -> None:
    other = BPR(CONFIG).fit(interactions, None, rng=np.random.default_rng(8))
    assert not np.array_equal(other.factors, model.factors)
