"""The rule by which a request is let through or not. Nothing here reads a token or knows GraphQL."""

from __future__ import annotations

from enum import Enum, auto

from graphql_api.auth.identity import Identity
from graphql_api.auth.scopes import Needed, Scope


class Decision(Enum):
    """What comes of a question for permission."""

    ALLOWED = auto()
    UNAUTHENTICATED = auto()
    """Not to a request without a token; with one it may be another matter."""
    FORBIDDEN = auto()
    """Not to this bearer."""


def decide(identity: Identity, needed: Needed) -> Decision:
    """Decide on what belongs to no user.

    Args:
        identity: who asks.
        needed: sets of scopes of which one must be granted whole.
    """
    return _decision(identity, needed, identity.own_reach)


def decide_for_owner(identity: Identity, needed: Needed, owner: str | None) -> Decision:
    """Decide on what belongs to a user: a scope for one's own data counts only there.

    Args:
        identity: who asks.
        needed: sets of scopes of which one must be granted whole.
        owner: the id of whom it belongs to. Where that is not known (None) it is nobody's own.
    """
    is_own = identity.user_id is not None and identity.user_id == owner
    return _decision(identity, needed, identity.own_reach if is_own else identity.reach)


def _decision(identity: Identity, needed: Needed, reach: frozenset[Scope]) -> Decision:
    for scopes in needed:
        if scopes <= reach:
            return Decision.ALLOWED
    return Decision.UNAUTHENTICATED if identity.is_anonymous else Decision.FORBIDDEN
