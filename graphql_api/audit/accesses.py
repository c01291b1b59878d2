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


def on_record(requirements: Sequence[Requirement]) -> tuple[tuple[Requirement, bool], ...]:
    """The requirements of a document that may have to be on record, each with whether it has to in any case."""
    always = [all(scopes & PRIVILEGED for scopes in each.needed) for each in requirements]
    return tuple(
        (each, is_privileged)
        for each, is_privileged in zip(requirements, always, strict=True)
        if is_privileged or each.owner is not None
    )


def accesses_of(
    recorded: Sequence[tuple[Requirement, bool]], variables: Mapping[str, Any], identity: Identity
) -> list[Access]:
    """What a request asks for that must be on record; nothing where all of it is the bearer's own.

    Args:
        recorded: what `on_record` found in its document.
        variables: their values, defaults included.
        identity: who asks.
    """
    found: list[Access] = []
    for needed, is_privileged in recorded:
        # nearly every request is of this kind, and is answered from the cache
        if is_privileged or not needed.is_own(identity, variables):
            found += _accesses(needed, variables, identity, is_privileged=is_privileged)
    return found


def _accesses(
    needed: Requirement, variables: Mapping[str, Any], identity: Identity, *, is_privileged: bool
) -> Iterator[Access]:
    owners = needed.owners(variables)
    if is_privileged:
        for owner in owners or [None]:
            yield Access(needed.field, owner)
        return
    for owner in owners:
        if owner is None or owner != identity.user_id:
            yield Access(needed.field, owner)
