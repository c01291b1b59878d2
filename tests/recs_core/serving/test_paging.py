"""A list of k books is the beginning of every longer one, so that pages neither repeat nor miss a book."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_core.artifacts.bundle import Bundle
from recs_core.artifacts.precomputed import PrecomputeConfig, precompute
from recs_core.models.base import Recommender
from recs_core.models.registry import MODELS, ModelSpec
from recs_core.serving import greedy
from recs_core.serving.answer import Rules
from recs_core.serving.columns import Labels
from recs_core.serving.filters import BookFilter
from recs_core.serving.greedy import pick
from recs_core.serving.recommender import ServingRecommender
from recs_core.serving.rerank import BookFacts, RerankConfig, Reranking
from recs_core.testing.model_case import ModelCase
from recs_core.testing.tiny import BOOKS, tiny_interactions

IDS = tiny_interactions().books.array.tolist()
USERS = tiny_interactions().users.array.tolist()

filters = st.builds(
    BookFilter,
    in_stock=st.booleans(),
    genres=st.sampled_from([(), ("dragon", "galaxy")]),
    year_from=st.sampled_from([None, 1970]),
    price_to=st.sampled_from([None, 20.0]),
)
rerankings = st.builds(
    RerankConfig,
    diversity=st.sampled_from([0.0, 0.3, 0.7]),
    per_author=st.sampled_from([None, 1, 3]),
    popularity_damping=st.sampled_from([0.0, 0.5]),
)
excluded = st.lists(st.sampled_from(IDS), max_size=3).map(tuple)
rules = st.builds(Rules, filters, excluded, st.none() | rerankings)


@pytest.fixture(scope="module", params=[*sorted(MODELS), "ready"])
def serving(
    request: pytest.FixtureRequest, bundle: Bundle, tmp_path_factory: pytest.TempPathFactory
) -> ServingRecommender:
    """Every kind of model; and the tiny bundle with ready lists for some readers."""
    if request.param == "ready":
        assert isinstance(bundle.model, Recommender)
        lists = precompute(bundle.model, bundle.history, PrecomputeConfig(users=30, depth=12))
        return ServingRecommender(replace(bundle, precomputed=lists))
    scratch: Path = tmp_path_factory.mktemp("unused")
    return ServingRecommender(replace(bundle, model=ModelCase(ModelSpec(kind=request.param), scratch).model))


@pytest.fixture(autouse=True, scope="module")
def small_pools() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(greedy, "FIRST_POOL", 4)
        yield


def test_a_list_is_the_beginning_of_a_longer_one(serving: ServingRecommender) -> None:
    @given(
        st.sampled_from([*USERS, "nobody"]),
        st.dictionaries(st.sampled_from(IDS), st.sampled_from([1.0, -1.0]), max_size=2),
        st.integers(1, 25),
        st.integers(1, BOOKS),
        rules,
    )
    def holds(user_id: str, recent: dict[str, float], k: int, more: int, asked: Rules) -> None:
        short = serving.recommend(user_id, k=k, recent=list(recent.items()), rules=asked)
        longer = serving.recommend(user_id, k=k + more, recent=list(recent.items()), rules=asked)
        assert short.ranked == longer.ranked[:k]
        assert short.total == longer.total >= len(longer.ranked)

    holds()


def test_the_total_is_the_length_of_the_longest_list(serving: ServingRecommender) -> None:
    @given(st.sampled_from([*USERS, "nobody"]), filters, st.integers(1, 12))
    def holds(user_id: str, wanted: BookFilter, k: int) -> None:
        for asked in (Rules(wanted), Rules(wanted, rerank=RerankConfig(diversity=0.5)), Rules()):
            longest = serving.recommend(user_id, k=BOOKS, rules=asked)
            assert serving.recommend(user_id, k=k, rules=asked).total == len(longest.ranked)

    holds()


def test_other_lists_are_beginnings_too(serving: ServingRecommender) -> None:
    for book_id in IDS[::7]:
        for k in (1, 4, 9):
            assert serving.discovery.similar(book_id, k=k) == serving.discovery.similar(book_id, k=BOOKS)[:k]
            assert (
                serving.discovery.also_read(book_id, k=k) == serving.discovery.also_read(book_id, k=BOOKS)[:k]
            )
    assert serving.discovery.new_arrivals(k=5).books == serving.discovery.new_arrivals(k=BOOKS).books[:5]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("per_author", [None, 2])
def test_a_diverse_list_is_the_beginning_of_a_longer_one_to_the_bit(
    monkeypatch: pytest.MonkeyPatch, seed: int, per_author: int | None
) -> None:
    """Where likenesses are rounded, as BLAS does by the size of what it multiplies."""
    monkeypatch.setattr(greedy, "FIRST_POOL", 16)
    rng, n = np.random.default_rng(seed), 701
    vectors = rng.normal(size=(n, 37)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    authors = [[f"author {name}"] for name in rng.integers(0, 99, n)]
    facts = BookFacts(
        np.zeros(n, np.float32),
        vectors,
        Labels.of(pa.chunked_array([pa.array(authors, pa.list_(pa.string()))])),
    )
    config = RerankConfig(diversity=0.5, per_author=per_author)
    made = Reranking(rng.random(n, dtype=np.float32), config, facts, np.empty(0, np.int32))
    longest = pick(made, 150)
    for k in (1, 7, 20, 61, 149):
        short = pick(made, k)
        assert short.books.tolist() == longest.books[:k].tolist()
        assert short.scores.tolist() == longest.scores[:k].tolist()
        assert short.diversity.tolist() == longest.diversity[:k].tolist()
