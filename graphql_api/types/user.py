"""A reader, as the bundle knows them."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Self

import numpy as np
import strawberry
from numpy.typing import NDArray

from graphql_api.arguments import AFTER, FIRST
from graphql_api.cache.control import PRIVATE_INHERITED
from graphql_api.context import Info
from graphql_api.limits.directives import PAGED
from graphql_api.paging import Part, page_of
from graphql_api.snapshots import Snapshot
from graphql_api.types.book import Book, BookConnection
from graphql_api.types.node import Node, global_id
from recs_core.data.idmap import PAD


@strawberry.enum(description="A group of readers by how much is known of them.")
class Cohort(Enum):
    """A group of readers by how much is known of them."""

    COLD = strawberry.enum_value("COLD", description="Few books: other readers say little yet.")
    MEDIUM = strawberry.enum_value("MEDIUM", description="As many books as most.")
    HEAVY = strawberry.enum_value("HEAVY", description="Very many books.")


@strawberry.type(description="A reader of the store.", directives=[PRIVATE_INHERITED])
class User(Node):
    """A reader of the store."""

    user_id: strawberry.ID = strawberry.field(
        description="The reader's id in the store, or the pseudonym for it: what arguments named `userId` take."
    )
    known: bool = strawberry.field(description="Whether the served bundle knows the reader.")
    history_rows: strawberry.Private[NDArray[np.int32]]
    snapshot: strawberry.Private[Snapshot]

    @classmethod
    def of(cls, snapshot: Snapshot, user_id: str) -> Self:
        """A reader, known or not."""
        recommender = snapshot.recommender
        return cls(
            id=global_id("User", user_id),
            user_id=strawberry.ID(user_id),
            known=recommender.user_row(user_id) != PAD,
            history_rows=recommender.history_rows(user_id),
            snapshot=snapshot,
        )

    @strawberry.field(description="How many books the bundle knows the reader to have read.")
    def history_size(self) -> int:
        """How many books the reader has read."""
        return int(self.history_rows.size)

    @strawberry.field(
        description="The group of readers that the reader is in; the metrics are given for each."
    )
    def cohort(self) -> Cohort:
        """The cohort of the reader."""
        bounds = self.snapshot.recommender.bundle.meta.cohorts
        found = self.snapshot.recommender.cohort(
            self.user_id, cold_below=bounds.cold_below, heavy_from=bounds.heavy_from
        )
        return Cohort[found.upper()]

    @strawberry.field(
        description="Books that the reader has read, in the order of their ids.", directives=[PAGED]
    )
    async def history(
        self,
        info: Info,
        first: Annotated[int, FIRST] = 20,
        after: Annotated[str | None, AFTER] = None,
    ) -> BookConnection:
        """Books that the reader has read."""

        async def books(snapshot: Snapshot, offset: int, n: int) -> Part[Book]:
            rows = snapshot.recommender.history_rows(self.user_id)
            wanted = rows[offset : offset + n].tolist()
            nodes = [Book.at(info.context, snapshot, row) for row in wanted]
            return Part(nodes, lambda: offset + n < rows.size, lambda: int(rows.size))

        return BookConnection.of(
            await page_of(info.context, "history", {"user": self.user_id}, first, after, books)
        )
