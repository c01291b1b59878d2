"""The rules of arguments, and how the schema describes them."""

from __future__ import annotations

import strawberry

from graphql_api.errors import BadUserInputError

MAX_ID_LENGTH = 64
"""No store's id is longer, and a search for a longer one would cost memory."""

_LIMIT = "from 1 to the server's limit (100 unless it is set otherwise)"

LIST_FIRST = strawberry.argument(description=f"How many books to list, {_LIMIT}.")
HISTORY_FIRST = strawberry.argument(description=f"How many books of the history to list, {_LIMIT}.")
REASONS_FIRST = strawberry.argument(description=f"How many reasons to name, {_LIMIT}.")
READERS_FIRST = strawberry.argument(description=f"How many readers to list, {_LIMIT}.")
USER_ID = strawberry.argument(description="The reader's id; an unknown one is no error.")
BOOK_ID = strawberry.argument(description="The book's id; an unknown one is the error BOOK_NOT_FOUND.")
ID_OF_USER = strawberry.argument(name="id", description=USER_ID.description)
ID_OF_BOOK = strawberry.argument(name="id", description=BOOK_ID.description)


def check_first(value: int, limit: int) -> None:
    """Check the length of a list; raises `BadUserInputError`."""
    if not 1 <= value <= limit:
        raise BadUserInputError(f"first must be between 1 and {limit} (got {value})")


def check_id(value: str, argument: str) -> None:
    """Check an external id; raises `BadUserInputError`."""
    if not value.strip():
        raise BadUserInputError(f"{argument} must not be blank (got {value[:MAX_ID_LENGTH]!r})")
    if len(value) > MAX_ID_LENGTH:
        raise BadUserInputError(f"{argument} must have at most {MAX_ID_LENGTH} characters (got {len(value)})")
