from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

from recs_core.errors import ParameterError
from recs_core.serving.rerank import DAMPING, DISLIKES, RerankConfig, Reranking
from recs_core.testing.reranked import every_book, random_rules


def rules_of(**config: float) -> Reranking:
    return random_rules(np.random.default_rng(8), 30, RerankConfig.model_validate(config))


def test_the_most_read_book_loses_the_damping_and_an_unread_one_nothing() -> None:
    rules = rules_of(popularity_damping=0.25)
    amounts = rules.given(every_book(rules))[DAMPING]
    largest = rules.scores.max()
    np.testing.assert_allclose(amounts, -0.25 * largest * rules.facts.popularity)
    assert rules.unit == largest


def test_a_book_like_a_disliked_one_loses_by_its_likeness() -> None:
    rules = replace(rules_of(dislikes=0.5), disliked=np.array([0, 1], dtype=np.int32))
    amounts = rules.given(every_book(rules))[DISLIKES]
    vectors = rules.facts.vectors
    expected = np.maximum(vectors @ vectors[[0, 1]].T, 0).max(axis=1)
    np.testing.assert_allclose(amounts, -0.5 * rules.unit * expected)


def test_without_rules_the_scores_are_left_alone() -> None:
    rules = replace(rules_of(), disliked=np.empty(0, dtype=np.int32))
    assert rules.damped is rules.scores
    assert rules.given(every_book(rules)) == {}


def test_amounts_are_in_largest_scores_whatever_the_model() -> None:
    small = rules_of(popularity_damping=0.5, dislikes=0.5)
    large = replace(small, scores=small.scores * 1024)
    assert (large.damped == small.damped * 1024).all()


@pytest.mark.parametrize("scores", [[-1.0, 0.0], [-np.inf, -np.inf]])
def test_the_unit_is_one_where_no_score_is_positive(scores: list[float]) -> None:
    assert replace(rules_of(), scores=np.array(scores, dtype=np.float32)).unit == 1.0


def test_diversity_without_vectors_is_refused_and_dislikes_take_nothing() -> None:
    rules = rules_of(dislikes=0.5)
    blind = replace(rules.facts, vectors=np.zeros((30, 0), dtype=np.float32))
    disliked = np.array([2], dtype=np.int32)
    assert not replace(rules, facts=blind, disliked=disliked).given(every_book(rules))[DISLIKES].any()
    with pytest.raises(ParameterError, match=r"rerank\.diversity=0\.5 needs content vectors"):
        replace(rules, facts=blind, config=RerankConfig(diversity=0.5))


@pytest.mark.parametrize(
    ("name", "value"),
    [("diversity", 1.0), ("diversity", -0.1), ("per_author", 0), ("popularity_damping", -1), ("mmr", 1)],
)
def test_a_setting_out_of_range_is_refused(name: str, value: float) -> None:
    with pytest.raises(ValidationError, match=name):
        RerankConfig.model_validate({name: value})
