"""Ranked books: for a reader, or by likeness to a book."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import strawberry

from graphql_api.arguments import REASONS_FIRST, check_first
from graphql_api.context import Info
from graphql_api.limits.directives import Cost, ListSize
from graphql_api.loaders.reasons import ReasonsKey, ReasonsLoader
from graphql_api.types.book import Book
from graphql_api.types.reason import Reason


@strawberry.enum(description="Where a recommendation comes from.")
class ServedFrom(Enum):
    """Where a recommendation comes from."""

    MODEL = strawberry.enum_value("MODEL", description="The model ranked it for the reader's history.")
    PRECOMPUTED = strawberry.enum_value(
        "PRECOMPUTED", description="It was ranked for the reader beforehand, when the bundle was made."
    )
    POPULAR = strawberry.enum_value(
        "POPULAR", description="The reader is unknown or has no history; it is what is popular."
    )


@strawberry.type(description="A book that the reader does not know yet and may like.")
class Recommendation:
    """A book that the reader does not know yet and may like."""

    rank: int = strawberry.field(description="The place in the list, from 1.")
    score: float = strawberry.field(
        description="How well the book fits; comparable within one list, highest first."
    )
    served_from: ServedFrom = strawberry.field(description="Where the recommendation comes from.")
    book_row: strawberry.Private[int]
    explanations: strawberry.Private[ReasonsLoader]

    async def _book(self, info: Info) -> Book:
        return Book.from_record(await info.context.books.load(self.book_row))

    async def _reasons(self, info: Info, first: Annotated[int, REASONS_FIRST] = 3) -> list[Reason]:
        check_first(first, info.context.max_first)
        found = await self.explanations.load(ReasonsKey(self.book_row, first))
        return [Reason.from_reason(reason) for reason in found]

    book: Book = strawberry.field(resolver=_book, description="The recommended book.")
    reasons: list[Reason] = strawberry.field(
        resolver=_reasons,
        description="Why it is recommended, largest part first. The amounts add up to the score: what is not "
        "named is summed up in one more reason, OTHER. Empty where the model cannot explain itself.",
        # the weight pays for OTHER too
        directives=[Cost(weight="5"), ListSize(slicing_arguments=["first"])],
    )


@strawberry.type(description="A book that is like another.")
class SimilarBook:
    """A book that is like another."""

    rank: int = strawberry.field(description="The place in the list, from 1.")
    score: float = strawberry.field(description="How alike the two are; comparable within one list.")
    book_row: strawberry.Private[int]

    async def _book(self, info: Info) -> Book:
        return Book.from_record(await info.context.books.load(self.book_row))

    book: Book = strawberry.field(resolver=_book, description="The similar book.")
