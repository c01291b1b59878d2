"""Pages that hold still: a cursor takes the reader back to the bundle that the list began with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from graphql_api.arguments import check_first
from graphql_api.context import Context
from graphql_api.cursors import Position, scope_of
from graphql_api.snapshots import Snapshot
from graphql_api.types.connection import Page

NodeT = TypeVar("NodeT")
ItemT = TypeVar("ItemT")

MAX_DEPTH = 1_000
"""Where lists end: nobody turns a hundred pages, and the last of them would cost what the first hundred did."""


@dataclass(frozen=True)
class Part(Generic[NodeT]):
    """A part of a list.

    Args:
        nodes: its items.
        more: says whether the list goes on.
        total: says how many items the whole list has; None where nobody counted.
    """

    nodes: Sequence[NodeT]
    more: Callable[[], bool]
    total: Callable[[], int | None] = lambda: None


Fetch: TypeAlias = Callable[[Snapshot, int, int], Awaitable[Part[NodeT]]]
"""From snapshot, offset and number to so many items of a list from there on."""


async def page_of(
    context: Context,
    field: str,
    arguments: dict[str, object],
    first: int,
    after: str | None,
    fetch: Fetch[NodeT],
) -> Page[NodeT]:
    """One page of the list that a field returns.

    Args:
        context: of the operation.
        field: the field's name.
        arguments: its arguments but `first` and `after`, as JSON values.
        first: length of the page.
        after: the cursor that it begins after.
        fetch: gets a part of the list.

    Raises:
        BadUserInputError: `first` is out of bounds.
        BadCursorError: `after` is no cursor of this list.
        SnapshotExpiredError: the bundle of `after` is gone.
    """
    check_first(first, context.server.max_first)
    scope = scope_of(field, arguments)
    snapshot, offset = context.snapshot, 0
    if after is not None:
        position = context.server.cursors.read(after, scope)
        snapshot, offset = context.at(position.version), position.rank
    part = await fetch(snapshot, offset, min(first, max(0, MAX_DEPTH - offset)))
    return Page(
        nodes=part.nodes,
        offset=offset,
        more=lambda: offset + len(part.nodes) < MAX_DEPTH and part.more(),
        total=lambda: None if (total := part.total()) is None else min(total, MAX_DEPTH),
        cursor=lambda rank: context.server.cursors.write(Position(snapshot.version, rank), scope),
    )


def part_of(items: Sequence[ItemT], offset: int, n: int, make: Callable[[ItemT], NodeT]) -> Part[NodeT]:
    """The part of a list of which at least one item more than the part was fetched, if there are more.

    Args:
        items: the list up to there.
        offset: where the part begins.
        n: how many items it has at most.
        make: makes a node of an item.
    """
    return Part([make(item) for item in items[offset : offset + n]], lambda: len(items) > offset + n)
