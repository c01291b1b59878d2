"""`@cacheControl`, the directive by which the schema says how long what it returns may be kept, and by whom.

Its meaning is Apollo's: what neither field nor type says anything of is not kept, values without fields go with the
object that they are of, and an answer is kept as long as the least of its parts may be.
"""

from __future__ import annotations

from enum import Enum

import strawberry
from strawberry.schema_directive import Location


@strawberry.enum(name="CacheControlScope", description="Who may be given what was kept.")
class CacheScope(Enum):
    """Who may be given what was kept."""

    PUBLIC = strawberry.enum_value("PUBLIC", description="Everybody.")
    PRIVATE = strawberry.enum_value("PRIVATE", description="Who asked for it, and nobody else.")


@strawberry.schema_directive(
    locations=[Location.OBJECT, Location.FIELD_DEFINITION],
    name="cacheControl",
    description="How long what a field returns may be kept, and by whom. An answer is kept as long as the least of "
    "its parts may be, and not longer than the server's setting. Fields of a root, and fields that return objects, "
    "are not kept unless the field or the type says so; other values go with their object.",
)
class CacheControl:
    """How long what a field or a type returns may be kept, and by whom."""

    max_age: int | None = strawberry.field(
        name="maxAge", default=strawberry.UNSET, description="So many seconds; 0: not at all."
    )
    scope: CacheScope | None = strawberry.field(
        default=strawberry.UNSET, description="Who may be given it; PUBLIC where nothing is said."
    )
    inherit_max_age: bool | None = strawberry.field(
        name="inheritMaxAge",
        default=strawberry.UNSET,
        description="Whether it may be kept as long as the object that it is of.",
    )


INHERITED = CacheControl(inherit_max_age=True)
"""Of types whose objects are made of the bundle, as whatever they are part of."""

PRIVATE_INHERITED = CacheControl(scope=CacheScope.PRIVATE, inherit_max_age=True)
"""Of types whose objects are a reader's own."""

MINUTE, HOUR, DAY = 60, 3_600, 86_400


def public(max_age: int) -> CacheControl:
    """Of what is the same for everybody, for so many seconds."""
    return CacheControl(max_age=max_age, scope=CacheScope.PUBLIC)


def private(max_age: int) -> CacheControl:
    """Of what is a reader's own, for so many seconds."""
    return CacheControl(max_age=max_age, scope=CacheScope.PRIVATE)
