"""User hold-out: some users are never seen in training ("strong generalisation")."""

from __future__ import annotations

import numpy as np
from pydantic import model_validator

from recs_core.data.interactions import InteractionRows
from recs_core.data.splits.leakage import Promises
from recs_core.data.splits.registry import (
    FOLD_IN,
    TEST,
    TRAIN,
    VALIDATION,
    Assignment,
    Share,
    SplitConfig,
    register,
)


class UserHoldoutConfig(SplitConfig):
    """Shares of all users, together below 1, and the share of such a user's books that is given as history."""

    validation_share: Share
    test_share: Share
    fold_in_share: Share

    @model_validator(mode="after")
    def _someone_is_left(self) -> UserHoldoutConfig:
        if self.validation_share + self.test_share >= 1:
            raise ValueError("validation_share and test_share must leave users to train on")
        return self


@register("user_holdout", UserHoldoutConfig)
def split_user_holdout(
    rows: InteractionRows, config: UserHoldoutConfig, rng: np.random.Generator
) -> Assignment:
    """Hold out a share of the users; of each, random books are the history and the others the truth.

    The protocol of Marlin, "Collaborative Filtering: A Machine Learning Perspective", 2004, and of Liang et al.,
    "Variational Autoencoders for Collaborative Filtering", WWW 2018. Shares are rounded down, to at least one user
    and at least one book; a user with fewer than two interactions has nothing to ask for and stays in train.
    """
    counts = rows.user_counts
    eligible = rng.permutation(np.flatnonzero(counts >= 2))
    n_test = max(1, int(len(rows.users) * config.test_share))
    n_validation = max(1, int(len(rows.users) * config.validation_share))
    part_of = np.full(len(rows.users), TRAIN, dtype=np.int8)
    part_of[eligible[n_test : n_test + n_validation]] = VALIDATION
    part_of[eligible[:n_test]] = TEST
    given = np.clip(np.floor(counts * config.fold_in_share), 1, np.maximum(1, counts - 1))
    labels = part_of[rows.user_rows]
    place = rows.rank_within_user(rng.random(len(rows)))
    labels[(labels != TRAIN) & (place < given[rows.user_rows])] = FOLD_IN
    return Assignment(labels, Promises(held_out_users=True))
