"""What of an operation goes into the audit log: access to somebody else's data, and administration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from graphql_api.auth.identity import Identity
from graphql_api.auth.permissions import Requirement
from graphql_api.auth.scopes import Scope

PRIVILEGED: Final = frozenset({Scope.RECOMMENDATIONS_READ_ANY, Scope.PRIVACY_ADMIN, Scope.MODELS_ADMIN})


@dataclass(frozen=True, slots=True)
class Access:
    """One thing that is asked for.

    Args:
        what: the field.
        about: the id of the reader whose data it is; None where it is nobody's.
    """

    what: str
    about: str | None


def accesses_of(
    requirements: Sequence[Requirement], variables: Mapping[str, Any], identity: Identity
) -> list[Access]:
    """What a request asks for that must be on record; nothing where all of it is the bearer's own.

    Args:
        requirements: of its document.
        variables: their values, defaults included.
        identity: who asks.
    """
    return [access for each in requirements for access in _accesses(each, variables, identity)]


def _accesses(needed: Requirement, variables: Mapping[str, Any], identity: Identity) -> Iterator[Access]:
    owners = needed.owners(variables)
    if all(scopes & PRIVILEGED for scopes in needed.needed):
        for owner in owners or [None]:
            yield Access(needed.field, owner)
        return
    for owner in owners:
        if owner is None or owner != identity.user_id:
            yield Access(needed.field, owner)
