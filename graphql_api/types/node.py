"""Global object identification, as Relay has it: https://relay.dev/graphql/objectidentification.htm."""

from __future__ import annotations

import base64
import binascii

import strawberry

from graphql_api.arguments import NUL
from graphql_api.errors import BadUserInputError


@strawberry.interface(description="An object that can be asked for again by its id alone, see `node`.")
class Node:
    """An object with a global id."""

    id: strawberry.ID = strawberry.field(
        description="The object's id among all objects. It is opaque: the store's own id is another field."
    )


def global_id(type_name: str, store_id: str) -> strawberry.ID:
    """The global id of an object of the store."""
    return strawberry.ID(base64.urlsafe_b64encode(f"{type_name}:{store_id}".encode()).decode())


def from_global_id(given: str, argument: str) -> tuple[str, str]:
    """The type's name and the store's id.

    Raises:
        BadUserInputError: it is no global id.
    """
    try:
        type_name, colon, store_id = (
            base64.b64decode(given, altchars=b"-_", validate=True).decode().partition(":")
        )
    except (binascii.Error, ValueError):
        colon = type_name = store_id = ""
    if not (colon and type_name and store_id) or NUL in store_id:
        raise BadUserInputError(
            f"{argument} must be the value of an `id` field that this server returned (got {given[:64]!r})"
        )
    return type_name, store_id
