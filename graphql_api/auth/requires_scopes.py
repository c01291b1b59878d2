"""`@requiresScopes`: the schema says which scopes a field needs; graphql_api/auth/permissions.py insists on them."""

from __future__ import annotations

import strawberry
from strawberry.schema_directive import Location

from graphql_api.auth.scopes import Scope


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    name="requiresScopes",
    repeatable=True,
    description="The field is answered to a bearer of all scopes of one of the lists. Where the data is a reader's, "
    "`ownerArgument` names the argument that says whose: `recommendations:read` counts for one's own alone, and "
    "`recommendations:read:any` for everybody's. Of an argument that takes global ids, those of readers count.",
)
class RequiresScopes:
    """What a field needs, as the SDL shows it."""

    scopes: list[list[str]] = strawberry.field(
        name="scopes", description="Lists of scopes, of which one must be granted whole."
    )
    owner_argument: str | None = strawberry.field(
        name="ownerArgument",
        default=strawberry.UNSET,
        description="The argument that says whose data it is; where it is null, it is nobody's.",
    )


def requires(*alternatives: Scope | frozenset[Scope], owner: str | None = None) -> RequiresScopes:
    """What a field needs.

    Args:
        alternatives: sets of scopes, of which one must be granted whole; a scope alone is a set of one.
        owner: the argument, as the schema names it, with the id of whose data it is; None where it is nobody's.
    """
    sets = [frozenset({each}) if isinstance(each, Scope) else each for each in alternatives]
    return RequiresScopes(
        scopes=[sorted(map(str, each)) for each in sets],
        owner_argument=strawberry.UNSET if owner is None else owner,
    )
