"""The rules of arguments, and how the schema describes them."""

from __future__ import annotations

from collections.abc import Sequence

import strawberry
from graphql import GraphQLError, GraphQLID

from graphql_api.errors import BadUserInputError

MAX_ID_LENGTH = 64
"""No store's id is longer, and a search for a longer one would cost memory."""

NUL = "\0"
"""In no id: NumPy does not see it at the end of one, so that one book would go by many names."""

MAX_TEXT_LENGTH = 200
"""Characters of a search, at most."""

_LIMIT = "up to the server's limit (100 unless it is set otherwise)"

FIRST = strawberry.argument(description=f"How many items the page has at most, from 0 {_LIMIT}.")
AFTER = strawberry.argument(
    description="The cursor of the item after which the page begins, as this field returned it for the same "
    "arguments; null for the first page. Later pages come from the bundle that the first came from; once that is "
    "gone, the error is SNAPSHOT_EXPIRED."
)
REASONS_FIRST = strawberry.argument(description=f"How many reasons to name, from 1 {_LIMIT}.")
COUNTERFACTUALS_FIRST = strawberry.argument(
    description=f"How many books to take away, one at a time, from 1 {_LIMIT}."
)
READERS_FIRST = strawberry.argument(description=f"How many readers to list, from 1 {_LIMIT}.")
JOBS_FIRST = strawberry.argument(description=f"How many jobs to list, from 1 {_LIMIT}.")
USER_ID = strawberry.argument(description="The reader's id in the store; an unknown one is no error.")
BOOK_ID = strawberry.argument(
    description="The book's id in the store; an unknown one is the error BOOK_NOT_FOUND."
)
ID_OF_USER = strawberry.argument(name="id", description=USER_ID.description)
ID_OF_BOOK = strawberry.argument(name="id", description=BOOK_ID.description)
STRATEGY = strawberry.argument(
    description="How to blend and re-rank, see `strategies`; null: the default one."
)
FILTER = strawberry.argument(description="What a listed book must be.")
RERANK = strawberry.argument(description="How the list is re-ranked, in place of the strategy's rules.")
GENRE = strawberry.argument(description="Books of this genre alone, in any case.")


def check_first(value: int, limit: int, *, least: int = 0) -> None:
    """Check the length of a list; raises `BadUserInputError`."""
    if not least <= value <= limit:
        raise BadUserInputError(f"first must be between {least} and {limit} (got {value})")


def check_ids(values: Sequence[str], argument: str) -> None:
    """Check external ids; raises `BadUserInputError`."""
    for value in values:
        check_id(value, argument)


def id_of(value: object) -> str | None:
    """The id that GraphQL takes a value for, such as 7 or 7.0 for "7"; None of what is no id."""
    if isinstance(value, str):
        return value
    try:
        return str(GraphQLID.parse_value(value))
    except GraphQLError:
        return None


def is_id(value: str) -> bool:
    """Whether a text may be an external id."""
    return bool(value.strip()) and len(value) <= MAX_ID_LENGTH and NUL not in value


def check_id(value: str, argument: str) -> None:
    """Check an external id; raises `BadUserInputError`."""
    if NUL in value:
        raise BadUserInputError(f"{argument} must not have the character U+0000")
    if not value.strip():
        raise BadUserInputError(f"{argument} must not be blank (got {value[:MAX_ID_LENGTH]!r})")
    if len(value) > MAX_ID_LENGTH:
        raise BadUserInputError(f"{argument} must have at most {MAX_ID_LENGTH} characters (got {len(value)})")


def check_text(value: str, argument: str) -> None:
    """Check a search text; raises `BadUserInputError`."""
    if len(value) > MAX_TEXT_LENGTH:
        raise BadUserInputError(
            f"{argument} must have at most {MAX_TEXT_LENGTH} characters (got {len(value)})"
        )
