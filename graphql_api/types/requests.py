"""What a request may ask of a list: filters and re-ranking."""

from __future__ import annotations

import strawberry
from pydantic import ValidationError

from graphql_api.arguments import check_ids
from graphql_api.errors import BadUserInputError
from recs_core.serving.filters import BookFilter
from recs_core.serving.rerank import RerankConfig


@strawberry.input(
    description="What a listed book must be. A book passes if it is known to: one of unknown year "
    "passes no condition on years."
)
class BookFilterInput:
    """What a listed book must be."""

    in_stock: bool = strawberry.field(default=False, description="Only books that can be bought now.")
    languages: list[str] = strawberry.field(
        default_factory=list, description="In any of these languages, in any case; empty: in any."
    )
    genres: list[str] = strawberry.field(
        default_factory=list, description="Of any of these genres, in any case; empty: of any."
    )
    without_genres: list[str] = strawberry.field(default_factory=list, description="Of none of these genres.")
    year_from: int | None = strawberry.field(default=None, description="Published in this year or later.")
    year_to: int | None = strawberry.field(default=None, description="Published in this year or earlier.")
    price_from: float | None = strawberry.field(default=None, description="At this price or a higher one.")
    price_to: float | None = strawberry.field(default=None, description="At this price or a lower one.")
    exclude_book_ids: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="None of these books, for example because the reader owns them."
    )

    def as_filter(self) -> BookFilter:
        """The library's filter.

        Raises:
            BadUserInputError: a condition is none.
        """
        for name in ("languages", "genres", "without_genres"):
            check_ids(getattr(self, name), f"filter.{camel(name)}")
        check_ids(self.exclude_book_ids, "filter.excludeBookIds")
        for what, low, high in (
            ("year", self.year_from, self.year_to),
            ("price", self.price_from, self.price_to),
        ):
            if low is not None and high is not None and low > high:
                raise BadUserInputError(
                    f"filter.{what}From ({low}) is above filter.{what}To ({high}): no book can pass"
                )
        try:
            return BookFilter(
                in_stock=self.in_stock,
                languages=tuple(self.languages),
                genres=tuple(self.genres),
                without_genres=tuple(self.without_genres),
                year_from=self.year_from,
                year_to=self.year_to,
                price_from=self.price_from,
                price_to=self.price_to,
            )
        except ValidationError as error:
            raise BadUserInputError(_faults(error, "filter")) from None


@strawberry.input(
    description="How a list is re-ranked after the model has scored it. What is left out is as the strategy has it."
)
class RerankInput:
    """How a list is re-ranked."""

    diversity: float | None = strawberry.field(
        default=None,
        description="From 0 to below 1: how much unlikeness to the books above counts beside the score.",
    )
    per_author: int | None = strawberry.field(
        default=None, description="At most so many books of one author; null: as the strategy has it."
    )
    popularity_damping: float | None = strawberry.field(
        default=None, description="What the most read book loses, in largest scores of the list; 0: nothing."
    )
    dislikes: float | None = strawberry.field(
        default=None,
        description="What a book exactly like a disliked one loses, in largest scores of the list.",
    )

    def over(self, strategy: RerankConfig) -> RerankConfig:
        """The strategy's rules with what is given in their place.

        Raises:
            BadUserInputError: a rule cannot be used.
        """
        given = {
            name: value for name in RerankConfig.model_fields if (value := getattr(self, name)) is not None
        }
        try:
            return RerankConfig.model_validate(strategy.model_dump() | given)
        except ValidationError as error:
            raise BadUserInputError(_faults(error, "rerank")) from None


def _faults(error: ValidationError, argument: str) -> str:
    """What is wrong, by the names of the schema."""
    return "; ".join(
        f"{argument}.{'.'.join(camel(str(part)) for part in fault['loc'])}: {fault['msg']} (got {fault['input']!r})"
        for fault in error.errors(include_url=False)
    )


def camel(name: str) -> str:
    """A name of the library as the schema writes it."""
    head, *rest = name.split("_")
    return head + "".join(word.title() for word in rest)
