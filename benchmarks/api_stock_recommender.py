"""What benchmarks/api.py compares with: Strawberry as it comes, over the same recommender as the product's.

Resolvers do what resolvers usually do: the root ranks, data loaders fetch books and reasons of a list together.
Served by uvicorn; `BENCHMARK_BUNDLE` names the bundle.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import strawberry
from strawberry.asgi import GraphQL
from strawberry.dataloader import DataLoader

from benchmarks.api_stock_memory import Book, ReasonKind, ServedFrom
from recs_core.artifacts.bundle import open_bundle
from recs_core.data.catalogue import BookRecord
from recs_core.explanations import reasons as explained
from recs_core.serving.answer import Answer
from recs_core.serving.recommender import ServingRecommender

_recommender = ServingRecommender(open_bundle(Path(os.environ["BENCHMARK_BUNDLE"])))

Books = DataLoader[int, BookRecord]
Explained = DataLoader[tuple[int, int], list[explained.Reason]]


def _books() -> Books:
    async def load(rows: list[int]) -> list[BookRecord]:
        return _recommender.bundle.catalogue.records(np.array(rows, dtype=np.int32))

    return DataLoader(load_fn=load)


def _reasons(answer: Answer) -> Explained:
    async def load(keys: list[tuple[int, int]]) -> list[list[explained.Reason]]:
        rows = np.array([row for row, _ in keys], dtype=np.int32)
        return _recommender.reasons(answer, rows, first=keys[0][1])

    return DataLoader(load_fn=load)


@strawberry.type
class Reason:
    """One part of a score."""

    kind: ReasonKind
    amount: float
    book_row: strawberry.Private[int | None]
    books: strawberry.Private[Books]

    @strawberry.field
    async def text(self) -> str:
        """The reason in words."""
        if self.book_row is None:
            return {"POPULARITY": "popular with many readers", "OTHER": "other parts together"}.get(
                self.kind.name, "as the history is short, other readers count for less and likeness for more"
            )
        title = (await self.books.load(self.book_row)).title
        if self.kind is ReasonKind.CONTENT:
            return f"{'like' if self.amount > 0 else 'unlike'} “{title}” in title, author or publisher"
        return f"because you read “{title}”" if self.amount > 0 else f"less because you read “{title}”"


@strawberry.type
class Recommendation:
    """A recommended book."""

    rank: int
    score: float
    served_from: ServedFrom
    book_row: strawberry.Private[int]
    books: strawberry.Private[Books]
    explained: strawberry.Private[Explained]

    @strawberry.field
    async def book(self) -> Book:
        """The book."""
        record = await self.books.load(self.book_row)
        return Book(
            book_id=strawberry.ID(record.book_id),
            title=record.title,
            authors=list(record.authors),
            year=record.year,
            cover_url=record.cover_url,
        )

    @strawberry.field
    async def reasons(self, first: int = 3) -> list[Reason]:
        """Why."""
        return [
            Reason(kind=ReasonKind[each.kind], amount=each.amount, book_row=each.book_row, books=self.books)
            for each in await self.explained.load((self.book_row, first))
        ]


@strawberry.type
class RecommendationConnection:
    """A page."""

    nodes: list[Recommendation]


@strawberry.type
class Query:
    """Everything that can be asked."""

    @strawberry.field
    async def recommendations(self, user_id: strawberry.ID, first: int = 10) -> RecommendationConnection:
        """A reader's list."""
        answer = _recommender.recommend(user_id, k=first)
        books, reasons = _books(), _reasons(answer)
        shared: dict[str, Any] = {"books": books, "explained": reasons}
        return RecommendationConnection(
            nodes=[
                Recommendation(
                    rank=each.rank,
                    score=each.score,
                    served_from=ServedFrom[answer.served_from.name],
                    book_row=each.book_row,
                    **shared,
                )
                for each in answer.ranked
            ]
        )


app: GraphQL[None, None] = GraphQL(strawberry.Schema(Query))
