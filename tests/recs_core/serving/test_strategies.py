from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from recs_core.artifacts.bundle import Bundle
from recs_core.artifacts.precomputed import PrecomputeConfig, precompute
from recs_core.errors import ParameterError
from recs_core.features.content import ContentFeatures
from recs_core.models.base import Recommender
from recs_core.models.hybrid import Hybrid
from recs_core.models.registry import ModelSpec, build_model
from recs_core.serving.answer import Rules, ServedFrom
from recs_core.serving.explained import contributions_of
from recs_core.serving.recommender import ServingRecommender
from recs_core.serving.rerank import RerankConfig
from recs_core.serving.strategies import GroupWeights, StrategyConfig
from recs_core.testing.tiny import BOOKS, tiny_interactions

DEVELOPMENT = GroupWeights(content=0.4, collaborative=0.4, popularity=0.2)
PRODUCTION = GroupWeights(content=0.3, collaborative=0.5, popularity=0.2)
CONFIGS = {
    "tuned": StrategyConfig(),
    "development": StrategyConfig(weights=DEVELOPMENT),
    "production": StrategyConfig(weights=PRODUCTION),
    "content_only": StrategyConfig(weights=GroupWeights(content=1, collaborative=0, popularity=0)),
    "varied": StrategyConfig(weights=PRODUCTION, rerank=RerankConfig(diversity=0.4, popularity_damping=0.2)),
}
IDS = tiny_interactions().books.array.tolist()
USERS = tiny_interactions().users.array.tolist()

COLLABORATIVE = {
    "item_knn": {"kind": "item_knn", "config": {"neighbours": 10}, "weight": 0.125},
    "rp3beta": {"kind": "rp3beta", "config": {"neighbours": 10}, "weight": 0.375},
}
CONTENT = {"content": {"kind": "content", "weight": 0.6}}
POPULARITY = {"popularity": {"kind": "popularity", "weight": 0.25}}


def fitted(bundle: Bundle, features: ContentFeatures, components: dict[str, dict[str, Any]]) -> Hybrid:
    spec = ModelSpec(kind="hybrid", config={"components": components, "cold_start": {"half": 0.25}})
    model = build_model(spec, where="models.hybrid")
    model.fit(bundle.history, features, rng=np.random.default_rng(7))
    assert isinstance(model, Hybrid)
    return model


def weighing(components: dict[str, dict[str, Any]], **weights: float) -> dict[str, dict[str, Any]]:
    return {name: component | {"weight": weights[name]} for name, component in components.items()}


@pytest.fixture(scope="module")
def serving(bundle: Bundle) -> ServingRecommender:
    return ServingRecommender(bundle, strategies=CONFIGS, default_strategy="development")


@pytest.fixture(scope="module")
def two_collaborative(bundle: Bundle, features: ContentFeatures) -> Bundle:
    """What the pipeline serves: several collaborative components, content, and no popularity."""
    return replace(bundle, model=fitted(bundle, features, COLLABORATIVE | CONTENT))


@pytest.mark.parametrize("name", CONFIGS)
def test_the_parts_of_every_strategy_add_up_to_its_scores(serving: ServingRecommender, name: str) -> None:
    liked = st.dictionaries(st.sampled_from(IDS), st.sampled_from([0.5, 1.0, 3.0]), max_size=8)

    @given(st.sampled_from([*USERS, "nobody"]), liked)
    def holds(user_id: str, recent: dict[str, float]) -> None:
        answer = serving.recommend(user_id, k=BOOKS, recent=list(recent.items()), strategy=name)
        parts = contributions_of(answer, answer.book_rows)
        assert parts is not None
        np.testing.assert_allclose(parts.total(), [b.score for b in answer.ranked], rtol=1e-4, atol=1e-5)
        session = serving.personalized(list(recent), k=BOOKS, weights=list(recent.values()), strategy=name)
        parts = contributions_of(session, session.book_rows)
        assert parts is not None
        np.testing.assert_allclose(parts.total(), [b.score for b in session.ranked], rtol=1e-4, atol=1e-5)

    holds()


@pytest.mark.parametrize("weights", [DEVELOPMENT, PRODUCTION], ids=["development", "production"])
def test_a_strategy_is_the_hybrid_fitted_with_its_weights(
    two_collaborative: Bundle, features: ContentFeatures, weights: GroupWeights
) -> None:
    serving = ServingRecommender(
        two_collaborative, strategies={"asked": StrategyConfig(weights=weights)}, default_strategy="asked"
    )
    # a quarter and three quarters, as the tuned 0.125 and 0.375, which floats divide exactly
    of_each = {
        "item_knn": 0.25 * weights.collaborative,
        "rp3beta": 0.75 * weights.collaborative,
        "content": weights.content,
        "popularity": weights.popularity,
    }
    components = weighing(COLLABORATIVE | CONTENT | POPULARITY, **of_each)
    scratch = replace(two_collaborative, model=fitted(two_collaborative, features, components))
    expected = ServingRecommender(scratch)
    for user_id in USERS:
        found, wanted = serving.recommend(user_id, k=BOOKS), expected.recommend(user_id, k=BOOKS)
        assert found.ranked == wanted.ranked
        reasons = serving.reasons(found, found.book_rows, first=9)
        assert reasons == expected.reasons(wanted, wanted.book_rows, first=9)


def test_the_components_are_shared_and_not_copied(two_collaborative: Bundle) -> None:
    serving = ServingRecommender(
        two_collaborative, strategies={"asked": StrategyConfig(weights=PRODUCTION)}, default_strategy="asked"
    )
    blended, served = serving.strategies.named("asked").model, two_collaborative.model
    state = blended.state()
    for name, array in served.state().items():
        assert np.shares_memory(state[name], array)
    assert np.shares_memory(state["popularity.popularity"], serving.facts.popularity)


def test_components_that_were_tuned_to_nothing_share_alike(bundle: Bundle, features: ContentFeatures) -> None:
    components = weighing(COLLABORATIVE | CONTENT, item_knn=0.0, rp3beta=0.0, content=1.0)
    serving = ServingRecommender(
        replace(bundle, model=fitted(bundle, features, components)),
        strategies={"asked": StrategyConfig(weights=PRODUCTION)},
        default_strategy="asked",
    )
    model = serving.strategies.default.model
    assert isinstance(model, Hybrid)
    assert model.weights == {"content": 0.3, "item_knn": 0.25, "popularity": 0.2, "rp3beta": 0.25}


def test_without_weights_the_bundles_own_model_answers(serving: ServingRecommender, bundle: Bundle) -> None:
    assert serving.strategies.named("tuned").model is bundle.model
    plain = ServingRecommender(bundle)
    for user_id in USERS:
        assert (
            serving.recommend(user_id, k=10, strategy="tuned").ranked == plain.recommend(user_id, k=10).ranked
        )


def test_the_default_answers_where_a_request_names_none(serving: ServingRecommender) -> None:
    for strategy in CONFIGS:
        answers = [
            serving.recommend("u007", k=10, strategy=strategy),
            serving.personalized(IDS[:3], k=10, strategy=strategy),
        ]
        assert [answer.strategy.name for answer in answers] == [strategy, strategy]
    unnamed = serving.recommend("u007", k=10).ranked
    assert unnamed == serving.recommend("u007", k=10, strategy="development").ranked
    assert unnamed != serving.recommend("u007", k=10, strategy="tuned").ranked
    assert [strategy.name for strategy in serving.strategies.all()] == list(CONFIGS)


def test_a_strategy_reranks_and_a_request_may_say_otherwise(serving: ServingRecommender) -> None:
    plain = serving.recommend("u007", k=10, strategy="production")
    varied = serving.recommend("u007", k=10, strategy="varied")
    assert plain.ranked != varied.ranked
    silent = Rules(rerank=RerankConfig())
    assert serving.recommend("u007", k=10, strategy="varied", rules=silent).ranked == plain.ranked


def test_ready_lists_are_the_bundles_own_answers_only(bundle: Bundle) -> None:
    assert isinstance(bundle.model, Recommender)
    lists = precompute(bundle.model, bundle.history, PrecomputeConfig(users=20, depth=12))
    ready = ServingRecommender(
        replace(bundle, precomputed=lists), strategies=CONFIGS, default_strategy="tuned"
    )
    live = ServingRecommender(bundle, strategies=CONFIGS, default_strategy="tuned")
    for row in lists.users.tolist():
        user_id = str(bundle.users.array[row])
        own = ready.recommend(user_id, k=5)
        assert own.served_from is ServedFrom.PRECOMPUTED
        other = ready.recommend(user_id, k=5, strategy="development")
        assert other.served_from is ServedFrom.MODEL
        assert other.ranked == live.recommend(user_id, k=5, strategy="development").ranked
        assert ready.why_not(own, IDS[0]) == live.why_not(live.recommend(user_id, k=5), IDS[0])


def test_an_unknown_strategy_is_refused_with_those_that_there_are(serving: ServingRecommender) -> None:
    named = r"no strategy 'best'; the strategies are \['content_only', 'development', 'production', 'tuned'"
    with pytest.raises(ParameterError, match=named):
        serving.recommend("u001", k=3, strategy="best")
    with pytest.raises(ParameterError, match=named):
        serving.personalized(IDS[:2], k=3, strategy="best")
    with pytest.raises(ParameterError, match=named):
        ServingRecommender(serving.bundle, strategies=CONFIGS, default_strategy="best")


def test_weights_over_a_model_that_is_no_hybrid_are_refused(bundle: Bundle) -> None:
    assert isinstance(bundle.model, Hybrid)
    alone = replace(bundle, model=bundle.model.components["content"])
    with pytest.raises(ParameterError, match=r"strategy 'mine' weighs .* serves 'content': give .* null"):
        ServingRecommender(
            alone, strategies={"mine": StrategyConfig(weights=PRODUCTION)}, default_strategy="mine"
        )


def test_a_group_without_a_component_cannot_count(bundle: Bundle, features: ContentFeatures) -> None:
    no_content = replace(bundle, model=fitted(bundle, features, COLLABORATIVE | POPULARITY))
    with pytest.raises(
        ParameterError, match=r"strategy 'mine' gives content the weight 0\.3.*no such component"
    ):
        ServingRecommender(
            no_content, strategies={"mine": StrategyConfig(weights=PRODUCTION)}, default_strategy="mine"
        )
    without = GroupWeights(content=0, collaborative=0.5, popularity=0.5)
    serving = ServingRecommender(
        no_content, strategies={"mine": StrategyConfig(weights=without)}, default_strategy="mine"
    )
    assert serving.recommend("u001", k=3).served_from is ServedFrom.MODEL


@pytest.mark.parametrize(
    ("weights", "named"),
    [
        ({"content": 0, "collaborative": 0, "popularity": 0}, "every weight is 0"),
        ({"content": -1, "collaborative": 1, "popularity": 0}, "greater than or equal to 0"),
        ({"content": float("nan"), "collaborative": 1, "popularity": 0}, "finite number"),
        ({"content": 1, "collaborative": 1}, "Field required"),
        ({"content": 1, "collaborative": 1, "popularity": 0, "author": 1}, "Extra inputs"),
    ],
)
def test_weights_that_mean_nothing_are_refused(weights: dict[str, float], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        GroupWeights.model_validate(weights)
