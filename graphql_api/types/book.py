"""A book as the catalogue knows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import strawberry

from graphql_api.cache.control import INHERITED
from graphql_api.context import Context
from graphql_api.snapshots import Snapshot
from graphql_api.types.connection import Connection
from graphql_api.types.node import Node, global_id
from recs_core.data.cells import Cell

COLUMNS = {
    "book_id": "book_id",
    "title": "title",
    "authors": "authors",
    "year": "year",
    "publisher": "publisher",
    "language": "language",
    "genres": "genres",
    "description": "description",
    "cover_url": "cover_url",
    "price": "price",
    "in_stock": "available",
}
"""Of the catalogue, by the fields that show them."""


@strawberry.type(description="A book of the catalogue.", directives=[INHERITED])
class Book(Node):
    """A book of the catalogue."""

    book_id: strawberry.ID = strawberry.field(
        description="The book's id in the store, for example its ISBN: what arguments named `bookId` take."
    )
    title: str = strawberry.field(description="The title as printed.")
    authors: list[str] = strawberry.field(description="The authors, in the order of the title page.")
    year: int | None = strawberry.field(description="The year of publication; null where it is unknown.")
    publisher: str | None = strawberry.field(description="The publisher; null where it is unknown.")
    language: str | None = strawberry.field(
        description="The language, as the store writes it; null where it is unknown."
    )
    genres: list[str] = strawberry.field(description="The genres; empty where they are unknown.")
    description: str | None = strawberry.field(
        description="What the book is about; null where it is unknown."
    )
    cover_url: str | None = strawberry.field(
        description="Where a picture of the cover is; null where there is none."
    )
    price: float | None = strawberry.field(
        description="The price in the store's currency; null where it is unknown."
    )
    in_stock: bool | None = strawberry.field(
        description="Whether the book can be bought now; null where it is unknown."
    )
    _cells: strawberry.Private[Mapping[str, Cell]]
    _changed: strawberry.Private[Mapping[str, Any] | None]
    row: strawberry.Private[int]

    @classmethod
    def at(cls, context: Context, snapshot: Snapshot, book_row: int) -> Self:
        """The book of a row of the catalogue, of which a field is read when it is asked for."""
        context.books_read.setdefault(snapshot, set()).add(book_row)
        book = cls.__new__(cls)
        book._cells = snapshot.recommender.bundle.catalogue.cells
        book._changed = snapshot.recommender.shelf.cells.get(book_row)
        book.row = book_row
        return book

    def __getattr__(self, name: str) -> Any:
        # Python asks here only for what the object does not have: the fields that nobody asked for yet
        if name == "id":
            return global_id("Book", self.book_id)
        if name not in COLUMNS:
            raise AttributeError(f"{type(self).__name__} has no {name}")
        column = COLUMNS[name]
        if self._changed is not None and column in self._changed:
            return self._changed[column]
        return self._cells[column](self.row)


@strawberry.type(description="A page of books.", directives=[INHERITED])
class BookConnection(Connection[Book]):
    """A page of books."""
