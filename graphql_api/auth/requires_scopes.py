"""`@requiresScopes`: the schema says which scopes a field needs, and the same object insists on them."""

from __future__ import annotations

from collections.abc import Callable
from inspect import isawaitable
from typing import Any, Protocol

import strawberry
from strawberry.extensions import FieldExtension
from strawberry.schema_directive import Location
from strawberry.types.field import StrawberryField
from strawberry.utils.str_converters import to_camel_case

from graphql_api.auth.decisions import Decision, decide, decide_for_owner
from graphql_api.auth.identity import Identity
from graphql_api.auth.refusals import ForbiddenError, UnauthenticatedError
from graphql_api.auth.scopes import Needed, Scope


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    name="requiresScopes",
    description="The field is answered to a bearer of all scopes of one of the lists. Where the data is a user's, "
    "`ownerArgument` names the argument that says whose, and `recommendations:read` counts for one's own only; "
    "`recommendations:read:any` counts for everybody's.",
)
class RequiresScopes:
    """What a field needs, as the SDL shows it."""

    scopes: list[list[str]] = strawberry.field(
        name="scopes", description="Lists of scopes, of which one must be granted whole."
    )
    owner_argument: str | None = strawberry.field(
        name="ownerArgument",
        default=strawberry.UNSET,
        description="The argument that holds the id of the user whose data it is.",
    )


class HasIdentity(Protocol):
    """What a context must have."""

    @property
    def identity(self) -> Identity:
        """Who asks."""


class ScopesExtension(FieldExtension):
    """Puts `@requiresScopes` on a field and enforces it before the field's resolver runs.

    Args:
        alternatives: sets of scopes, of which one must be granted whole; a scope alone is a set of one.
        owner: the resolver's parameter with the id of the user whose data it is; None where it is nobody's.
    """

    def __init__(self, *alternatives: Scope | frozenset[Scope], owner: str | None = None) -> None:
        if not alternatives:
            raise TypeError("at least one scope must be named")
        self._needed: Needed = tuple(
            frozenset({scopes}) if isinstance(scopes, Scope) else scopes for scopes in alternatives
        )
        self._owner = owner

    def apply(self, field: StrawberryField) -> None:
        """Strawberry's hook when the field is made."""
        if self._owner is not None and self._owner not in {each.python_name for each in field.arguments}:
            raise TypeError(f"field {field.python_name!r} has no argument {self._owner!r} to name its owner")
        owner_argument = strawberry.UNSET if self._owner is None else to_camel_case(self._owner)
        scopes = [sorted(str(scope) for scope in scopes) for scopes in self._needed]
        # a new list: Strawberry's default may be shared by other fields
        field.directives = [*field.directives, RequiresScopes(scopes=scopes, owner_argument=owner_argument)]

    def resolve(
        self, next_: Callable[..., Any], source: Any, info: strawberry.Info[HasIdentity, None], **kwargs: Any
    ) -> Any:
        """Strawberry's hook around a resolver that answers at once."""
        self._check(info.context.identity, kwargs)
        return next_(source, info, **kwargs)

    async def resolve_async(
        self,
        next_: Callable[..., Any],
        source: Any,
        info: strawberry.Info[HasIdentity, None],
        **kwargs: Any,
    ) -> Any:
        """Strawberry's hook around a resolver that is awaited."""
        self._check(info.context.identity, kwargs)
        result = next_(source, info, **kwargs)
        # a subscription's resolver gives its events at once
        return await result if isawaitable(result) else result

    def _check(self, identity: Identity, arguments: dict[str, Any]) -> None:
        if self._owner is None:
            insist(decide(identity, self._needed), self._needed)
            return
        owner = arguments.get(self._owner)
        insist(
            decide_for_owner(identity, self._needed, None if owner is None else str(owner)),
            self._needed,
        )


def insist(decision: Decision, needed: Needed) -> None:
    """Let an allowed request pass.

    Raises:
        UnauthenticatedError: it needs a token.
        ForbiddenError: its token does not reach so far.
    """
    if decision is Decision.ALLOWED:
        return
    scopes = " or ".join(" with ".join(sorted(each)) for each in needed)
    if decision is Decision.UNAUTHENTICATED:
        raise UnauthenticatedError(f"this needs an access token with the scope {scopes}")
    raise ForbiddenError(
        f"this access token does not reach so far; it takes the scope {scopes}, for this user's data"
    )
