"""EASE by both of its systems; the conformance suite runs here on the dual, which its own data does not need."""

from functools import cached_property
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array, random_array

import recs_core.testing.linear_checks
import recs_core.testing.models  # noqa: F401 - they fill CHECKS
from recs_core.data.idmap import IdMap
from recs_core.data.interactions import InteractionSet
from recs_core.errors import ParameterError
from recs_core.models import ease
from recs_core.models.ease import EASE, Dual, EASEConfig, Primal, solve_dual, solve_primal
from recs_core.models.registry import ModelSpec
from recs_core.testing.model_case import CHECKS, ModelCase, applies
from recs_core.testing.tiny import tiny_interactions


def few_users(interactions: InteractionSet, n: int) -> InteractionSet:
    users = IdMap.from_ids(interactions.users.array[:n].tolist(), space="user")
    return InteractionSet(users, interactions.books, interactions.matrix[:n])


def regression(history: np.ndarray, regularization: float) -> np.ndarray:
    """Each book's ridge regression on all others, solved on its own."""
    n_books = history.shape[1]
    weights = np.zeros((n_books, n_books))
    for book in range(n_books):
        others = np.delete(np.arange(n_books), book)
        x = history[:, others]
        gram = x.T @ x + regularization * np.eye(others.size)
        weights[others, book] = np.linalg.solve(gram, x.T @ history[:, book])
    return weights


@pytest.mark.parametrize("regularization", [1.0, 30.0])
def test_weights_are_each_books_regression_on_all_others(
    interactions: InteractionSet, regularization: float
) -> None:
    expected = regression(interactions.matrix.toarray().astype(np.float64), regularization)
    weights = solve_primal(interactions.matrix, regularization).weights
    np.testing.assert_allclose(weights, expected, atol=1e-5)
    assert not weights.diagonal().any()


@given(
    users=st.integers(1, 30),
    books=st.integers(1, 30),
    regularization=st.floats(0.5, 100),
    seed=st.integers(0, 2**20),
)
def test_the_primal_and_the_dual_give_the_same_scores(
    users: int, books: int, regularization: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    matrix, history = (
        csr_array(random_array((rows, books), density=0.3, rng=rng)).astype(np.float32) for rows in (users, 5)
    )
    primal, dual = solve_primal(matrix, regularization), solve_dual(matrix, regularization)
    np.testing.assert_allclose(dual.score(history), primal.score(history), atol=2e-5)


def test_the_smaller_system_is_solved(interactions: InteractionSet) -> None:
    rng = np.random.default_rng(7)
    assert isinstance(EASE(EASEConfig()).fit(interactions, None, rng=rng).solution, Primal)
    fewer = few_users(interactions, 40)
    assert isinstance(EASE(EASEConfig()).fit(fewer, None, rng=rng).solution, Dual)


def test_many_readers_and_few_are_multiplied_to_the_same_scores(
    interactions: InteractionSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    dual = solve_dual(few_users(interactions, 40).matrix, 10.0)
    scores = []
    for cost in (0, 10**9):
        monkeypatch.setattr(ease, "SPARSE_COST", cost)
        scores.append(dual.score(interactions.matrix))
    np.testing.assert_allclose(*scores, atol=1e-5)


def test_a_system_too_large_is_refused_with_what_to_do(interactions: InteractionSet) -> None:
    model = EASE(EASEConfig(max_gigabytes=1e-6))
    with pytest.raises(ParameterError, match=r"60 users and 50 books, and max_gigabytes is 1e-06; raise it"):
        model.fit(interactions, None, rng=np.random.default_rng(7))


class DualCase(ModelCase):
    """Fewer users than books."""

    @cached_property
    def train(self) -> InteractionSet:
        return few_users(tiny_interactions(), 40)


@pytest.fixture(scope="module")
def dual_case(tmp_path_factory: pytest.TempPathFactory) -> ModelCase:
    scratch: Path = tmp_path_factory.mktemp("dual")
    return DualCase(ModelSpec(kind="ease"), scratch)


@pytest.mark.parametrize("name", [name for name in CHECKS if applies(name, "ease")])
def test_the_dual_passes_the_conformance_suite(name: str, dual_case: ModelCase) -> None:
    check, *_ = CHECKS[name]
    check(dual_case)
