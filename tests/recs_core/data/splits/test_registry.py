"""Every registered strategy, on random interactions; and what is the same for all of them."""

import importlib
import pkgutil
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

import recs_core.data.splits
from recs_core.data.interactions import InteractionRows
from recs_core.data.splits.leakage import Promises, assert_no_leakage
from recs_core.data.splits.registry import (
    STRATEGIES,
    SplitConfig,
    SplitResult,
    split_interactions,
    strategy_named,
)
from recs_core.data.splits.split import Split
from recs_core.errors import DataError, ParameterError
from recs_core.testing.timed_rows import pairs_of, rows_of, rows_with_counts, timed_rows

OPTIONS: dict[str, list[dict[str, Any]]] = {
    "random": [{"validation_share": 0.1, "test_share": 0.2}, {"validation_share": 0.45, "test_share": 0.45}],
    "leave_last": [{"n": 1}, {"n": 2}],
    "temporal": [
        {"validation": 0.2, "test": 0.3, "gap_days": 0, "new_users": "keep"},
        {"validation": 0.2, "test": 0.2, "gap_days": 30, "new_users": "keep"},
        {"validation": 0.2, "test": 0.3, "gap_days": 10, "new_users": "drop"},
        {"validation": "2004-06-01", "test": "2004-09-01", "gap_days": 14, "new_users": "drop"},
    ],
    "user_holdout": [
        {"validation_share": 0.1, "test_share": 0.3, "fold_in_share": 0.8},
        {"validation_share": 0.3, "test_share": 0.1, "fold_in_share": 0.1},
    ],
    "presplit": [{"validation_share": 0.1}, {"validation_share": 0.5}, {"validation_share": 0.0}],
}
"""What each strategy is tried with. A strategy that is not here fails."""

PROMISES = {
    "random": Promises(),
    "leave_last": Promises(order="per_user"),
    "temporal": Promises(order="global", gap_days=0, history=False),
    "user_holdout": Promises(held_out_users=True),
    "presplit": Promises(history=False),
}
"""What each must keep with the first of its options: `assert_no_leakage` checks no more than is promised."""

CASES = [
    pytest.param(name, options, id=f"{name}-{number}")
    for name in STRATEGIES
    for number, options in enumerate(OPTIONS.get(name, []))
]


def split(rows: InteractionRows, name: str, options: dict[str, Any], *, seed: int = 7) -> SplitResult:
    if name == "presplit" and rows.parts is None:
        # as if the source had said so: every third row is of the test
        rows = replace(rows, parts=np.where(np.arange(len(rows)) % 3 == 2, 2, 0).astype(np.int8))
    rng = np.random.default_rng(seed)
    return split_interactions(rows, name, {name: options}, source="tiny", rng=rng)


def split_if_possible(
    rows: InteractionRows, name: str, options: dict[str, Any], *, seed: int = 7
) -> SplitResult:
    """Random data may be too little for a strategy; then it must say so."""
    try:
        return split(rows, name, options, seed=seed)
    except DataError as error:
        assert "empty" in str(error) or "has the same one" in str(error)  # noqa: PT017
        assume(False)
        raise


def test_every_strategy_is_tried() -> None:
    assert set(OPTIONS) == set(PROMISES) == set(STRATEGIES)


def test_importing_the_package_registers_every_strategy() -> None:
    found = set()
    for module in pkgutil.iter_modules(recs_core.data.splits.__path__):
        members = vars(importlib.import_module(f"recs_core.data.splits.{module.name}"))
        for member in members.values():
            if isinstance(member, type) and issubclass(member, SplitConfig) and member is not SplitConfig:
                assert module.name in recs_core.data.splits.__all__
                found.add(member)
    assert found == {strategy.config for strategy in STRATEGIES.values()}


@pytest.mark.parametrize("name", STRATEGIES)
def test_options_are_frozen_and_an_unknown_one_is_refused(name: str) -> None:
    config = STRATEGIES[name].config(**OPTIONS[name][0])
    with pytest.raises(ValidationError, match="frozen"):
        setattr(config, next(iter(type(config).model_fields)), 1)
    with pytest.raises(ParameterError, match=rf"split\.options\.{name}\.mood: Extra inputs"):
        split(rows_with_counts([9] * 5), name, OPTIONS[name][0] | {"mood": "good"})


@pytest.mark.parametrize(("name", "options"), CASES)
@settings(suppress_health_check=[HealthCheck.filter_too_much])
@given(rows=timed_rows, seed=st.integers(0, 2**32))
def test_the_parts_are_disjoint_and_together_everything(
    name: str, options: dict[str, Any], rows: InteractionRows, seed: int
) -> None:
    result = split_if_possible(rows, name, options, seed=seed)
    parts = [pairs_of(part) for part in result.split.parts().values()]
    assert sum(len(part) for part in parts) == len(rows)
    assert set().union(*parts) == pairs_of(rows.to_set()) == pairs_of(result.split.everything)
    assert sum(result.dropped.values()) == len(result.split.dropped)


@pytest.mark.parametrize(("name", "options"), CASES)
@settings(suppress_health_check=[HealthCheck.filter_too_much])
@given(rows=timed_rows, seed=st.integers(0, 2**32))
def test_nothing_leaks_and_nothing_needed_is_empty(
    name: str, options: dict[str, Any], rows: InteractionRows, seed: int
) -> None:
    result = split_if_possible(rows, name, options, seed=seed)
    assert_no_leakage(result.split, rows, result.promises)
    needed = {"train", "validation", "test"} - set(STRATEGIES[name].may_be_empty)
    assert min(len(result.split.parts()[part]) for part in needed) >= 1


@pytest.mark.parametrize(("name", "options"), CASES)
@settings(suppress_health_check=[HealthCheck.filter_too_much])
@given(rows=timed_rows, seed=st.integers(0, 2**32))
def test_the_seed_alone_decides(name: str, options: dict[str, Any], rows: InteractionRows, seed: int) -> None:
    one, same = (split_if_possible(rows, name, options, seed=seed).split.parts() for _ in range(2))
    assert {part: pairs_of(one[part]) for part in one} == {part: pairs_of(same[part]) for part in same}


@pytest.mark.parametrize(("name", "options"), CASES)
def test_too_little_to_hold_out_is_an_error_that_says_what_is_empty(
    name: str, options: dict[str, Any]
) -> None:
    rows = rows_of({"u": {"a": 0, "b": 400}})
    with pytest.raises(
        DataError, match=rf"strategy {name} leaves .* empty .*; change split\.options\.{name}"
    ):
        split(rows, name, options)


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_strategy_promises_all_that_it_keeps(name: str) -> None:
    assert split(rows_with_counts([9] * 5), name, OPTIONS[name][0]).promises == PROMISES[name]


@pytest.mark.parametrize("name", [name for name, strategy in STRATEGIES.items() if strategy.needs_times])
def test_a_strategy_that_needs_times_says_which_source_lacks_them(name: str) -> None:
    options = OPTIONS[name][0]
    rows = rows_with_counts([9] * 5)
    timeless = InteractionRows(rows.users, rows.books, rows.user_rows, rows.book_rows, None)
    with pytest.raises(DataError, match=f"^split.strategy {name} needs times; data source tiny has none$"):
        split(timeless, name, options)
    with pytest.raises(DataError, match="data source tiny has none for 2 of 4 interactions"):
        split(rows_of({"u": {"a": 1, "b": None, "c": 2, "d": None}}), name, options)
    with pytest.raises(DataError, match="tiny has the same one, 2004-01-04T00:00:00, for every interaction"):
        split(rows_of({"u": {"a": 3, "b": 3, "c": 3, "d": 3}}), name, options)


@pytest.mark.parametrize("name", [name for name, strategy in STRATEGIES.items() if not strategy.needs_times])
def test_a_strategy_that_needs_no_times_goes_without(name: str) -> None:
    rows = rows_with_counts([9] * 5)
    timeless = InteractionRows(rows.users, rows.books, rows.user_rows, rows.book_rows, None)
    with_times, without = (split(some, name, OPTIONS[name][0]).split for some in (rows, timeless))
    assert all(pairs_of(with_times.parts()[p]) == pairs_of(without.parts()[p]) for p in Split.PARTS)


def test_an_unknown_strategy_names_those_that_there_are() -> None:
    with pytest.raises(ParameterError, match=r"split\.strategy is 'mood'; it must be one of \['leave_last'"):
        strategy_named("mood")


def test_only_validation_may_be_empty() -> None:
    assert {part for strategy in STRATEGIES.values() for part in strategy.may_be_empty} == {"validation"}


def test_missing_options_are_named() -> None:
    with pytest.raises(ParameterError, match=r"split\.options\.random is missing"):
        split_interactions(rows_with_counts([9]), "random", {}, source="tiny", rng=np.random.default_rng(7))
