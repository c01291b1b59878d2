"""What benchmarks/api.py compares with: Strawberry as it comes, over objects that are in memory already.

Served by uvicorn; `BENCHMARK_DATA` names the file of answers.
"""

from __future__ import annotations

import json
import os
from enum import Enum
from pathlib import Path
from typing import Any

import strawberry
from strawberry.asgi import GraphQL


@strawberry.enum
class ServedFrom(Enum):
    """Where a recommendation comes from."""

    MODEL = "MODEL"
    PRECOMPUTED = "PRECOMPUTED"
    POPULAR = "POPULAR"


@strawberry.enum
class ReasonKind(Enum):
    """What a part of a score comes from."""

    COLLABORATIVE = "COLLABORATIVE"
    CONTENT = "CONTENT"
    POPULARITY = "POPULARITY"
    RULE = "RULE"
    OTHER = "OTHER"


@strawberry.type
class Book:
    """A book."""

    book_id: strawberry.ID
    title: str
    authors: list[str]
    year: int | None
    cover_url: str | None


@strawberry.type
class Reason:
    """One part of a score."""

    kind: ReasonKind
    amount: float
    text: str


@strawberry.type
class Recommendation:
    """A recommended book."""

    rank: int
    score: float
    served_from: ServedFrom
    book: Book
    all_reasons: strawberry.Private[list[Reason]]

    @strawberry.field
    def reasons(self, first: int = 3) -> list[Reason]:
        """Why; in memory are three and what is left."""
        return self.all_reasons if first >= 3 else self.all_reasons[:first]


@strawberry.type
class RecommendationConnection:
    """A page."""

    nodes: list[Recommendation]


def _recommendation(node: dict[str, Any]) -> Recommendation:
    book = node["book"]
    return Recommendation(
        rank=node["rank"],
        score=node["score"],
        served_from=ServedFrom[node["servedFrom"]],
        book=Book(
            book_id=book["bookId"],
            title=book["title"],
            authors=book["authors"],
            year=book["year"],
            cover_url=book["coverUrl"],
        ),
        all_reasons=[
            Reason(kind=ReasonKind[each["kind"]], amount=each["amount"], text=each["text"])
            for each in node["reasons"]
        ],
    )


_lists = {
    user: list(map(_recommendation, nodes))
    for user, nodes in json.loads(Path(os.environ["BENCHMARK_DATA"]).read_text())["lists"].items()
}


@strawberry.type
class Query:
    """Everything that can be asked."""

    @strawberry.field
    def recommendations(self, user_id: strawberry.ID, first: int = 10) -> RecommendationConnection:
        """A reader's list."""
        return RecommendationConnection(nodes=_lists.get(user_id, [])[:first])


app: GraphQL[None, None] = GraphQL(strawberry.Schema(Query))
