from typing import Any

import numpy as np
import pytest

from recs_core.data.interactions import InteractionSet, history_of
from recs_core.errors import ParameterError
from recs_core.features.content import ContentFeatures
from recs_core.models.base import Recommender
from recs_core.models.blending import reader_scale
from recs_core.models.hybrid import COLD_START, Hybrid
from recs_core.models.popularity import Popularity
from recs_core.models.registry import MODELS, ModelSpec, build_model
from recs_core.testing.tiny import BOOKS

KNN = {"kind": "item_knn", "config": {"neighbours": 10}}
ALS = {"kind": "als", "config": {"factors": 8, "iterations": 3}}
CONTENT = {"kind": "content"}
POPULARITY = {"kind": "popularity"}
SPECS = {"knn": KNN, "als": ALS, "content": CONTENT, "popularity": POPULARITY}
ALL_BOOKS = np.arange(BOOKS, dtype=np.int32)


def fitted_hybrid(
    interactions: InteractionSet, features: ContentFeatures, *, half: float = 0.0, **weights: float
) -> Hybrid:
    components = {name: {**SPECS[name], "weight": weight} for name, weight in weights.items()}
    spec = ModelSpec(kind="hybrid", config={"components": components, "cold_start": {"half": half}})
    model = build_model(spec, where="models.hybrid").fit(interactions, features, rng=np.random.default_rng(7))
    assert isinstance(model, Hybrid)
    return model


def fitted_alone(
    interactions: InteractionSet, features: ContentFeatures, spec: dict[str, Any]
) -> Recommender:
    model = build_model(ModelSpec.model_validate(spec), where="models.alone")
    return model.fit(interactions, features, rng=np.random.default_rng(7))


@pytest.mark.parametrize("name", SPECS)
def test_one_weight_alone_ranks_as_that_component(
    interactions: InteractionSet, features: ContentFeatures, name: str
) -> None:
    alone = fitted_alone(interactions, features, SPECS[name])
    weights = dict.fromkeys(["knn", "content", "popularity"], 0.0) | {name: 1.0}
    of_hybrid = fitted_hybrid(interactions, features, **weights).recommend(interactions.matrix, k=5)
    of_alone = alone.recommend(interactions.matrix, k=5)
    # an item-item model pads where it knows nothing; the hybrid does not
    known = of_alone.books >= 0
    assert known.any()
    assert of_hybrid.books[known].tolist() == of_alone.books[known].tolist()


def test_the_score_is_the_weighted_sum_of_the_scaled_components(
    interactions: InteractionSet, features: ContentFeatures
) -> None:
    weights = {"als": 0.1, "content": 0.3, "knn": 0.4, "popularity": 0.2}
    hybrid = fitted_hybrid(interactions, features, **weights)
    expected = np.zeros((len(interactions.users), BOOKS))
    for name, weight in weights.items():
        part = hybrid.components[name].score(interactions.matrix)
        expected += weight * part / reader_scale(part, interactions.matrix)[:, None]
    np.testing.assert_allclose(hybrid.score(interactions.matrix), expected, rtol=1e-4, atol=1e-6)


def test_the_order_of_components_in_the_configuration_makes_no_difference(
    interactions: InteractionSet, features: ContentFeatures
) -> None:
    one = fitted_hybrid(interactions, features, knn=0.5, content=0.3, popularity=0.2)
    other = fitted_hybrid(interactions, features, popularity=0.2, content=0.3, knn=0.5)
    assert one.score(interactions.matrix).tobytes() == other.score(interactions.matrix).tobytes()


def test_candidates_do_not_change_the_scale(interactions: InteractionSet, features: ContentFeatures) -> None:
    hybrid = fitted_hybrid(interactions, features, knn=0.5, content=0.3, popularity=0.2)
    history = interactions.matrix[[0]]
    worst = np.sort(np.argsort(hybrid.score(history)[0])[:5]).astype(np.int32)
    assert hybrid.score(history, worst).tolist() == hybrid.score(history)[:, worst].tolist()


def test_parts_are_named_by_component_and_kind(
    interactions: InteractionSet, features: ContentFeatures
) -> None:
    hybrid = fitted_hybrid(interactions, features, half=3.0, als=0.1, knn=0.4, content=0.3, popularity=0.2)
    parts = hybrid.contributions(interactions.matrix[[0]], ALL_BOOKS)
    assert set(parts.from_history) == {"als:collaborative", "knn:collaborative", "content:content"}
    assert set(parts.constant) == {"popularity:popularity", COLD_START}


def test_the_parts_at_the_scales_of_the_scoring_are_the_parts(
    interactions: InteractionSet, features: ContentFeatures
) -> None:
    hybrid = fitted_hybrid(interactions, features, half=3.0, als=0.1, knn=0.4, content=0.3, popularity=0.2)
    history = interactions.matrix[[0]]
    scores, scales = hybrid.score_scaled(history)
    assert scores.tobytes() == hybrid.score(history).tobytes()
    parts = hybrid.contributions_at(history, ALL_BOOKS, scales)
    assert parts.total().tolist() == hybrid.contributions(history, ALL_BOOKS).total().tolist()


def test_the_cold_start_rule_is_all_that_differs_from_a_hybrid_without(
    interactions: InteractionSet, features: ContentFeatures
) -> None:
    weights = {"knn": 0.5, "content": 0.3, "popularity": 0.2}
    with_rule = fitted_hybrid(interactions, features, half=3.0, **weights)
    without = fitted_hybrid(interactions, features, **weights)
    history = history_of(np.array([3, 8], dtype=np.int32), BOOKS)
    parts = with_rule.contributions(history, ALL_BOOKS)
    rule = with_rule.score(history)[0] - without.score(history)[0]
    assert np.abs(rule).max() > 0.01
    np.testing.assert_allclose(parts.constant[COLD_START], rule, atol=1e-6)
    plain = without.contributions(history, ALL_BOOKS)
    for name, block in plain.from_history.items():
        np.testing.assert_array_equal(parts.from_history[name], block)


def test_who_has_read_little_is_served_by_content_and_popularity(
    interactions: InteractionSet, features: ContentFeatures
) -> None:
    hybrid = fitted_hybrid(interactions, features, half=1e9, knn=0.5, content=0.3, popularity=0.2)
    without = fitted_hybrid(interactions, features, knn=0.0, content=0.6, popularity=0.4)
    # scores and not lists: books of equal metadata are equal but for rounding
    np.testing.assert_allclose(
        hybrid.score(interactions.matrix), without.score(interactions.matrix), atol=1e-6
    )


def test_a_component_without_weight_is_not_asked(
    interactions: InteractionSet, features: ContentFeatures
) -> None:
    hybrid = fitted_hybrid(interactions, features, knn=0.0, content=0.3, popularity=0.2)
    hybrid.components["knn"].score = None  # type: ignore[method-assign, assignment]
    assert np.isfinite(hybrid.score(interactions.matrix)).all()


def test_similar_books_leave_popularity_out(interactions: InteractionSet, features: ContentFeatures) -> None:
    popular = fitted_hybrid(interactions, features, knn=0.5, content=0.3, popularity=100.0)
    unpopular = fitted_hybrid(interactions, features, knn=0.5, content=0.3, popularity=0.0)
    assert popular.similar(ALL_BOOKS, k=5).books.tolist() == unpopular.similar(ALL_BOOKS, k=5).books.tolist()


@pytest.mark.parametrize(
    ("components", "named"),
    [
        ({"a": {"kind": "no_such", "weight": 1.0}}, "no model kind 'no_such'"),
        ({"a": {**KNN, "config": {"neighbours": 3, "k": 3}, "weight": 1.0}}, r"config\.k: Extra inputs"),
        ({"a": {"kind": "hybrid", "weight": 1.0}}, "a hybrid is no component of a hybrid"),
        ({"a": {**KNN, "weight": 0.0}}, "every weight is 0"),
        ({"a": {**KNN, "weight": -1.0}}, r"a\.weight: .*greater than or equal to 0"),
        ({"a": {**KNN}}, r"a\.weight: Field required"),
        ({"A.b": {**KNN, "weight": 1.0}}, "should match pattern"),
        ({}, "at least 1 item"),
    ],
)
def test_a_wrong_component_is_refused_before_any_data_is_seen(components: dict[str, Any], named: str) -> None:
    spec = ModelSpec(kind="hybrid", config={"components": components})
    with pytest.raises(ParameterError, match=rf"models\.hybrid\.config\.components.*{named}"):
        build_model(spec, where="models.hybrid")


def test_a_model_that_cannot_explain_is_no_component(monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent(Popularity):
        kind = "silent"
        contributions = None  # type: ignore[assignment]

    monkeypatch.setitem(MODELS, "silent", Silent)
    spec = ModelSpec(kind="hybrid", config={"components": {"quiet": {"kind": "silent", "weight": 1.0}}})
    with pytest.raises(ParameterError, match="quiet: 'silent' cannot explain its scores"):
        build_model(spec, where="models.hybrid")
