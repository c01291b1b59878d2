"""Ranked books: for a reader or a session, by likeness, by what readers share, by what is read."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import strawberry

from graphql_api.arguments import REASONS_FIRST, check_first
from graphql_api.cache.control import INHERITED
from graphql_api.context import Info
from graphql_api.limits.directives import Cost, ListSize
from graphql_api.loaders.reasons import PageReasons
from graphql_api.types.book import Book
from graphql_api.types.connection import Connection
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


@strawberry.type(description="What made a recommendation.", directives=[INHERITED])
class Artifact:
    """What made a recommendation."""

    version: strawberry.ID = strawberry.field(description="The version of the bundle, see `bundle`.")
    model: str = strawberry.field(description="The name of the model in params.yaml.")
    strategy: str = strawberry.field(description="The strategy, see `strategies`.")


@strawberry.type
class _Ranked:
    """What all ranked books have."""

    rank: int = strawberry.field(description="The place in the list, from 1.")
    book: Book = strawberry.field(description="The book.")


@strawberry.type(description="A book that the reader does not know yet and may like.", directives=[INHERITED])
class Recommendation(_Ranked):
    """A book that the reader does not know yet and may like."""

    score: float = strawberry.field(
        description="How well the book fits; comparable within one list, highest first."
    )
    served_from: ServedFrom = strawberry.field(description="Where the recommendation comes from.")
    artifact: Artifact = strawberry.field(description="What made the recommendation.")
    explanations: strawberry.Private[PageReasons]

    @strawberry.field(
        description="Why it is recommended, largest part first. The amounts add up to the score: what is not "
        "named is summed up in one more reason, OTHER. Empty where the model cannot explain itself.",
        # the weight pays for OTHER too
        directives=[Cost(weight="5"), ListSize(slicing_arguments=["first"])],
    )
    async def reasons(self, info: Info, first: Annotated[int, REASONS_FIRST] = 3) -> list[Reason]:
        """Why it is recommended."""
        check_first(first, info.context.server.max_first, least=1)
        return await self.explanations.of(self.book.row, first=first)


@strawberry.type(description="A page of recommendations.", directives=[INHERITED])
class RecommendationConnection(Connection[Recommendation]):
    """A page of recommendations."""

    unknown_book_ids: list[strawberry.ID] = strawberry.field(
        description="Books of the request that the bundle does not know; they changed nothing."
    )


@strawberry.type(description="A book that is like another.", directives=[INHERITED])
class SimilarBook(_Ranked):
    """A book that is like another."""

    score: float = strawberry.field(description="How alike the two are; comparable within one list.")


@strawberry.type(description="A page of books that are like another.", directives=[INHERITED])
class SimilarBookConnection(Connection[SimilarBook]):
    """A page of books that are like another."""


@strawberry.type(description="A book that readers of another read too.", directives=[INHERITED])
class AlsoReadBook(_Ranked):
    """A book that readers of another read too."""

    readers: int = strawberry.field(description="How many readers read both.")
    share: float = strawberry.field(description="Their share of all readers of the other book, from 0 to 1.")


@strawberry.type(description="A page of books that readers of another read too.", directives=[INHERITED])
class AlsoReadConnection(Connection[AlsoReadBook]):
    """A page of books that readers of another read too."""


@strawberry.enum(description="How far a trend looks back from the newest reading that the bundle knows.")
class TrendWindow(Enum):
    """How far a trend looks back."""

    DAY = strawberry.enum_value("DAY", description="One day.")
    WEEK = strawberry.enum_value("WEEK", description="Seven days.")
    MONTH = strawberry.enum_value("MONTH", description="Thirty days.")
    YEAR = strawberry.enum_value("YEAR", description="365 days.")
    ALL = strawberry.enum_value("ALL", description="All time.")


@strawberry.type(description="A book that many read of late.", directives=[INHERITED])
class TrendingBook(_Ranked):
    """A book that many read of late."""

    readers: int = strawberry.field(description="How many read it in the window.")


@strawberry.type(description="A page of books that many read of late.", directives=[INHERITED])
class TrendingConnection(Connection[TrendingBook]):
    """A page of books that many read of late."""

    window: TrendWindow = strawberry.field(
        description="The window that was counted: the next longer one that the data has. Data without times has ALL."
    )


@strawberry.type(description="A book that a search found.", directives=[INHERITED])
class SearchHit(_Ranked):
    """A book that a search found."""

    score: float = strawberry.field(description="How well it fits the text; comparable within one list.")


@strawberry.type(description="A page of books that a search found.", directives=[INHERITED])
class SearchConnection(Connection[SearchHit]):
    """A page of books that a search found."""
