"""Why a book is, or is not, recommended."""

from __future__ import annotations

from typing import Annotated

import strawberry

from graphql_api.arguments import BOOK_ID, FILTER, RERANK, STRATEGY, check_first, check_id, check_ids
from graphql_api.context import Info
from graphql_api.errors import BadUserInputError, BookNotFoundError
from graphql_api.resolvers.recommendations import artifact_of, rules_of
from graphql_api.types.book import Book
from graphql_api.types.explanation import Explanation
from graphql_api.types.requests import BookFilterInput, RerankInput
from recs_core.errors import ParameterError, UnknownIdError
from recs_core.serving.answer import Answer

OF_USER = strawberry.argument(description="The reader whose list is explained; either this or `bookIds`.")
OF_BOOKS = strawberry.argument(
    description="The liked books of the session whose list is explained; either these or `userId`."
)
LENGTH = strawberry.argument(description="How long the list is that the book is looked for in.")


async def explain(
    info: Info,
    book_id: Annotated[strawberry.ID, BOOK_ID],
    user_id: Annotated[strawberry.ID | None, OF_USER] = None,
    book_ids: Annotated[list[strawberry.ID] | None, OF_BOOKS] = None,
    strategy: Annotated[str | None, STRATEGY] = None,
    first: Annotated[int, LENGTH] = 10,
    filter: Annotated[BookFilterInput | None, FILTER] = None,
    rerank: Annotated[RerankInput | None, RERANK] = None,
) -> Explanation:
    """Why a book is, or is not, in a list."""
    context = info.context
    snapshot = context.snapshot
    recommender = snapshot.recommender
    check_id(book_id, "bookId")
    check_first(first, context.server.max_first, least=1)
    if (user_id is None) == (book_ids is None):
        raise BadUserInputError("explain needs either userId or bookIds (got both or neither)")
    if user_id is not None:
        check_id(user_id, "userId")
    check_ids(book_ids or [], "bookIds")
    try:
        row = recommender.discovery.book_row(book_id)
    except UnknownIdError as error:
        raise BookNotFoundError(str(error)) from error
    rules = rules_of(recommender, strategy, filter, rerank)
    recent = [] if user_id is None else await context.server.fresh.taste(user_id)

    def answered() -> Answer:
        if user_id is not None:
            return recommender.recommend(user_id, k=first, recent=recent, rules=rules, strategy=strategy)
        return recommender.personalized(book_ids or [], k=first, rules=rules, strategy=strategy)

    try:
        answer = await context.compute(answered)
    except ParameterError as error:
        raise BadUserInputError(str(error)) from None
    absence = await context.compute(recommender.why_not, answer, book_id)
    listed = {ranked.book_row: ranked.rank for ranked in answer.ranked}
    return Explanation(
        rank=listed.get(row),
        score=absence.score,
        artifact=artifact_of(snapshot, strategy),
        answer=answer,
        book=Book.at(info.context, snapshot, row),
        snapshot=snapshot,
        absence=absence,
    )
