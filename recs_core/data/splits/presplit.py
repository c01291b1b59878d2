"""Presplit: the parts are those that the source says, so that a published split is evaluated as it is."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from recs_core.data.interactions import InteractionRows
from recs_core.data.splits.leakage import Promises
from recs_core.data.splits.registry import TEST, TRAIN, VALIDATION, Assignment, SplitConfig, register
from recs_core.errors import DataError, ParameterError

NO_PART = -1
"""Of `InteractionRows.parts`: the source does not say."""


class PresplitConfig(SplitConfig):
    """The share of each user's train interactions that becomes validation where the source has none; may be 0."""

    validation_share: Annotated[float, Field(ge=0, lt=1)]


@register("presplit", PresplitConfig, may_be_empty=("validation",))
def split_presplit(rows: InteractionRows, config: PresplitConfig, rng: np.random.Generator) -> Assignment:
    """Put each interaction where the source says; without a validation part, hold one out of train.

    Of each user a random share of the train interactions, rounded down, becomes validation. Users and books may be in
    test alone: a published split says who is asked for, and such a user is asked for with an empty history.

    Raises:
        DataError: the source does not say the part of every interaction.
    """
    missing = len(rows) if rows.parts is None else int(np.count_nonzero(rows.parts == NO_PART))
    if rows.parts is None or missing:
        raise DataError(
            f"split.strategy presplit needs the part of every interaction, which {missing:,} of {len(rows):,} do not "
            "have; data.source must be presplit, too"
        )
    labels = np.array([TRAIN, VALIDATION, TEST], dtype=np.int8)[rows.parts]
    if not np.any(labels == VALIDATION):
        in_train = labels == TRAIN
        counts = np.bincount(rows.user_rows[in_train], minlength=len(rows.users))
        # train first, then in random order
        place = rows.rank_within_user(np.where(in_train, rng.random(len(rows)), 2.0))
        wanted = np.floor(counts * config.validation_share).astype(np.int64)
        labels[in_train & (place < wanted[rows.user_rows])] = VALIDATION
    return Assignment(labels, Promises(history=False))


def assert_untouched(*, read: int, liked: int, in_core: int) -> None:
    """Check that a published split reaches its strategy whole.

    Args:
        read: how many interactions the source gave.
        liked: how many of them count as likes.
        in_core: how many of these are in the k-core.

    Raises:
        ParameterError: some are gone; the parameters that took them are named.
    """
    if liked != read:
        raise ParameterError(
            f"split.strategy presplit: {read - liked:,} of {read:,} interactions do not count as likes, which "
            "changes the published split; lower data.min_value and set data.keep_unrated to true"
        )
    if in_core != liked:
        raise ParameterError(
            f"split.strategy presplit: {liked - in_core:,} of {liked:,} interactions are outside the k-core, which "
            "changes the published split; set data.min_per_user and data.min_per_book to 1"
        )
