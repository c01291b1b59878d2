"""Random: a share of each user's interactions is held out, whatever their times."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from recs_core.data.interactions import InteractionRows
from recs_core.data.splits.leakage import Promises
from recs_core.data.splits.registry import (
    TEST,
    TRAIN,
    VALIDATION,
    Assignment,
    Share,
    SplitConfig,
    register,
)


class RandomConfig(SplitConfig):
    """Shares of each user's interactions, together below 1."""

    validation_share: Share
    test_share: Share

    @model_validator(mode="after")
    def _something_is_left(self) -> RandomConfig:
        if self.validation_share + self.test_share >= 1:
            raise ValueError("validation_share and test_share must leave something to train on")
        return self


@register("random", RandomConfig)
def split_random(rows: InteractionRows, config: RandomConfig, rng: np.random.Generator) -> Assignment:
    """Hold out a random share of each user's interactions for validation and test.

    Every user with at least three interactions gives at least one to each part; the shares are rounded down
    beyond that. A user with fewer stays in train whole.
    """
    counts = rows.user_counts
    place = rows.rank_within_user(rng.random(len(rows)))
    # at least two are left for the other parts after test, and one after validation
    test_counts = _held_out(counts, config.test_share, at_most=counts - 2)
    validation_counts = _held_out(counts, config.validation_share, at_most=counts - test_counts - 1)
    n_test, n_validation = test_counts[rows.user_rows], validation_counts[rows.user_rows]
    labels = np.full(len(rows), TRAIN, dtype=np.int8)
    labels[place < n_test + n_validation] = VALIDATION
    labels[place < n_test] = TEST
    return Assignment(labels, Promises())


def _held_out(counts: NDArray[np.int64], share: float, *, at_most: NDArray[np.int64]) -> NDArray[np.int64]:
    wanted = np.clip(np.floor(counts * share), 1, np.maximum(1, at_most))
    return np.where(counts >= 3, wanted, 0).astype(np.int64)
