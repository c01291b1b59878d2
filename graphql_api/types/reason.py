"""Why a book was recommended."""

from __future__ import annotations

from enum import Enum
from typing import Any, Self

import strawberry

from graphql_api.cache.control import INHERITED
from graphql_api.context import Context
from graphql_api.snapshots import Snapshot
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
    RULE = strawberry.enum_value(
        "RULE", description="A rule of the list gives or takes it, for example for the sake of diversity."
    )
    OTHER = strawberry.enum_value("OTHER", description="All parts that are not named, together.")


RULE_TEXTS = {
    "cold_start": "as the history is short, other readers count for less and likeness for more",
    "diversity": "less because it is like a book above it",
    "dislikes": "less because it is like a disliked book",
    "popularity_damping": "less because so many read it",
}


@strawberry.type(description="One part of a recommendation's score.", directives=[INHERITED])
class Reason:
    """One part of a recommendation's score."""

    kind: ReasonKind = strawberry.field(description="What the part comes from.")
    amount: float = strawberry.field(
        description="How much of the score it is; a negative amount takes from it. The amounts of all reasons "
        "of a recommendation add up to its score."
    )
    rule: str | None = strawberry.field(
        description="The rule's name, for example diversity; null for what is not a RULE."
    )
    book: Book | None = strawberry.field(
        description="The book of the history that gives the part; null for POPULARITY, RULE and OTHER."
    )
    text: str = strawberry.field(description="The reason in words that can follow the book's title.")
    _book_row: strawberry.Private[int | None]
    _at: strawberry.Private[tuple[Context, Snapshot]]

    @classmethod
    def from_reason(cls, reason: reasons.Reason, context: Context, snapshot: Snapshot) -> Self:
        """The type of a reason of the library; its book is read and its words are put when they are asked for."""
        made = cls.__new__(cls)
        made.kind = ReasonKind[reason.kind]
        made.amount = reason.amount
        made.rule = reason.rule
        made._book_row = reason.book_row
        made._at = (context, snapshot)
        return made

    def __getattr__(self, name: str) -> Any:
        # Python asks here only for what the object does not have
        if name == "book":
            self.book = None if self._book_row is None else Book.at(*self._at, self._book_row)
            return self.book
        if name == "text":
            return self._text_of_no_book() if self.book is None else self._text_of(self.book.title)
        raise AttributeError(f"{type(self).__name__} has no {name}")

    def _text_of(self, title: str) -> str:
        if self.kind is ReasonKind.CONTENT:
            likeness = "like" if self.amount > 0 else "unlike"
            return f"{likeness} “{title}” in title, author or publisher"
        return f"because you read “{title}”" if self.amount > 0 else f"less because you read “{title}”"

    def _text_of_no_book(self) -> str:
        if self.kind is ReasonKind.POPULARITY:
            return "popular with many readers"
        if self.rule is not None:
            return RULE_TEXTS.get(self.rule, f"by the rule {self.rule}")
        return "other parts together"
