"""Answers from lists that were made with the bundle."""

from dataclasses import replace

import numpy as np
import pytest

from recs_core.artifacts.bundle import NO_LISTS, Bundle
from recs_core.artifacts.precomputed import PrecomputeConfig, precompute
from recs_core.models.base import Recommender
from recs_core.serving.answer import Rules, ServedFrom
from recs_core.serving.filters import BookFilter
from recs_core.serving.recommender import ServingRecommender
from recs_core.serving.rerank import RerankConfig
from recs_core.testing.tiny import BOOKS

DEPTH = 12


@pytest.fixture(scope="module")
def ready(bundle: Bundle) -> ServingRecommender:
    assert isinstance(bundle.model, Recommender)
    lists = precompute(bundle.model, bundle.history, PrecomputeConfig(users=20, depth=DEPTH))
    return ServingRecommender(replace(bundle, precomputed=lists))


@pytest.fixture(scope="module")
def live(bundle: Bundle) -> ServingRecommender:
    return ServingRecommender(replace(bundle, precomputed=NO_LISTS))


@pytest.fixture
def reader(ready: ServingRecommender) -> str:
    return str(ready.bundle.users.array[ready.bundle.precomputed.users[0]])


def test_a_ready_answer_says_so_and_is_the_live_one(
    ready: ServingRecommender, live: ServingRecommender
) -> None:
    for row in ready.bundle.precomputed.users.tolist():
        user_id = str(ready.bundle.users.array[row])
        made, scored = ready.recommend(user_id, k=10), live.recommend(user_id, k=10)
        assert (made.served_from, scored.served_from) == (ServedFrom.PRECOMPUTED, ServedFrom.MODEL)
        assert made.ranked == scored.ranked
        assert ready.reasons(made, made.book_rows, first=3) == live.reasons(scored, scored.book_rows, first=3)
        for book_row in range(BOOKS):
            book_id = str(ready.bundle.books.array[book_row])
            assert ready.why_not(made, book_id) == live.why_not(scored, book_id)
        first = made.ranked[0].book_row
        assert ready.counterfactuals(made, first, first=3) == live.counterfactuals(scored, first, first=3)


def test_whoever_has_no_ready_list_is_scored(ready: ServingRecommender) -> None:
    others = np.setdiff1d(np.arange(len(ready.bundle.users)), ready.bundle.precomputed.users)
    for row in others.tolist():
        assert ready.recommend(str(ready.bundle.users.array[row]), k=3).served_from is ServedFrom.MODEL


@pytest.mark.parametrize(
    "asked",
    [
        {"k": DEPTH + 1},
        {"k": 3, "rules": Rules(filters=BookFilter(in_stock=True))},
        {"k": 3, "rules": Rules(exclude=("somebook",))},
        {"k": 3, "rules": Rules(rerank=RerankConfig(diversity=0.5))},
        {"k": 3, "rules": Rules(rerank=RerankConfig(per_author=1))},
        {"k": 3, "rules": Rules(rerank=RerankConfig(popularity_damping=0.5))},
    ],
    ids=["longer", "filter", "exclude", "diversity", "authors", "damping"],
)
def test_what_a_rule_may_change_is_scored(
    ready: ServingRecommender, live: ServingRecommender, reader: str, asked: dict
) -> None:
    answer = ready.recommend(reader, **asked)
    assert answer.served_from is ServedFrom.MODEL
    assert answer.ranked == live.recommend(reader, **asked).ranked


def test_an_event_of_a_moment_ago_is_not_answered_by_yesterdays_list(
    ready: ServingRecommender, live: ServingRecommender, reader: str
) -> None:
    best = ready.recommend(reader, k=1).ranked[0].book_row
    recent = [(str(ready.bundle.books.array[best]), 1.0)]
    answer = ready.recommend(reader, k=5, recent=recent)
    assert answer.served_from is ServedFrom.MODEL
    assert best not in answer.book_rows
    assert answer.ranked == live.recommend(reader, k=5, recent=recent).ranked
