"""What an operation needs to be allowed: read off its document once, decided for each request before it is answered.

An operation is answered whole or not at all, so the decision stands before the cache and before the executor, and
neither can be a way around it. `@skip` and `@include` make no difference: what a document could ask for must be
allowed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import ValueNode, VariableNode, value_from_ast_untyped

from graphql_api.arguments import id_of
from graphql_api.auth.decisions import Decision, decide, decide_for_owner
from graphql_api.auth.identity import Identity
from graphql_api.auth.refusals import ForbiddenError, UnauthenticatedError
from graphql_api.auth.requires_scopes import RequiresScopes
from graphql_api.auth.scopes import Needed, Scope
from graphql_api.cache.tags import kind_of_ids
from graphql_api.cache.walk import Visited
from graphql_api.errors import BadUserInputError
from graphql_api.limits.prices import directives_of
from graphql_api.types.node import from_global_id

NODE, USER_TYPE = "node", "User"


@dataclass(frozen=True)
class Requirement:
    """What one field of a document needs.

    Args:
        field: its name.
        needed: sets of scopes of which one must be granted whole.
        owner: what the document gives the argument that says whose data it is; None where there is none.
        takes_global_ids: whether that argument holds global ids.
    """

    field: str
    needed: Needed
    owner: ValueNode | None
    takes_global_ids: bool = False

    def decide(self, identity: Identity, variables: Mapping[str, Any]) -> Decision:
        """Decide for a request.

        Args:
            identity: who asks.
            variables: their values, defaults included.
        """
        given = None if self.owner is None else _value(self.owner, variables)
        if given is None:
            return Decision.ALLOWED if self.takes_global_ids else decide(identity, self.needed)
        if not self.takes_global_ids:
            return decide_for_owner(identity, self.needed, id_of(given))
        owners = _readers(given)
        decisions = {decide_for_owner(identity, self.needed, owner) for owner in owners}
        return next((each for each in decisions if each is not Decision.ALLOWED), Decision.ALLOWED)

    def is_own(self, identity: Identity, variables: Mapping[str, Any]) -> bool:
        """Whether what is asked for is sure to be the bearer's own, found out at next to no cost."""
        return (
            isinstance(self.owner, VariableNode)
            and not self.takes_global_ids
            and identity.user_id is not None
            and variables.get(self.owner.name.value) == identity.user_id
        )

    def owners(self, variables: Mapping[str, Any]) -> list[str | None]:
        """The ids of the readers whose data a request asks for; None for one that is not sure."""
        given = None if self.owner is None else _value(self.owner, variables)
        if given is None:
            return []
        return list(_readers(given)) if self.takes_global_ids else [id_of(given)]


def requirements_of(fields: Iterable[Visited]) -> tuple[Requirement, ...]:
    """What the fields of an operation need."""
    return tuple(_of(field, directive) for field in fields for directive in _directives(field))


def insist(requirements: Iterable[Requirement], variables: Mapping[str, Any], identity: Identity) -> None:
    """Let a request pass that is allowed whatever it asks for.

    Raises:
        UnauthenticatedError: it needs a token.
        ForbiddenError: its token does not reach so far.
    """
    if identity.is_unrestricted:
        return
    for each in requirements:
        decision = each.decide(identity, variables)
        if decision is Decision.ALLOWED:
            continue
        scopes = " or ".join(" with ".join(sorted(scopes)) for scopes in each.needed)
        whose = "" if each.owner is None else ", for this reader's data"
        if decision is Decision.UNAUTHENTICATED:
            raise UnauthenticatedError(f"{each.field} needs an access token with the scope {scopes}{whose}")
        raise ForbiddenError(
            f"{each.field} needs the scope {scopes}{whose}; the access token does not reach so far"
        )


def _directives(field: Visited) -> Iterator[RequiresScopes]:
    return iter(directives_of(field.definition, RequiresScopes))


def _of(field: Visited, directive: RequiresScopes) -> Requirement:
    name = directive.owner_argument or None
    arguments = {each.name.value: each.value for each in field.node.arguments or ()}
    return Requirement(
        field=field.node.name.value,
        needed=tuple(frozenset(map(Scope, scopes)) for scopes in directive.scopes),
        owner=None if name is None else arguments.get(name),
        takes_global_ids=name is not None and kind_of_ids(field, name) == NODE,
    )


def _value(given: ValueNode, variables: Mapping[str, Any]) -> Any:
    # most documents say it in a variable, and each request waits for this
    if isinstance(given, VariableNode):
        return variables.get(given.name.value)
    return value_from_ast_untyped(given, dict(variables))


def _readers(given: Any) -> Iterator[str]:
    """The ids of the readers among global ids; what is no global id names nobody, and is refused in execution."""
    for each in given if isinstance(given, list) else [given]:
        try:
            kind, store_id = from_global_id(id_of(each) or "", "id")
        except BadUserInputError:
            continue
        if kind == USER_TYPE:
            yield store_id
