"""One thing at a time: books, readers, any object by its global id."""

from __future__ import annotations

from typing import Annotated

import strawberry

from graphql_api.arguments import (
    ID_OF_BOOK,
    ID_OF_USER,
    READERS_FIRST,
    check_first,
    check_id,
    check_ids,
)
from graphql_api.context import Info
from graphql_api.errors import BookNotFoundError
from graphql_api.types.book import Book
from graphql_api.types.node import Node, from_global_id
from graphql_api.types.user import User
from recs_core.data.idmap import PAD
from recs_core.errors import UnknownIdError

IDS_OF_BOOKS = strawberry.argument(
    name="ids",
    description="Ids of books in the store; for an unknown one the answer has null.",
)
ID_OF_NODE = strawberry.argument(name="id", description="The value of an `id` field.")
IDS_OF_NODES = strawberry.argument(
    name="ids",
    description="Values of `id` fields; where there is no such object the answer has null.",
)


def book(info: Info, book_id: Annotated[strawberry.ID, ID_OF_BOOK]) -> Book:
    """One book."""
    check_id(book_id, "id")
    snapshot = info.context.snapshot
    try:
        row = snapshot.recommender.discovery.book_row(book_id)
    except UnknownIdError as error:
        raise BookNotFoundError(str(error)) from error
    return Book.at(info.context, snapshot, row)


def books(info: Info, book_ids: Annotated[list[strawberry.ID], IDS_OF_BOOKS]) -> list[Book | None]:
    """Books by their ids, in the order asked for."""
    check_ids(book_ids, "ids")
    snapshot = info.context.snapshot
    rows = snapshot.recommender.bundle.books.rows(book_ids, missing="pad").tolist() if book_ids else []
    return [Book.at(info.context, snapshot, row) if row != PAD else None for row in rows]


def user(info: Info, user_id: Annotated[strawberry.ID, ID_OF_USER]) -> User:
    """One reader, known or not."""
    check_id(user_id, "id")
    return User.of(info.context.snapshot, user_id)


def node(info: Info, global_id: Annotated[strawberry.ID, ID_OF_NODE]) -> Node | None:
    """One object by its global id."""
    return _node(info, global_id, "id")


def nodes(info: Info, global_ids: Annotated[list[strawberry.ID], IDS_OF_NODES]) -> list[Node | None]:
    """Objects by their global ids, in the order asked for."""
    return [_node(info, each, "ids") for each in global_ids]


def _node(info: Info, global_id: str, argument: str) -> Node | None:
    type_name, store_id = from_global_id(global_id, argument)
    snapshot = info.context.snapshot
    if type_name == User.__name__:
        return User.of(snapshot, store_id)
    row = snapshot.recommender.bundle.books.row(store_id)
    if type_name != Book.__name__ or row == PAD:
        return None
    return Book.at(info.context, snapshot, row)


def readers(info: Info, first: Annotated[int, READERS_FIRST] = 5) -> list[strawberry.ID]:
    """Some readers to try the API with."""
    check_first(first, info.context.server.max_first, least=1)
    snapshot = info.context.snapshot
    shown = [user_id for user_id in snapshot.readers if not snapshot.recommender.is_masked(user_id)]
    return [strawberry.ID(user_id) for user_id in shown[:first]]
