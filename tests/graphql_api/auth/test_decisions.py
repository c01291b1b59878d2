"""The rule of permission: every scope against every need, for one's own, another's and nobody's data."""

from __future__ import annotations

import math
from itertools import product

import pytest

from graphql_api.auth.decisions import Decision, decide, decide_for_owner
from graphql_api.auth.identity import Identity
from graphql_api.auth.scopes import Scope

OWN, ANY = Scope.RECOMMENDATIONS_READ, Scope.RECOMMENDATIONS_READ_ANY
ME, OTHER = "me", "other"


def bearer(*scopes: Scope, user_id: str | None = ME) -> Identity:
    return Identity(user_id, frozenset(scopes), "digest", math.inf)


def needs(scope: Scope) -> tuple[frozenset[Scope]]:
    return (frozenset({scope}),)


def denied(user_id: str | None) -> Decision:
    return Decision.UNAUTHENTICATED if user_id is None else Decision.FORBIDDEN


USERS = [ME, None]
OWNERS = [ME, OTHER, None]


@pytest.mark.parametrize(("held", "needed", "user_id"), list(product(Scope, Scope, USERS)))
def test_every_scope_against_every_need(held: Scope, needed: Scope, user_id: str | None) -> None:
    allowed = held == needed or (held, needed) == (ANY, OWN)
    expected = Decision.ALLOWED if allowed else denied(user_id)
    assert decide(bearer(held, user_id=user_id), needs(needed)) is expected


@pytest.mark.parametrize(("held", "needed", "user_id", "owner"), list(product(Scope, Scope, USERS, OWNERS)))
def test_every_scope_against_every_need_and_owner(
    held: Scope, needed: Scope, user_id: str | None, owner: str | None
) -> None:
    if (held, needed) == (OWN, OWN):
        allowed = user_id == ME and owner == ME
    else:
        allowed = held == needed or (held, needed) == (ANY, OWN)
    expected = Decision.ALLOWED if allowed else denied(user_id)
    assert decide_for_owner(bearer(held, user_id=user_id), needs(needed), owner) is expected


@pytest.mark.parametrize("user_id", USERS)
def test_without_scopes_nothing_is_allowed(user_id: str | None) -> None:
    for needed, owner in product(Scope, OWNERS):
        nobody = bearer(user_id=user_id)
        assert decide(nobody, needs(needed)) is denied(user_id)
        assert decide_for_owner(nobody, needs(needed), owner) is denied(user_id)


def test_all_of_one_set_are_needed_and_one_set_is_enough() -> None:
    both = frozenset({Scope.METRICS_READ, Scope.CATALOGUE_READ})
    needed = (both, frozenset({Scope.MODELS_ADMIN}))
    assert decide(bearer(Scope.METRICS_READ), needed) is Decision.FORBIDDEN
    assert decide(bearer(*both), needed) is Decision.ALLOWED
    assert decide(bearer(Scope.MODELS_ADMIN), needed) is Decision.ALLOWED


def test_a_need_for_everybodys_data_is_not_met_by_ones_own() -> None:
    assert decide_for_owner(bearer(OWN), needs(ANY), ME) is Decision.FORBIDDEN


def test_where_no_set_is_named_nobody_passes() -> None:
    assert decide(bearer(*Scope), ()) is Decision.FORBIDDEN


def test_the_vocabulary_is_the_documented_one() -> None:
    assert {scope.value for scope in Scope} == {
        "recommendations:read",
        "recommendations:read:any",
        "catalogue:read",
        "metrics:read",
        "events:write",
        "models:admin",
        "privacy:admin",
    }
