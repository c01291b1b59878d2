from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recs_core.data.interactions import InteractionSet
from recs_core.data.topk import TopK
from recs_core.errors import ParameterError
from recs_core.evaluation.judge import ValidationJudge
from recs_core.features.content import ContentFeatures
from recs_core.models.hybrid import Hybrid, HybridConfig
from recs_core.models.hybrid_weights import Shares, learn_weights, search_shares
from recs_core.testing.tiny import BOOKS

COMPONENTS = {
    "content": {"kind": "content", "weight": 0.2},
    "knn": {"kind": "item_knn", "config": {"neighbours": 10}, "weight": 0.7},
    "popularity": {"kind": "popularity", "weight": 0.1},
}


def config(half: float, **weights: float) -> HybridConfig:
    components = {name: {**spec, "weight": weights.get(name, 1.0)} for name, spec in COMPONENTS.items()}
    return HybridConfig.model_validate({"components": components, "cold_start": {"half": half}})


@pytest.fixture(scope="module")
def parts(interactions: InteractionSet) -> tuple[InteractionSet, csr_array]:
    """Two of each user's books held out, and the rest."""
    rng = np.random.default_rng(7)
    held_out = np.zeros(len(interactions), dtype=np.bool_)
    matrix = interactions.matrix
    for start, stop in zip(matrix.indptr[:-1], matrix.indptr[1:], strict=True):
        held_out[rng.choice(np.arange(start, stop), 2, replace=False)] = True
    user_rows = np.repeat(np.arange(len(interactions.users), dtype=np.int32), np.diff(matrix.indptr))

    def of(mask: NDArray[np.bool_]) -> InteractionSet:
        return InteractionSet.from_rows(
            interactions.users, interactions.books, user_rows[mask], matrix.indices[mask]
        )

    return of(~held_out), of(held_out).matrix


@pytest.fixture(scope="module")
def features(features: ContentFeatures) -> ContentFeatures:
    """Vectors alone: by words, books of equal metadata are equal but for rounding, and so in no certain order."""
    return ContentFeatures(features.books, features.vectors)


def fitted(train: InteractionSet, features: ContentFeatures, half: float = 0.0) -> Hybrid:
    return Hybrid(config(half)).fit(train, features, rng=np.random.default_rng(7))


@pytest.mark.parametrize("half", [0.0, 4.0])
def test_every_trial_is_worth_what_the_hybrid_with_its_weights_is(
    parts: tuple[InteractionSet, csr_array], features: ContentFeatures, half: float
) -> None:
    train, truth = parts
    judge = ValidationJudge(truth, "ndcg", 5)
    found = learn_weights(fitted(train, features, half), train.matrix, judge, parts=5, pool=BOOKS)
    assert len(found.trials) > 5
    for trial in found.trials:
        hybrid = Hybrid(config(half, **trial.weights)).fit(train, features, rng=np.random.default_rng(7))
        lists = hybrid.recommend(train.matrix[judge.users], k=5)
        assert judge(lists) == pytest.approx(trial.worth, abs=1e-9)


def test_the_learned_weights_are_the_best_tried_and_beat_each_component(
    parts: tuple[InteractionSet, csr_array], features: ContentFeatures
) -> None:
    train, truth = parts
    found = learn_weights(fitted(train, features), train.matrix, ValidationJudge(truth, "ndcg", 5))
    assert found.worth == max(trial.worth for trial in found.trials)
    assert sum(found.weights.values()) == pytest.approx(1)
    assert [set(trial.weights.values()) for trial in found.trials[:3]] == [{0.0, 1.0}] * 3
    assert found.worth > max(trial.worth for trial in found.trials[:3])


def test_two_searches_say_the_same(
    parts: tuple[InteractionSet, csr_array], features: ContentFeatures
) -> None:
    train, truth = parts
    judge = ValidationJudge(truth, "recall", 5)
    first, second = (learn_weights(fitted(train, features), train.matrix, judge) for _ in range(2))
    assert first == second


def test_a_search_finds_the_top_of_a_hill_and_tries_nothing_twice() -> None:
    tried: list[Shares] = []

    def worth(shares: Shares) -> float:
        tried.append(shares)
        return -float(np.square(np.array(shares) - (3, 11, 6)).sum())

    found = search_shares(worth, 3, parts=20, max_trials=300)
    assert max(found, key=lambda shares: found[shares]) == (3, 11, 6)
    assert len(tried) == len(set(tried)) == len(found)
    assert all(sum(shares) == 20 and min(shares) >= 0 for shares in tried)
    assert tried[:4] == [(20, 0, 0), (0, 20, 0), (0, 0, 20), (7, 7, 6)]
    everything = [shares for shares in product(range(21), repeat=3) if sum(shares) == 20]
    assert len(tried) < len(everything) / 2


@pytest.mark.parametrize("most", [4, 7])
def test_a_search_stops_where_it_is_told_to(most: int) -> None:
    found = search_shares(lambda shares: float(shares[0] * shares[1]), 3, parts=20, max_trials=most)
    assert len(found) == most


def test_no_more_than_the_trials_and_nobody_held_out_are_refused(
    parts: tuple[InteractionSet, csr_array], features: ContentFeatures
) -> None:
    train, truth = parts
    hybrid = fitted(train, features)
    with pytest.raises(ParameterError, match="max_trials must be more than the 3 components, not 3"):
        learn_weights(hybrid, train.matrix, ValidationJudge(truth), max_trials=3)
    nothing = csr_array(truth.shape, dtype=np.float32)
    with pytest.raises(ParameterError, match="nothing held out"):
        learn_weights(hybrid, train.matrix, ValidationJudge(nothing))


def test_the_judge_sees_lists_of_its_own_users_alone(
    parts: tuple[InteractionSet, csr_array], features: ContentFeatures
) -> None:
    train, _ = parts

    class Some:
        users = np.array([3, 8, 20], dtype=np.int32)
        k = 4

        def __call__(self, recs: TopK) -> float:
            assert recs.books.shape == (3, 4)
            for row, user in enumerate(self.users):
                assert not set(recs.books[row].tolist()) & set(train.matrix[[user]].indices.tolist())
            return 0.0

    learn_weights(fitted(train, features), train.matrix, Some())
