"""One book, one reader, and what is served."""

from __future__ import annotations

from typing import Annotated

import strawberry

from graphql_api.arguments import ID_OF_BOOK, ID_OF_USER, READERS_FIRST, check_first, check_id
from graphql_api.context import Info
from graphql_api.errors import BookNotFoundError
from graphql_api.types.book import Book
from graphql_api.types.bundle import Bundle, Metric
from graphql_api.types.user import User
from recs_core.errors import UnknownIdError


async def book(info: Info, book_id: Annotated[strawberry.ID, ID_OF_BOOK]) -> Book:
    """One book."""
    check_id(book_id, "id")
    try:
        row = info.context.recommender.book_row(book_id)
    except UnknownIdError as error:
        raise BookNotFoundError(str(error)) from error
    return Book.from_record(await info.context.books.load(row))


def user(info: Info, user_id: Annotated[strawberry.ID, ID_OF_USER]) -> User:
    """One reader, known or not."""
    check_id(user_id, "id")
    recommender = info.context.recommender
    known = user_id in recommender.bundle.users
    return User(id=user_id, known=known, history_rows=recommender.history_rows(user_id))


def readers(info: Info, first: Annotated[int, READERS_FIRST] = 5) -> list[strawberry.ID]:
    """Some readers to try the API with."""
    check_first(first, info.context.max_first)
    return [strawberry.ID(user_id) for user_id in info.context.readers[:first]]


def metrics(
    info: Info,
    model: Annotated[str | None, strawberry.argument(description="This model's alone.")] = None,
    metric: Annotated[str | None, strawberry.argument(description="This metric alone.")] = None,
    k: Annotated[int | None, strawberry.argument(description="Of lists of this length alone.")] = None,
) -> list[Metric]:
    """The bundle's offline metrics, in the manifest's order."""
    return [
        Metric.from_estimate(estimate)
        for estimate in info.context.recommender.bundle.meta.metrics
        if estimate.cohort == "all"
        and model in (None, estimate.model)
        and metric in (None, estimate.metric)
        and k in (None, estimate.k)
    ]


def bundle(info: Info) -> Bundle:
    """What is served."""
    return Bundle.from_bundle(info.context.recommender.bundle)
