"""Why a book is, or is not, recommended."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Self

import numpy as np
import strawberry

from graphql_api.arguments import COUNTERFACTUALS_FIRST, REASONS_FIRST, check_first
from graphql_api.cache.control import INHERITED
from graphql_api.context import Context, Info
from graphql_api.limits.directives import Cost, ListSize
from graphql_api.snapshots import Snapshot
from graphql_api.types.book import Book
from graphql_api.types.reason import Reason
from graphql_api.types.recommendation import Artifact
from graphql_api.types.requests import camel
from recs_core.explanations import counterfactual
from recs_core.explanations import why_not as absences
from recs_core.serving.answer import Answer


@strawberry.enum(description="What kept a book from a list; where several things did, the first of these.")
class Absence(Enum):
    """What kept a book from a list."""

    SEEN = strawberry.enum_value("SEEN", description="It is in the reader's history.")
    DISLIKED = strawberry.enum_value("DISLIKED", description="The reader dislikes it.")
    EXCLUDED = strawberry.enum_value("EXCLUDED", description="The request excludes it.")
    NOT_SOLD = strawberry.enum_value(
        "NOT_SOLD", description="The store does not sell it now: it is withdrawn or out of stock."
    )
    FILTERED = strawberry.enum_value("FILTERED", description="It does not pass the request's filter.")
    NO_SCORE = strawberry.enum_value("NO_SCORE", description="The model knows nothing of it for this reader.")
    CAPPED = strawberry.enum_value(
        "CAPPED",
        description="Its score would do, but the list has as many books of one of its authors as it may.",
    )
    DIVERSIFIED = strawberry.enum_value(
        "DIVERSIFIED",
        description="Its score would do, but for what diversity takes: it is too like the books listed.",
    )
    LIKE_A_DISLIKED = strawberry.enum_value(
        "LIKE_A_DISLIKED",
        description="Its score would do, but for what its likeness to a disliked book takes.",
    )
    DAMPED = strawberry.enum_value(
        "DAMPED", description="Its score would do, but for what popularity damping takes."
    )
    BELOW = strawberry.enum_value("BELOW", description="Its score is lower than that of every book listed.")


@strawberry.type(
    description="One part of a book's score beside that of the last book of the list.", directives=[INHERITED]
)
class ScoreComparison:
    """One part of a book's score beside that of the last book of the list."""

    part: str = strawberry.field(description="The part's name, for example als:collaborative.")
    book: float = strawberry.field(description="How much of the book's score it is.")
    last: float = strawberry.field(description="How much of the score of the last book of the list it is.")


@strawberry.type(description="Why a book is not in the list.", directives=[INHERITED])
class WhyNot:
    """Why a book is not in the list."""

    rule: Absence = strawberry.field(description="What kept it out.")
    filters: list[str] = strawberry.field(
        description="The conditions of the filter that it does not pass, for example yearFrom."
    )
    rank: int | None = strawberry.field(
        description="Its place among all books that may be listed, from 1; null where it may not be listed."
    )
    score: float | None = strawberry.field(
        description="Its score beside the books of the list; null where the model gives it none."
    )
    last_score: float | None = strawberry.field(
        description="The score of the last book of the list; null where the list is empty."
    )
    comparison: list[ScoreComparison] = strawberry.field(
        description="What its score and that of the last book are made of, what it lacked most first.",
        directives=[ListSize(assumed_size=20)],
    )

    @classmethod
    def from_found(cls, found: absences.WhyNot) -> Self:
        """The type of what the library found."""
        return cls(
            rule=Absence[found.reason.name],
            filters=[camel(name) for name in found.filters],
            rank=found.rank,
            score=found.score,
            last_score=found.last_score,
            comparison=[
                ScoreComparison(part=part.part, book=part.book, last=part.last) for part in found.parts
            ],
        )


@strawberry.type(
    description="What a score would be if the reader did not know one of the books.", directives=[INHERITED]
)
class Counterfactual:
    """What a score would be if the reader did not know one of the books."""

    said: float = strawberry.field(description="By how much the score falls, as the reasons say.")
    true: float = strawberry.field(description="By how much it falls when the shorter history is scored.")
    exact: bool = strawberry.field(
        description="Whether the two are equal by the model's nature; where not, `said` is an approximation."
    )
    book: Book = strawberry.field(description="The book of the history that is taken away.")

    @classmethod
    def from_found(cls, found: counterfactual.Counterfactual, context: Context, snapshot: Snapshot) -> Self:
        """The type of what the library found."""
        return cls(
            said=found.said,
            true=found.true,
            exact=found.exact,
            book=Book.at(context, snapshot, found.book_row),
        )


@strawberry.type(description="Why a book is, or is not, in a reader's list.", directives=[INHERITED])
class Explanation:
    """Why a book is, or is not, in a reader's list."""

    rank: int | None = strawberry.field(
        description="The book's place in the list; null where it is not there."
    )
    score: float | None = strawberry.field(description="The book's score; null where it may not be listed.")
    artifact: Artifact = strawberry.field(description="What made the list.")
    book: Book = strawberry.field(description="The book that is explained.")
    answer: strawberry.Private[Answer]
    snapshot: strawberry.Private[Snapshot]
    absence: strawberry.Private[absences.WhyNot]

    @strawberry.field(
        description="What the book's score is made of, largest part first; the amounts add up to it. Empty where the "
        "model cannot explain itself or gives the book no score.",
        directives=[Cost(weight="5"), ListSize(slicing_arguments=["first"])],
    )
    async def contributions(self, info: Info, first: Annotated[int, REASONS_FIRST] = 10) -> list[Reason]:
        """What the score is made of."""
        check_first(first, info.context.server.max_first, least=1)
        if self.score is None:
            return []
        asked = np.array([self.book.row], dtype=np.int32)
        recommender = self.snapshot.recommender
        (found,) = await info.context.compute(recommender.reasons, self.answer, asked, first=first)
        return [Reason.from_reason(reason, info.context, self.snapshot) for reason in found]

    @strawberry.field(
        description="What the score would lose without each of the books that give most to it. Of the model's score "
        "alone: rules do not look at the history. Empty where the model cannot explain itself.",
        directives=[Cost(weight="20"), ListSize(slicing_arguments=["first"])],
    )
    async def counterfactuals(
        self, info: Info, first: Annotated[int, COUNTERFACTUALS_FIRST] = 3
    ) -> list[Counterfactual]:
        """What the score would lose."""
        check_first(first, info.context.server.max_first, least=1)
        if self.score is None:
            return []
        recommender = self.snapshot.recommender
        found = await info.context.compute(
            recommender.counterfactuals, self.answer, self.book.row, first=first
        )
        return [Counterfactual.from_found(each, info.context, self.snapshot) for each in found]

    @strawberry.field(description="Why the book is not in the list; null where it is.")
    def why_not(self) -> WhyNot | None:
        """Why the book is not in the list."""
        return None if self.rank is not None else WhyNot.from_found(self.absence)
