"""A reader, as the bundle knows them."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import strawberry
from numpy.typing import NDArray

from graphql_api.arguments import HISTORY_FIRST, check_first
from graphql_api.context import Info
from graphql_api.limits.directives import ListSize
from graphql_api.types.book import Book


@strawberry.type(description="A reader of the store.")
class User:
    """A reader of the store."""

    id: strawberry.ID = strawberry.field(description="The reader's id in the store.")
    known: bool = strawberry.field(description="Whether the served bundle knows the reader.")
    history_rows: strawberry.Private[NDArray[np.int32]]

    def _history_size(self) -> int:
        return int(self.history_rows.size)

    async def _history(self, info: Info, first: Annotated[int, HISTORY_FIRST] = 20) -> list[Book]:
        check_first(first, info.context.max_first)
        records = await info.context.books.load_many(self.history_rows[:first].tolist())
        return [Book.from_record(record) for record in records]

    history_size: int = strawberry.field(
        resolver=_history_size, description="How many books the bundle knows the reader to have read."
    )
    history: list[Book] = strawberry.field(
        resolver=_history,
        description="Books that the reader has read, in the order of their ids.",
        directives=[ListSize(slicing_arguments=["first"])],
    )
