import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_array, random_array

from recs_core.data.interactions import InteractionSet
from recs_core.models.bspm import BSPM
from recs_core.models.gf_cf import GFCF
from recs_core.models.graph_filter import GraphFilterModel, normalise, right_singular_vectors


def fitted(kind: type[GraphFilterModel], interactions: InteractionSet, **config: object) -> GraphFilterModel:
    return kind(kind.Config.model_validate(config)).fit(interactions, None, rng=np.random.default_rng(7))


def operators(
    history: NDArray[np.float64], user_exponent: float, book_exponent: float, factors: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """P~ and the ideal low-pass filter in dense float64, from the papers."""
    users, books = history.sum(axis=1), history.sum(axis=0)
    normalised = history / users[:, None] ** user_exponent / books**book_exponent
    normalised /= np.linalg.norm(normalised, ord=2)
    _, _, rows = np.linalg.svd(normalised)
    ideal = rows[:factors].T @ rows[:factors]
    return normalised.T @ normalised, ideal / books[:, None] ** book_exponent * books**book_exponent


@pytest.mark.parametrize(("user_exponent", "book_exponent"), [(0.5, 0.5), (0.3, 0.35), (0.0, 1.0)])
def test_gf_cf_is_the_papers_formula(
    interactions: InteractionSet, user_exponent: float, book_exponent: float
) -> None:
    history = interactions.matrix.toarray().astype(np.float64)
    linear, ideal = operators(history, user_exponent, book_exponent, 5)
    model = fitted(
        GFCF,
        interactions,
        user_exponent=user_exponent,
        book_exponent=book_exponent,
        factors=5,
        alpha=0.3,
    )
    expected = history @ (linear + 0.3 * ideal)
    np.testing.assert_allclose(model.score(interactions.matrix), expected, rtol=1e-3, atol=1e-4)


def test_at_the_papers_exponents_nothing_is_rescaled(interactions: InteractionSet) -> None:
    normalised = normalise(interactions.matrix, 0.5, 0.5)
    assert np.linalg.norm(normalised.toarray(), ord=2) == pytest.approx(1)


@pytest.mark.parametrize("merge", ["early", "late"])
@pytest.mark.parametrize(("time", "steps"), [(0.0, 1), (0.7, 1), (1.5, 3)])
def test_bspm_is_the_papers_processes_step_by_step(
    interactions: InteractionSet, merge: str, time: float, steps: int
) -> None:
    history = interactions.matrix.toarray().astype(np.float64)
    linear, ideal = operators(history, 0.5, 0.5, 5)
    # an Euler step of dB/dt = B P~ - B over a time of 1, and steps of dS/dt = -S P~
    blurred = history + 1.0 * (history @ linear - history)
    sharpened = blurred + 0.2 * history @ ideal if merge == "early" else blurred
    for _ in range(steps):
        sharpened = sharpened + time / steps * -(sharpened @ linear)
    expected = sharpened if merge == "early" else sharpened + 0.2 * history @ ideal
    model = fitted(
        BSPM,
        interactions,
        user_exponent=0.5,
        book_exponent=0.5,
        factors=5,
        beta=0.2,
        sharpening_time=time,
        sharpening_steps=steps,
        merge=merge,
    )
    np.testing.assert_allclose(model.score(interactions.matrix), expected, rtol=1e-3, atol=1e-4)


def test_without_sharpening_bspm_is_gf_cf(interactions: InteractionSet) -> None:
    one = fitted(BSPM, interactions, beta=0.4, sharpening_time=0.0).score(interactions.matrix)
    other = fitted(GFCF, interactions, alpha=0.4).score(interactions.matrix)
    np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", [GFCF, BSPM])
def test_a_book_without_readers_is_neither_scored_nor_a_reason(
    interactions: InteractionSet, kind: type[GraphFilterModel]
) -> None:
    matrix = interactions.matrix.toarray()
    matrix[:, 3] = 0
    fewer = InteractionSet(interactions.users, interactions.books, csr_array(matrix))
    model = fitted(kind, fewer)
    scores = model.score(interactions.matrix)
    assert np.all(scores[:, 3] == 0)
    np.testing.assert_allclose(scores, model.score(fewer.matrix), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("shape", [(90, 60), (40, 70)])
def test_the_projection_on_the_singular_vectors_is_that_of_a_full_decomposition(
    shape: tuple[int, int],
) -> None:
    rng = np.random.default_rng(3)
    matrix = csr_array(random_array(shape, density=0.2, rng=rng)).astype(np.float32)
    # a gap below the fourth singular value, so that the projection is well defined
    tastes = rng.random((shape[0], 4)) @ rng.random((4, shape[1]))
    matrix = csr_array(matrix * 0.3 + tastes.astype(np.float32))
    vectors, largest = right_singular_vectors(matrix, 4, rng)
    _, values, rows = np.linalg.svd(matrix.toarray())
    assert largest == pytest.approx(values[0], rel=1e-5)
    np.testing.assert_allclose(vectors @ vectors.T, rows[:4].T @ rows[:4], atol=1e-3)


def test_there_are_no_more_singular_vectors_than_users_or_books() -> None:
    matrix = csr_array(np.eye(3, 5, dtype=np.float32))
    vectors, _ = right_singular_vectors(matrix, 10, np.random.default_rng(7))
    assert vectors.shape == (5, 3)
