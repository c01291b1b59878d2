"""Leave last: each user's latest interactions are held out."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from recs_core.data.interactions import InteractionRows
from recs_core.data.splits.leakage import Promises
from recs_core.data.splits.registry import TEST, TRAIN, VALIDATION, Assignment, SplitConfig, register


class LeaveLastConfig(SplitConfig):
    """`n` interactions of each user for test, and as many for validation."""

    n: Annotated[int, Field(ge=1)]


@register("leave_last", LeaveLastConfig, needs_times=True)
def split_leave_last(rows: InteractionRows, config: LeaveLastConfig, rng: np.random.Generator) -> Assignment:
    """Hold out the last `n` interactions of each user for test and the `n` before them for validation.

    A user with fewer than 2 n + 1 stays in train whole. Equal times of a user are told apart by the order of the
    rows, which is that of book ids: the same on every run, but it says nothing of what was read first. Each user's
    own order is kept, not the order between users: train holds interactions of some that are later than the test
    of others (Ji et al., "A Critical Study on Data Leakage in Recommender System Offline Evaluation", TOIS 2023);
    `temporal` does not allow that.
    """
    # needs_times has made sure of them
    assert rows.times is not None  # noqa: S101
    counts = rows.user_counts[rows.user_rows]
    from_last = counts - 1 - rows.rank_within_user(rows.times)
    long_enough = counts >= 2 * config.n + 1
    labels = np.full(len(rows), TRAIN, dtype=np.int8)
    labels[long_enough & (from_last < 2 * config.n)] = VALIDATION
    labels[long_enough & (from_last < config.n)] = TEST
    return Assignment(labels, Promises(order="per_user"))
