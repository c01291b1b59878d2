"""A book as the catalogue knows it."""

from __future__ import annotations

from typing import Self

import strawberry

from graphql_api.cache.control import INHERITED
from graphql_api.context import Info
from graphql_api.snapshots import Snapshot
from graphql_api.types.connection import Connection
from graphql_api.types.node import Node, global_id
from recs_core.data.catalogue import BookRecord


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

    @classmethod
    def from_record(cls, record: BookRecord) -> Self:
        """The type of a catalogue record."""
        return cls(
            id=global_id("Book", record.book_id),
            book_id=strawberry.ID(record.book_id),
            title=record.title,
            authors=list(record.authors),
            year=record.year,
            publisher=record.publisher,
            language=record.language,
            genres=list(record.genres),
            description=record.description,
            cover_url=record.cover_url,
            price=record.price,
            in_stock=record.available,
        )


async def book_at(info: Info, snapshot: Snapshot, book_row: int) -> Book:
    """The book of a row, read together with all others of its level."""
    return Book.from_record(await info.context.books(snapshot).load(book_row))


@strawberry.type(description="A page of books.", directives=[INHERITED])
class BookConnection(Connection[Book]):
    """A page of books."""
