import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_core.artifacts.bundle import Bundle
from recs_core.data.interactions import InteractionSet, history_of
from recs_core.explanations.counterfactual import counterfactuals, without_each
from recs_core.features.content import ContentFeatures
from recs_core.models.base import Explainable, Recommender
from recs_core.models.registry import ModelSpec, build_model
from recs_core.testing.tiny import BOOKS

HISTORY = history_of(np.array([3, 8, 20, 41], dtype=np.int32), BOOKS)


def fitted(kind: str, interactions: InteractionSet, features: ContentFeatures) -> Recommender:
    model = build_model(ModelSpec(kind=kind), where=kind)
    return model.fit(interactions, features, rng=np.random.default_rng(7))


@given(st.sets(st.integers(0, BOOKS - 1)), st.integers(0, 6), st.integers(0, BOOKS - 1))
def test_the_true_loss_is_that_of_scoring_the_shorter_history(
    bundle: Bundle, read: set[int], first: int, book: int
) -> None:
    model = bundle.model
    assert isinstance(model, Explainable)
    history = history_of(np.array(sorted(read), dtype=np.int32), BOOKS)
    found = counterfactuals(model, history, book, first=first)
    assert len(found) == min(first, len(read))
    for one in found:
        shorter = history_of(np.array(sorted(read - {one.book_row}), dtype=np.int32), BOOKS)
        lost = model.score(history)[0, book] - model.score(shorter)[0, book]
        assert one.true == pytest.approx(lost, abs=1e-5)


def test_the_largest_amounts_come_first(bundle: Bundle) -> None:
    assert isinstance(bundle.model, Explainable)
    said = [abs(one.said) for one in counterfactuals(bundle.model, HISTORY, 13, first=4)]
    assert said == sorted(said, reverse=True)


@pytest.mark.parametrize("kind", ["rp3beta", "content"])
def test_a_linear_model_says_what_is_true(
    interactions: InteractionSet, features: ContentFeatures, kind: str
) -> None:
    model = fitted(kind, interactions, features)
    assert isinstance(model, Explainable)
    for book in range(BOOKS):
        for one in counterfactuals(model, HISTORY, book, first=4):
            assert one.exact
            assert one.said == pytest.approx(one.true, abs=1e-5)


@pytest.mark.parametrize("kind", ["hybrid", "als"])
def test_another_model_says_that_it_approximates(
    interactions: InteractionSet, features: ContentFeatures, kind: str
) -> None:
    model = fitted(kind, interactions, features)
    assert isinstance(model, Explainable)
    found = [one for book in range(BOOKS) for one in counterfactuals(model, HISTORY, book, first=4)]
    assert not any(one.exact for one in found)
    assert max(abs(one.said - one.true) for one in found) > 1e-3


def test_a_book_that_the_history_says_nothing_of_has_no_losses(interactions: InteractionSet) -> None:
    model = build_model(ModelSpec(kind="popularity"), where="popularity")
    model.fit(interactions, None, rng=np.random.default_rng(7))
    assert isinstance(model, Explainable)
    assert [(one.said, one.true) for one in counterfactuals(model, HISTORY, 0, first=2)] == [(0, 0)] * 2


def test_each_shorter_history_lacks_one_book() -> None:
    history = HISTORY.copy()
    history.data[:] = [1, 2, 3, 4]
    shorter = without_each(history, np.array([2, 0]))
    expected = np.repeat(history.toarray(), 2, axis=0)
    expected[0, 20] = expected[1, 3] = 0
    assert shorter.toarray().tolist() == expected.tolist()
    assert shorter.nnz == 6
