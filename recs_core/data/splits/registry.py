"""The list of split strategies, and how one is applied."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from recs_core.data.interactions import InteractionRows
from recs_core.data.splits.leakage import Promises
from recs_core.data.splits.split import Split
from recs_core.errors import DataError, ParameterError, describe

TRAIN: Final = 0
VALIDATION: Final = 1
TEST: Final = 2
FOLD_IN: Final = 3
DROPPED: Final = 4
"""Labels of an `Assignment`: positions in `Split.PARTS`. From `DROPPED` on each label is a reason of its own."""

Share = Annotated[float, Field(gt=0, lt=1)]


class SplitConfig(BaseModel):
    """Base of the strategies' options: frozen, strict about types, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


@dataclass(frozen=True)
class Assignment:
    """Where a strategy puts each interaction.

    Args:
        labels: `int8[n]`: `TRAIN`, `VALIDATION`, `TEST`, `FOLD_IN`, or `DROPPED` + a position in `reasons`.
        promises: what the strategy keeps, to be checked by `assert_no_leakage`.
        reasons: why interactions were dropped.
    """

    labels: NDArray[np.int8]
    promises: Promises
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Strategy:
    """A way to split.

    Args:
        name: as in `split.strategy` of params.yaml.
        config: the type of its options.
        assign: the function itself.
        needs_times: whether every interaction must have a time.
        may_be_empty: the parts that may be empty; validation at most.
    """

    name: str
    config: type[SplitConfig]
    assign: Callable[[InteractionRows, Any, np.random.Generator], Assignment]
    needs_times: bool
    may_be_empty: tuple[str, ...] = ()


@dataclass(frozen=True)
class SplitResult:
    """A split and how it came about.

    Args:
        split: the parts.
        dropped: reason to number of interactions; together they are `split.dropped`.
        promises: what the strategy keeps, for `assert_no_leakage`.
    """

    split: Split
    dropped: dict[str, int]
    promises: Promises


STRATEGIES: dict[str, Strategy] = {}
"""Name to strategy, filled by `register`."""

A = Callable[[InteractionRows, Any, np.random.Generator], Assignment]


def register(
    name: str, config: type[SplitConfig], *, needs_times: bool = False, may_be_empty: tuple[str, ...] = ()
) -> Callable[[A], A]:
    """Decorator: add a function to `STRATEGIES`."""

    def add(assign: A) -> A:
        STRATEGIES[name] = Strategy(name, config, assign, needs_times, may_be_empty)
        return assign

    return add


def strategy_named(name: str) -> Strategy:
    """The strategy of a name.

    Raises:
        ParameterError: there is no such strategy.
    """
    try:
        return STRATEGIES[name]
    except KeyError:
        raise ParameterError(f"split.strategy is {name!r}; it must be one of {sorted(STRATEGIES)}") from None


def split_interactions(
    rows: InteractionRows,
    strategy: str,
    options: Mapping[str, Mapping[str, Any]],
    *,
    source: str,
    rng: np.random.Generator,
) -> SplitResult:
    """Split by the strategy of a name.

    Args:
        rows: what to split.
        strategy: the name, as in `split.strategy` of params.yaml.
        options: name of a strategy to its options, as in `split.options`; only those of `strategy` are read.
        source: the name of the data source, for messages.
        rng: decides where chance has a part.

    Raises:
        ParameterError: there is no such strategy, or its options are missing or wrong.
        DataError: the strategy needs times that the source lacks, or leaves train, validation or test empty.
    """
    chosen = strategy_named(strategy)
    where = f"split.options.{strategy}"
    if strategy not in options:
        raise ParameterError(f"{where} is missing")
    try:
        config = chosen.config.model_validate(dict(options[strategy]))
    except ValidationError as error:
        raise ParameterError(describe(error, where=where)) from None
    if chosen.needs_times:
        _check_times(rows, strategy, source)
    assignment = chosen.assign(rows, config, rng)
    labels = assignment.labels
    parts = {name: rows.to_set(labels == label) for label, name in enumerate(Split.PARTS[:DROPPED])}
    split = Split(**parts, dropped=rows.to_set(labels >= DROPPED))
    needed = [name for name in ("train", "validation", "test") if name not in chosen.may_be_empty]
    empty = [name for name in needed if not len(parts[name])]
    if empty:
        raise DataError(
            f"split.strategy {strategy} leaves {' and '.join(empty)} empty "
            f"({len(rows):,} interactions of {len(rows.users):,} users); change {where}"
        )
    dropped = {
        reason: int(np.count_nonzero(labels == DROPPED + number))
        for number, reason in enumerate(assignment.reasons)
    }
    return SplitResult(split, dropped, assignment.promises)


def _check_times(rows: InteractionRows, strategy: str, source: str) -> None:
    need = f"split.strategy {strategy} needs times; data source {source}"
    if rows.times is None:
        raise DataError(f"{need} has none")
    missing = int(np.count_nonzero(np.isnat(rows.times)))
    if missing:
        raise DataError(f"{need} has none for {missing:,} of {len(rows):,} interactions")
    if bool(np.all(rows.times == rows.times[0])):
        raise DataError(f"{need} has the same one, {rows.times[0]}, for every interaction")
