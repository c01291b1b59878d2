import numpy as np
import pytest
from numpy.typing import NDArray

from recs_core.data.topk import TopK
from recs_core.models.popularity import Popularity, PopularityConfig
from recs_core.models.registry import MODELS, TRANSDUCTIVE
from recs_core.models.transductive import recommend_every_user
from recs_core.models.validated import Validated, fit_model
from recs_core.testing.tiny import tiny_interactions


class NeverAsked:
    users: NDArray[np.int32] = np.arange(3, dtype=np.int32)
    k = 5

    def __call__(self, recs: TopK) -> float:
        raise AssertionError("a model that learns at one go needs no judge")


def test_a_model_that_learns_at_one_go_is_fitted_without_the_judge() -> None:
    train = tiny_interactions()
    model = Popularity(PopularityConfig())
    fitted = fit_model(model, train, None, judge=NeverAsked(), rng=np.random.default_rng(7))
    assert fitted is model
    assert model.n_books == len(train.books)


def test_a_recommender_ranks_every_user_by_the_history() -> None:
    train = tiny_interactions()
    model = Popularity(PopularityConfig()).fit(train, None, rng=np.random.default_rng(7))
    lists = recommend_every_user(model, train, k=4)
    assert np.array_equal(lists.books, model.recommend(train.matrix, k=4).books)


@pytest.mark.parametrize("kind", sorted(TRANSDUCTIVE))
def test_the_networks_are_watched(kind: str) -> None:
    assert issubclass(TRANSDUCTIVE[kind], Validated)


def test_popularity_is_not() -> None:
    assert not issubclass(MODELS["popularity"], Validated)
