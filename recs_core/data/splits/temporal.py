"""Temporal: one cut in time for all users, as a store that trains today is judged by what is read tomorrow."""

from __future__ import annotations

import datetime
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field, model_validator

from recs_core.data.interactions import InteractionRows
from recs_core.data.splits.leakage import Promises
from recs_core.data.splits.registry import (
    DROPPED,
    TEST,
    TRAIN,
    VALIDATION,
    Assignment,
    SplitConfig,
    register,
)


def _window(value: object) -> float | str:
    # YAML makes a date of an unquoted 2004-06-01; as text it can be handed to a notebook
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return value.isoformat()
    if isinstance(value, float) and 0 < value < 1:
        return value
    if isinstance(value, str):
        try:
            return datetime.date.fromisoformat(value).isoformat()
        except ValueError:
            pass
    raise ValueError("must be a share of the interactions, in (0, 1), or a first day such as 2004-06-01")


Window = Annotated[float | str, BeforeValidator(_window)]


class TemporalConfig(SplitConfig):
    """Two windows, and what is done about what lies between.

    Args:
        validation, test: both as shares of all interactions by time, or both as first days (UTC); the validation
            window ends where the test window begins, which is open.
        gap_days: interactions of so many days before the validation window are dropped, so that what a reader was
            in the middle of when training ended does not give the answer away.
        new_users: whether readers who have nothing in train are kept in validation and test, with an empty history
            if need be, or dropped.
    """

    validation: Window
    test: Window
    gap_days: Annotated[int, Field(ge=0)]
    new_users: Literal["keep", "drop"]

    @model_validator(mode="after")
    def _windows_follow_each_other(self) -> TemporalConfig:
        if isinstance(self.validation, str) and isinstance(self.test, str):
            # ISO dates sort as text
            if self.validation >= self.test:
                raise ValueError("validation must begin before test")
        elif isinstance(self.validation, float) and isinstance(self.test, float):
            if self.validation + self.test >= 1:
                raise ValueError("validation and test must leave something to train on")
        else:
            raise ValueError("validation and test must both be shares or both be dates")
        return self


@register("temporal", TemporalConfig, needs_times=True)
def split_temporal(rows: InteractionRows, config: TemporalConfig, rng: np.random.Generator) -> Assignment:
    """Train on what is before the validation window, less the gap.

    Interactions of one moment are never torn apart: where a share ends among them, the later window takes all.
    """
    # needs_times has made sure of them
    assert rows.times is not None  # noqa: S101
    validation_from, test_from = _cuts(rows.times, config)
    train_until = validation_from - np.timedelta64(config.gap_days, "D")
    labels = np.full(len(rows), TRAIN, dtype=np.int8)
    labels[rows.times >= train_until] = DROPPED
    labels[rows.times >= validation_from] = VALIDATION
    labels[rows.times >= test_from] = TEST
    if config.new_users == "drop":
        in_train = np.zeros(len(rows.users), dtype=np.bool_)
        in_train[rows.user_rows[labels == TRAIN]] = True
        held_out = (labels == VALIDATION) | (labels == TEST)
        labels[held_out & ~in_train[rows.user_rows]] = DROPPED + 1
    promises = Promises(order="global", gap_days=config.gap_days, history=config.new_users == "drop")
    return Assignment(labels, promises, ("in the gap before validation", "of users with nothing in train"))


def _cuts(times: NDArray[np.datetime64], config: TemporalConfig) -> tuple[np.datetime64, np.datetime64]:
    if isinstance(config.validation, str) and isinstance(config.test, str):
        return np.datetime64(config.validation, "s"), np.datetime64(config.test, "s")
    ordered = np.sort(times)
    n_test = max(1, int(times.size * float(config.test)))
    n_validation = max(1, int(times.size * config.validation))
    return ordered[max(0, times.size - n_test - n_validation)], ordered[times.size - n_test]
