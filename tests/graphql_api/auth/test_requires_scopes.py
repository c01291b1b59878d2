"""`@requiresScopes` on a small schema: seen in the SDL, enforced before the resolver runs."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import product

import pytest
import strawberry

from graphql_api.auth.identity import ANONYMOUS, Identity
from graphql_api.auth.requires_scopes import ScopesExtension
from graphql_api.auth.scopes import Scope

pytestmark = pytest.mark.anyio


@dataclass
class Context:
    identity: Identity
    ran: list[str] = field(default_factory=list)


Info = strawberry.Info[Context, None]


@strawberry.type
class Query:
    @strawberry.field(extensions=[ScopesExtension(Scope.CATALOGUE_READ)])
    def book(self, info: Info) -> str:
        info.context.ran.append("book")
        return "book"

    @strawberry.field(extensions=[ScopesExtension(Scope.RECOMMENDATIONS_READ, owner="user_id")])
    async def recommendations(self, info: Info, user_id: strawberry.ID | None = None) -> str:
        info.context.ran.append("recommendations")
        return f"for {user_id}"

    @strawberry.field(
        extensions=[
            ScopesExtension(
                frozenset({Scope.METRICS_READ, Scope.CATALOGUE_READ}),
                Scope.MODELS_ADMIN,
            )
        ]
    )
    def models(self, info: Info) -> str:
        info.context.ran.append("models")
        return "models"

    @strawberry.field
    def open(self) -> str:
        return "open"


@strawberry.type
class Subscription:
    @strawberry.subscription(extensions=[ScopesExtension(Scope.RECOMMENDATIONS_READ, owner="user_id")])
    async def changes(self, info: Info, user_id: strawberry.ID) -> AsyncIterator[str]:
        info.context.ran.append("changes")
        yield f"for {user_id}"


SCHEMA = strawberry.Schema(query=Query, subscription=Subscription)


def bearer(*scopes: Scope) -> Identity:
    return Identity("me", frozenset(scopes), "digest", math.inf)


async def code(identity: Identity, query: str) -> str | None:
    """The code of the only error, or None; the resolver ran where there is none, and only there."""
    context = Context(identity)
    result = await SCHEMA.execute(query, context_value=context)
    assert bool(context.ran) == (not result.errors)
    if not result.errors:
        return None
    (error,) = result.errors
    return error.extensions["code"]


def test_the_sdl_says_what_fields_need() -> None:
    sdl = SCHEMA.as_str()
    directive = "directive @requiresScopes(scopes: [[String!]!]!, ownerArgument: String) on FIELD_DEFINITION"
    assert directive in sdl
    assert 'book: String! @requiresScopes(scopes: [["catalogue:read"]])' in sdl
    assert '@requiresScopes(scopes: [["recommendations:read"]], ownerArgument: "userId")' in sdl
    assert '@requiresScopes(scopes: [["catalogue:read", "metrics:read"], ["models:admin"]])' in sdl
    assert "open: String!\n" in sdl


OWNERS = ['(userId: "me")', '(userId: "other")', "(userId: null)", ""]


@pytest.mark.parametrize(("held", "argument"), list(product([None, *Scope], OWNERS)))
async def test_an_owned_field_against_every_scope_and_owner(held: Scope | None, argument: str) -> None:
    allowed = held is Scope.RECOMMENDATIONS_READ_ANY or (
        held is Scope.RECOMMENDATIONS_READ and argument == OWNERS[0]
    )
    identity = ANONYMOUS if held is None else bearer(held)
    denied = "UNAUTHENTICATED" if held is None else "FORBIDDEN"
    assert await code(identity, f"{{ recommendations{argument} }}") == (None if allowed else denied)


@pytest.mark.parametrize("held", [None, *Scope])
async def test_a_field_that_is_nobodys_against_every_scope(held: Scope | None) -> None:
    identity = ANONYMOUS if held is None else bearer(held)
    denied = "UNAUTHENTICATED" if held is None else "FORBIDDEN"
    assert await code(identity, "{ book }") == (None if held is Scope.CATALOGUE_READ else denied)


@pytest.mark.parametrize(
    ("scopes", "expected"),
    [
        ({Scope.METRICS_READ}, "FORBIDDEN"),
        ({Scope.METRICS_READ, Scope.CATALOGUE_READ}, None),
        ({Scope.MODELS_ADMIN}, None),
    ],
)
async def test_one_list_must_be_granted_whole(scopes: set[Scope], expected: str | None) -> None:
    assert await code(bearer(*scopes), "{ models }") == expected


async def test_an_alias_or_a_variable_is_no_way_around() -> None:
    me = bearer(Scope.RECOMMENDATIONS_READ)
    context = Context(me)
    query = 'query Q($id: ID) { mine: recommendations(userId: $id) theirs: recommendations(userId: "other") }'
    result = await SCHEMA.execute(query, variable_values={"id": "me"}, context_value=context)
    assert context.ran == ["recommendations"]
    (error,) = result.errors
    assert (error.path, error.extensions["code"]) == (["theirs"], "FORBIDDEN")


@pytest.mark.parametrize(("owner", "expected"), [("me", None), ("other", "FORBIDDEN")])
async def test_a_subscription_is_decided_before_it_begins(owner: str, expected: str | None) -> None:
    context = Context(bearer(Scope.RECOMMENDATIONS_READ))
    query = f'subscription {{ changes(userId: "{owner}") }}'
    events = await SCHEMA.subscribe(query, context_value=context)
    if expected is None:
        assert [event.data async for event in events] == [{"changes": "for me"}]
    else:
        results = [event async for event in events]
        assert [error.extensions["code"] for error in results[0].errors] == [expected]
        assert context.ran == []


def test_an_owner_that_is_no_argument_is_a_mistake_of_the_schema() -> None:
    @strawberry.type
    class Wrong:
        @strawberry.field(extensions=[ScopesExtension(Scope.CATALOGUE_READ, owner="user_id")])
        def book(self) -> str:
            return "book"

    with pytest.raises(TypeError, match="field 'book' has no argument 'user_id'"):
        strawberry.Schema(query=Wrong)


def test_a_need_of_nothing_is_a_mistake() -> None:
    with pytest.raises(TypeError, match="at least one scope"):
        ScopesExtension()
