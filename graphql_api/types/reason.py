"""Why a book was recommended."""

from __future__ import annotations

from enum import Enum
from typing import Self

import strawberry

from graphql_api.context import Info
from graphql_api.types.book import Book
from recs_core.explanations import reasons


@strawberry.enum(description="What a part of a score comes from.")
class ReasonKind(Enum):
    """What a part of a score comes from."""

    COLLABORATIVE = strawberry.enum_value(
        "COLLABORATIVE", description="Readers of a book in the history read the recommended one too."
    )
    CONTENT = strawberry.enum_value(
        "CONTENT", description="Title, author or publisher are like those of a book in the history."
    )
    POPULARITY = strawberry.enum_value("POPULARITY", description="Many readers read the book.")
    OTHER = strawberry.enum_value("OTHER", description="All parts that are not named, together.")


@strawberry.type(description="One part of a recommendation's score.")
class Reason:
    """One part of a recommendation's score."""

    kind: ReasonKind = strawberry.field(description="What the part comes from.")
    amount: float = strawberry.field(
        description="How much of the score it is; a negative amount takes from it. The amounts of all reasons "
        "of a recommendation add up to its score."
    )
    book_row: strawberry.Private[int | None]

    @classmethod
    def from_reason(cls, reason: reasons.Reason) -> Self:
        """The type of a reason of the library."""
        return cls(kind=ReasonKind[reason.kind], amount=reason.amount, book_row=reason.book_row)

    async def _book(self, info: Info) -> Book | None:
        if self.book_row is None:
            return None
        return Book.from_record(await info.context.books.load(self.book_row))

    async def _text(self, info: Info) -> str:
        if self.book_row is None:
            popular = self.kind is ReasonKind.POPULARITY
            return "popular with many readers" if popular else "smaller parts together"
        title = (await info.context.books.load(self.book_row)).title
        if self.kind is ReasonKind.CONTENT:
            likeness = "like" if self.amount > 0 else "unlike"
            return f"{likeness} “{title}” in title, author or publisher"
        return f"because you read “{title}”" if self.amount > 0 else f"less because you read “{title}”"

    book: Book | None = strawberry.field(
        resolver=_book,
        description="The book of the history that gives the part; null for POPULARITY and OTHER.",
    )
    text: str = strawberry.field(
        resolver=_text, description="The reason in words that can follow the book's title."
    )
