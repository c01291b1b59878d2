"""What was asked of late is kept in order and within bounds, and asked again whatever one of it does."""

from __future__ import annotations

import asyncio

import pytest

from graphql_api.errors import RequestError
from graphql_api.operation import Operation
from graphql_api.recent import RecentOperations, warm_up


def operation(name: str, variables: bytes = b"{}") -> Operation:
    return Operation(f"query {name} {{ models }}", name, {}, variables)


def recent(*names: str, size: int = 10) -> RecentOperations:
    noted = RecentOperations(size)
    for name in names:
        noted.note(operation(name), "")
    return noted


def names(noted: RecentOperations) -> list[str | None]:
    return [each.name for each, _ in noted.newest_first()]


def test_each_operation_is_there_once_the_newest_first() -> None:
    assert names(recent("a", "b", "c", "a")) == ["a", "c", "b"]


def test_of_more_than_there_is_room_for_the_oldest_is_forgotten() -> None:
    assert names(recent("a", "b", "a", "c", size=2)) == ["c", "a"]
    assert names(recent("a", size=0)) == []


def test_other_variables_make_another_operation() -> None:
    noted = recent("a")
    noted.note(operation("a", b'{"first":1}'), "")
    assert len(noted.newest_first()) == 2


def test_a_refused_operation_keeps_no_other_from_being_warmed() -> None:
    asked = []

    async def ask(each: Operation, _: str) -> None:
        asked.append(each.name)
        if each.name == "b":
            raise RequestError("there is no such book any more")

    assert asyncio.run(warm_up(recent("a", "b", "c"), ask)) == 2
    assert asked == ["c", "b", "a"]


def test_a_broken_operation_is_logged_and_keeps_no_other(caplog: pytest.LogCaptureFixture) -> None:
    async def ask(each: Operation, _: str) -> None:
        if each.name == "b":
            raise KeyError("a bug")

    assert asyncio.run(warm_up(recent("a", "b"), ask)) == 1
    assert "a bug" in caplog.text


def test_warming_ends_when_its_time_is_over() -> None:
    async def ask(each: Operation, _: str) -> None:
        if each.name == "endless":
            await asyncio.Event().wait()

    assert asyncio.run(warm_up(recent("a", "endless", "c"), ask, within_s=0.1)) == 1
