import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_core.serving import greedy
from recs_core.serving.greedy import pick
from recs_core.serving.rerank import RerankConfig
from recs_core.testing.reranked import naive_list, random_rules

# in eighths and at halves, so that no score is rounded and ties are ties
configs = st.builds(
    RerankConfig,
    diversity=st.sampled_from([0.0, 0.2, 0.5, 0.8]),
    per_author=st.sampled_from([None, 1, 2]),
    popularity_damping=st.sampled_from([0.0, 0.5]),
    dislikes=st.sampled_from([0.0, 0.5]),
)


@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.integers(1, 20), st.integers(1, 64), configs)
def test_the_list_is_that_of_the_rules_in_their_words(
    seed: int, n: int, k: int, first_pool: int, config: RerankConfig
) -> None:
    """Whatever the first pool: the list is that of the whole catalogue."""
    rules = random_rules(np.random.default_rng(seed), n, config)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(greedy, "FIRST_POOL", first_pool)
        found = pick(rules, k)
    expected = naive_list(rules, k)
    # a likeness of MMR's price 0.2 / 0.8 or 0.8 / 0.2 is exact up to the last bits of a division
    np.testing.assert_allclose(found.scores, [score for _, score in expected], rtol=1e-6, atol=1e-6)
    if config.diversity in (0.0, 0.5):
        assert found.books.tolist() == [book for book, _ in expected]


@given(st.integers(0, 2**32 - 1), configs)
def test_scores_do_not_rise_and_add_up(seed: int, config: RerankConfig) -> None:
    rules = random_rules(np.random.default_rng(seed), 40, config)
    found = pick(rules, 15)
    assert (np.diff(found.scores) <= 1e-9).all()
    assert (found.diversity <= 0).all()
    given_by_rules = sum(rules.given(found.books).values(), np.zeros(found.books.size))
    sums = rules.scores[found.books] + given_by_rules + found.diversity
    np.testing.assert_allclose(found.scores, sums, rtol=1e-6, atol=1e-6)


@given(st.integers(0, 2**32 - 1), st.integers(1, 3), st.sampled_from([0.0, 0.5]))
def test_no_author_has_more_books_than_one_may(seed: int, most: int, diversity: float) -> None:
    rules = random_rules(np.random.default_rng(seed), 60, RerankConfig(per_author=most, diversity=diversity))
    listed = pick(rules, 60).books
    authors = [author for book in listed for author in rules.facts.authors.of_book(book).tolist()]
    assert max(np.bincount(authors), default=0) <= most
    # and who is not listed is barred, or has an author who is used up
    for book in np.setdiff1d(np.flatnonzero(rules.scores > -np.inf), listed):
        assert rules.is_used_up(int(book), listed)


def test_diversity_brings_the_unlike_forward() -> None:
    def likeness(diversity: float) -> float:
        rules = random_rules(np.random.default_rng(7), 200, RerankConfig(diversity=diversity))
        listed = pick(rules, 6).books
        vectors = rules.facts.vectors[listed]
        return float(np.maximum(vectors @ vectors.T, 0)[~np.eye(6, dtype=bool)].mean())

    assert likeness(0.9) < likeness(0.0) / 2


def test_where_nothing_may_be_listed_the_list_is_empty() -> None:
    for config in (RerankConfig(), RerankConfig(diversity=0.5), RerankConfig(per_author=1)):
        rules = random_rules(np.random.default_rng(7), 20, config)
        rules.scores[:] = -np.inf
        assert pick(rules, 5).books.tolist() == []
