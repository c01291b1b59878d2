"""Ranked lists."""

from __future__ import annotations

from typing import Annotated

import strawberry

from graphql_api.arguments import BOOK_ID, LIST_FIRST, USER_ID, check_first, check_id
from graphql_api.context import Info
from graphql_api.errors import BookNotFoundError
from graphql_api.loaders.reasons import reasons_loader
from graphql_api.types.recommendation import Recommendation, ServedFrom, SimilarBook
from recs_core.errors import UnknownIdError


async def recommendations(
    info: Info, user_id: Annotated[strawberry.ID, USER_ID], first: Annotated[int, LIST_FIRST] = 10
) -> list[Recommendation]:
    """The best unread books for a reader; what is popular for one without a history."""
    context = info.context
    check_id(user_id, "userId")
    check_first(first, context.max_first)
    answer = await context.compute(context.recommender.recommend, user_id, k=first)
    explanations = reasons_loader(context, answer)
    return [
        Recommendation(
            rank=ranked.rank,
            score=ranked.score,
            served_from=ServedFrom[answer.served_from.name],
            book_row=ranked.book_row,
            explanations=explanations,
        )
        for ranked in answer.ranked
    ]


async def similar_books(
    info: Info, book_id: Annotated[strawberry.ID, BOOK_ID], first: Annotated[int, LIST_FIRST] = 10
) -> list[SimilarBook]:
    """The books most like a book."""
    context = info.context
    check_id(book_id, "bookId")
    check_first(first, context.max_first)
    try:
        ranked = await context.compute(context.recommender.similar, book_id, k=first)
    except UnknownIdError as error:
        raise BookNotFoundError(str(error)) from error
    return [SimilarBook(rank=book.rank, score=book.score, book_row=book.book_row) for book in ranked]
