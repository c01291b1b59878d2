from typing import Any

import numpy as np
import pytest

from recs_core.data.interactions import InteractionSet, history_of
from recs_core.errors import ParameterError
from recs_core.features.content import ContentFeatures
from recs_core.models.base import Recommender
from recs_core.models.hybrid import reader_scale
from recs_core.models.registry import ModelSpec, build_model
from recs_core.testing.tiny import BOOKS

KNN = {"kind": "item_knn", "config": {"neighbours": 10}}


def fitted(
    interactions: InteractionSet,
    features: ContentFeatures,
    collaborative: float,
    content: float,
    popularity: float,
) -> Recommender:
    weights = {"collaborative": collaborative, "content": content, "popularity": popularity}
    spec = ModelSpec(kind="hybrid", config={"collaborative": KNN, "weights": weights})
    return build_model(spec, where="models.hybrid").fit(interactions, features, rng=np.random.default_rng(7))


@pytest.mark.parametrize(("place", "spec"), [(0, KNN), (1, {"kind": "content"}), (2, {"kind": "popularity"})])
def test_one_weight_alone_ranks_as_that_component(
    interactions: InteractionSet, features: ContentFeatures, place: int, spec: dict[str, Any]
) -> None:
    alone = build_model(ModelSpec.model_validate(spec), where="models.alone")
    alone.fit(interactions, features, rng=np.random.default_rng(7))
    hybrid = fitted(interactions, features, *np.eye(3)[place].tolist())
    of_hybrid = hybrid.recommend(interactions.matrix, k=5)
    of_alone = alone.recommend(interactions.matrix, k=5)
    # an item-item model pads where it knows nothing; the hybrid does not
    known = of_alone.books >= 0
    assert known.any()
    assert of_hybrid.books[known].tolist() == of_alone.books[known].tolist()


def test_each_component_reaches_up_to_one_for_the_best_unread_book(
    interactions: InteractionSet, features: ContentFeatures
) -> None:
    for weights in ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)):
        best = fitted(interactions, features, *weights).recommend(interactions.matrix, k=1)
        np.testing.assert_allclose(best.scores, 1, rtol=1e-6)


def test_the_score_is_the_weighted_sum_of_the_scaled_components(
    interactions: InteractionSet, features: ContentFeatures
) -> None:
    ones = [fitted(interactions, features, *line).score(interactions.matrix) for line in np.eye(3).tolist()]
    both = fitted(interactions, features, 0.5, 0.3, 0.2).score(interactions.matrix)
    np.testing.assert_allclose(both, 0.5 * ones[0] + 0.3 * ones[1] + 0.2 * ones[2], rtol=1e-4, atol=1e-6)


def test_candidates_do_not_change_the_scale(interactions: InteractionSet, features: ContentFeatures) -> None:
    hybrid = fitted(interactions, features, 0.5, 0.3, 0.2)
    history = interactions.matrix[[0]]
    worst = np.sort(np.argsort(hybrid.score(history)[0])[:5]).astype(np.int32)
    assert hybrid.score(history, worst).tolist() == hybrid.score(history)[:, worst].tolist()


def test_the_scale_is_the_largest_unread_score_or_one() -> None:
    scores = np.array(
        [[0.5, 2.0, 8.0], [0.0, 0.0, 0.0], [-1.0, -2.0, 3.0], [1.0, 2.0, 3.0]], dtype=np.float32
    )
    read = [[2], [], [2], [0, 1, 2]]
    history = np.zeros((4, 3), dtype=np.float32)
    for user, books in enumerate(read):
        history[user, books] = 1
    scale = reader_scale(scores, type(history_of(np.empty(0, np.int32), 3))(history))
    assert scale.tolist() == [[2.0], [1.0], [1.0], [1.0]]


def test_similar_books_leave_popularity_out(interactions: InteractionSet, features: ContentFeatures) -> None:
    rows = np.arange(BOOKS, dtype=np.int32)
    popular = fitted(interactions, features, 0.5, 0.3, 100.0)
    unpopular = fitted(interactions, features, 0.5, 0.3, 0.0)
    assert isinstance(popular, type(unpopular))
    assert popular.similar(rows, k=5).books.tolist() == unpopular.similar(rows, k=5).books.tolist()


def test_a_wrong_component_is_refused_before_any_data_is_seen() -> None:
    weights = {"collaborative": 1.0, "content": 1.0, "popularity": 1.0}
    for collaborative, named in (
        ({"kind": "bpr"}, "no model kind 'bpr'"),
        ({"kind": "item_knn", "config": {"neighbours": 3, "k": 3}}, r"config\.k: Extra inputs"),
        # its parts of a score would be taken for those of the other components
        ({"kind": "content"}, "'content' is no collaborative model"),
        ({"kind": "popularity"}, "'popularity' is no collaborative model"),
        ({"kind": "hybrid"}, "'hybrid' is no collaborative model"),
    ):
        spec = ModelSpec(kind="hybrid", config={"collaborative": collaborative, "weights": weights})
        with pytest.raises(ParameterError, match=rf"models\.hybrid\.config\.collaborative: .*{named}"):
            build_model(spec, where="models.hybrid")
