"""Pages of lists: the connections of https://relay.dev/graphql/connections.htm, forward only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Self, TypeVar

import strawberry

from graphql_api.cache.control import INHERITED

NodeT = TypeVar("NodeT")


@dataclass(frozen=True)
class Page(Generic[NodeT]):
    """A part of a list.

    Args:
        nodes: the items.
        offset: how many items of the list come before them.
        more: says whether items come after them.
        total: says how many items the whole list has; None where nobody counted.
        cursor: writes the cursor of the item of a rank, from 1.
    """

    nodes: Sequence[NodeT]
    offset: int
    more: Callable[[], bool]
    total: Callable[[], int | None]
    cursor: Callable[[int], str]


@strawberry.type(description="Where a page stands in its list.", directives=[INHERITED])
class PageInfo:
    """Where a page stands in its list."""

    has_next_page: bool = strawberry.field(description="Whether items come after this page.")
    has_previous_page: bool = strawberry.field(description="Whether items come before this page.")
    start_cursor: str | None = strawberry.field(
        description="The cursor of the first item; null where there is none."
    )
    end_cursor: str | None = strawberry.field(
        description="The cursor of the last item, `after` which the next page begins; null where there is none."
    )


@strawberry.type(description="An item of a list, and its place.", directives=[INHERITED])
class Edge(Generic[NodeT]):
    """An item of a list, and its place."""

    node: NodeT = strawberry.field(description="The item.")
    cursor: str = strawberry.field(
        description="The item's place in this list of this bundle: what `after` takes. It is opaque."
    )


@strawberry.type(description="A page of a list.", directives=[INHERITED])
class Connection(Generic[NodeT]):
    """A page of a list."""

    page: strawberry.Private[Page[NodeT]]

    @classmethod
    def of(cls, page: Page[NodeT]) -> Self:
        """The connection of a page."""
        return cls(page=page)

    @strawberry.field(description="The items of this page, each with its cursor.")
    def edges(self) -> list[Edge[NodeT]]:
        """The items, each with its cursor."""
        first = self.page.offset + 1
        return [
            Edge(node=node, cursor=self.page.cursor(rank)) for rank, node in enumerate(self.page.nodes, first)
        ]

    @strawberry.field(description="The items of this page, for who needs no cursors of single items.")
    def nodes(self) -> list[NodeT]:
        """The items."""
        return list(self.page.nodes)

    @strawberry.field(description="Where this page stands in the list.")
    def page_info(self) -> PageInfo:
        """Where this page stands in the list."""
        page = self.page
        return PageInfo(
            has_next_page=page.more(),
            has_previous_page=page.offset > 0,
            start_cursor=page.cursor(page.offset + 1) if page.nodes else None,
            end_cursor=page.cursor(page.offset + len(page.nodes)) if page.nodes else None,
        )

    @strawberry.field(
        description="How many items the whole list has, which ends after 1,000; null where counting would cost "
        "more than the page."
    )
    def total_count(self) -> int | None:
        """How many items the whole list has."""
        return self.page.total()
