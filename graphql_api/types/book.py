"""A book as the catalogue knows it."""

from __future__ import annotations

from typing import Self

import strawberry

from recs_core.data.catalogue import BookRecord


@strawberry.type(description="A book of the catalogue.")
class Book:
    """A book of the catalogue."""

    id: strawberry.ID = strawberry.field(description="The book's id in the store, for example its ISBN.")
    title: str = strawberry.field(description="The title as printed.")
    authors: list[str] = strawberry.field(description="The authors, in the order of the title page.")
    year: int | None = strawberry.field(description="The year of publication; null where it is unknown.")
    publisher: str | None = strawberry.field(description="The publisher; null where it is unknown.")
    cover_url: str | None = strawberry.field(
        description="Where a picture of the cover is; null where there is none."
    )

    @classmethod
    def from_record(cls, record: BookRecord) -> Self:
        """The type of a catalogue record."""
        return cls(
            id=strawberry.ID(record.book_id),
            title=record.title,
            authors=list(record.authors),
            year=record.year,
            publisher=record.publisher,
            cover_url=record.cover_url,
        )
