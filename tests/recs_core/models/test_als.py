import numpy as np
import pytest
from scipy.sparse import csr_array

from recs_core.data.interactions import InteractionSet
from recs_core.models.als import ALS, ALSConfig

CONFIG = ALSConfig(factors=8, regularization=0.1, alpha=5.0, iterations=10)


@pytest.fixture(scope="module")
def model(interactions: InteractionSet) -> ALS:
    return ALS(CONFIG).fit(interactions, None, rng=np.random.default_rng(7))


def objective(model: ALS, history: np.ndarray, reader: np.ndarray) -> float:
    """What the paper minimises for one reader: weighted squared error of every book, and regularisation."""
    confidence = np.where(history > 0, CONFIG.alpha * history, 1.0)
    error = (history > 0) - model.factors.astype(np.float64) @ reader
    return float(confidence @ error**2 + CONFIG.regularization * reader @ reader)


def test_folding_in_finds_the_minimum_of_the_papers_objective(
    model: ALS, interactions: InteractionSet
) -> None:
    history = interactions.matrix.toarray()[0].astype(np.float64)
    scores = model.score(interactions.matrix[[0]])[0].astype(np.float64)
    # the reader's factors are those that give the scores
    reader, *_ = np.linalg.lstsq(model.factors.astype(np.float64), scores, rcond=None)
    lowest = objective(model, history, reader)
    rng = np.random.default_rng(7)
    for size in (1e-2, 1e-1, 1.0):
        for step in rng.normal(size=(20, reader.size)) * size:
            assert objective(model, history, reader + step) > lowest


def test_a_larger_value_pulls_its_book_up(model: ALS) -> None:
    book = np.array([7], dtype=np.int32)
    scores = [
        model.score(csr_array((np.array([value], np.float32), book, np.array([0, 1])), shape=(1, 50)))[0, 7]
        for value in (0.5, 1.0, 4.0)
    ]
    assert scores == sorted(scores)
    assert scores[0] < scores[2]


def test_similar_is_the_cosine_of_the_factors(model: ALS) -> None:
    best = model.similar(np.array([4], dtype=np.int32), k=3)
    factors = model.factors.astype(np.float64)
    cosines = factors @ factors[4] / np.linalg.norm(factors, axis=1) / np.linalg.norm(factors[4])
    cosines[4] = -np.inf
    assert best.books[0].tolist() == np.argsort(-cosines)[:3].tolist()
    np.testing.assert_allclose(best.scores[0], np.sort(cosines)[::-1][:3], rtol=1e-5)


def test_the_seed_decides_the_factors(interactions: InteractionSet, model: ALS) -> None:
    other = ALS(CONFIG).fit(interactions, None, rng=np.random.default_rng(8))
    assert not np.array_equal(other.factors, model.factors)
