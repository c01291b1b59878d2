"""Who may ask what: every root field of the schema x every scope x whose data it is, over HTTP."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from itertools import product
from pathlib import Path
from typing import Any

import httpx
import pytest
from api_server import app_client
from graphql import GraphQLObjectType, build_schema, get_named_type
from hostile_tokens import HOSTILE
from token_issuer import AUDIENCE, ISSUER, honest, public_keys

from graphql_api.auth.permissions import requirements_of
from graphql_api.auth.scopes import Scope
from graphql_api.export_schema import COMMITTED
from graphql_api.settings import Settings
from graphql_api.types.node import global_id
from recs_core.artifacts.bundle import Bundle
from recs_core.serving.recommender import ServingRecommender

pytestmark = pytest.mark.anyio

ME, OTHER = "u001", "u002"

OWN, ANY = Scope.RECOMMENDATIONS_READ, Scope.RECOMMENDATIONS_READ_ANY
CATALOGUE, METRICS = Scope.CATALOGUE_READ, Scope.METRICS_READ

NOBODYS: dict[str, tuple[str, set[Scope]]] = {
    "personalized": ('personalized(bookIds: ["0440000009"]) { totalCount }', {CATALOGUE, OWN, ANY}),
    "similarBooks": ('similarBooks(bookId: "0440000009") { totalCount }', {CATALOGUE}),
    "alsoRead": ('alsoRead(bookId: "0440000009") { totalCount }', {CATALOGUE}),
    "trending": ("trending { totalCount }", {CATALOGUE}),
    "newArrivals": ("newArrivals { totalCount }", {CATALOGUE}),
    "search": ('search(text: "the") { totalCount }', {CATALOGUE}),
    "book": ('book(id: "0440000009") { title }', {CATALOGUE}),
    "books": ('books(ids: ["0440000009"]) { title }', {CATALOGUE}),
    "node": (f'node(id: "{global_id("Book", "0440000009")}") {{ id }}', {CATALOGUE}),
    "nodes": (f'nodes(ids: ["{global_id("Book", "0440000009")}"]) {{ id }}', {CATALOGUE}),
    "explain": ('explain(bookId: "0440000009", bookIds: ["0440000076"]) { rank }', {OWN, ANY}),
    "readers": ("readers(first: 1)", {ANY}),
    "metrics": ("metrics { model }", {METRICS}),
    "models": ("models { name }", {METRICS}),
    "bundle": ("bundle { version }", {CATALOGUE, METRICS}),
    "strategies": ("strategies { name }", {CATALOGUE, METRICS}),
    "experiments": ("experiments { name }", {CATALOGUE, METRICS}),
    "jobs": ("jobs { jobId }", {Scope.MODELS_ADMIN}),
}
"""A question for what is no reader's, by root field, and the scopes that each suffice alone."""

READERS: dict[str, str] = {
    "recommendations": 'recommendations(userId: "{}") {{ totalCount }}',
    "explain": 'explain(bookId: "0440000009", userId: "{}") {{ rank }}',
    "user": 'user(id: "{}") {{ known }}',
}
"""A question for a reader's data, by root field."""

PRIVACY: dict[str, str] = {
    "exportUser": 'query {{ exportUser(userId: "{}") {{ after }} }}',
    "eraseUser": 'mutation {{ eraseUser(userId: "{}") {{ pseudonym }} }}',
}
"""What is done with a reader's data by who may do that with everybody's, and by no reader."""

ADMIN: dict[str, str] = {
    "askForJob": "mutation { askForJob(kind: AGGREGATE) { jobId } }",
    "cancelJob": 'mutation { cancelJob(jobId: "nobody asked for it") { jobId } }',
}
"""What is asked of workers, by mutation."""


@pytest.fixture(scope="module")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "public.jwks.json"
    path.write_text(json.dumps({"keys": public_keys()}))
    return path


def settings_of(key_file: Path, *anonymous: Scope, **more: Any) -> Settings:
    auth = {"keys": str(key_file), "issuer": ISSUER, "audience": AUDIENCE, "anonymous": anonymous}
    return Settings(auth=auth, **more)


PRODUCTION = {
    "environment": "production",
    "redis_url": "redis://127.0.0.1:1",
    "cursor_key": "k" * 32,
    "profile_keys": "d" * 64,
}
"""Production, with a Redis that is away."""


@pytest.fixture
async def strict_client(bundle: Bundle, key_file: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with app_client(settings_of(key_file, **PRODUCTION), ServingRecommender(bundle)) as asking:
        yield asking


@pytest.fixture
async def client(bundle: Bundle, key_file: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with app_client(settings_of(key_file), ServingRecommender(bundle)) as asking:
        yield asking


def bearing(*scopes: Scope, user_id: str = ME) -> dict[str, str]:
    return {"Authorization": f"Bearer {honest(sub=user_id, scope=' '.join(scopes))}"}


async def code(
    client: httpx.AsyncClient, query: str, headers: dict[str, str], **variables: Any
) -> str | None:
    """The code of the only error; None where there is an answer and nothing else."""
    body = {"query": query, "variables": variables}
    answer = (await client.post("/graphql", json=body, headers=headers)).json()
    if "errors" not in answer:
        return None
    assert "data" not in answer
    (error,) = answer["errors"]
    return error["extensions"]["code"]


def test_every_root_field_is_asked_and_says_what_it_needs() -> None:
    schema = build_schema(COMMITTED.read_text())
    assert schema.query_type is not None
    assert schema.subscription_type is not None
    assert schema.mutation_type is not None
    asked = NOBODYS.keys() | READERS.keys() | PRIVACY.keys() | ADMIN.keys() | {"recordEvents"}
    assert asked == schema.query_type.fields.keys() | schema.mutation_type.fields.keys()
    for root in (schema.query_type, schema.mutation_type, schema.subscription_type):
        for name, field in root.fields.items():
            assert field.ast_node is not None
            directives = [each for each in field.ast_node.directives if each.name.value == "requiresScopes"]
            assert directives, f"{name} is open to anybody"
            owners = [
                argument.value.value
                for directive in directives
                for argument in directive.arguments
                if argument.name.value == "ownerArgument"
            ]
            assert set(owners) <= field.args.keys(), name


def test_no_field_below_the_root_leads_to_a_reader() -> None:
    schema = build_schema(COMMITTED.read_text())
    roots = {schema.query_type, schema.mutation_type, schema.subscription_type}
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLObjectType) and kind not in roots:
            for name, field in kind.fields.items():
                assert "userId" not in field.args, f"{kind.name}.{name}"
                assert get_named_type(field.type).name not in ("User", "Node"), f"{kind.name}.{name}"


@pytest.mark.parametrize("held", [None, *Scope])
@pytest.mark.parametrize("field", NOBODYS)
async def test_what_is_nobodys_against_every_scope(
    client: httpx.AsyncClient, field: str, held: Scope | None
) -> None:
    question, suffice = NOBODYS[field]
    headers = {} if held is None else bearing(held)
    denied = "UNAUTHENTICATED" if held is None else "FORBIDDEN"
    assert await code(client, f"{{ {question} }}", headers) == (None if held in suffice else denied)


@pytest.mark.parametrize(("held", "owner"), list(product([None, *Scope], [ME, OTHER])))
@pytest.mark.parametrize("field", READERS)
async def test_what_is_a_readers_against_every_scope_and_owner(
    client: httpx.AsyncClient, field: str, held: Scope | None, owner: str
) -> None:
    allowed = held is ANY or (held is OWN and owner == ME)
    headers = {} if held is None else bearing(held)
    denied = "UNAUTHENTICATED" if held is None else "FORBIDDEN"
    assert await code(client, f"{{ {READERS[field].format(owner)} }}", headers) == (
        None if allowed else denied
    )


@pytest.mark.parametrize(("held", "owner"), list(product([None, *Scope], [ME, OTHER])))
@pytest.mark.parametrize("field", PRIVACY)
async def test_erasure_and_export_against_every_scope_and_owner(
    client: httpx.AsyncClient, field: str, held: Scope | None, owner: str
) -> None:
    headers = {} if held is None else bearing(held)
    denied = "UNAUTHENTICATED" if held is None else "FORBIDDEN"
    body = {"query": PRIVACY[field].format(owner)}
    answer = (await client.post("/graphql", json=body, headers=headers)).json()
    if held is Scope.PRIVACY_ADMIN:
        assert "errors" not in answer
        assert answer["data"][field]
    else:
        assert [error["extensions"]["code"] for error in answer["errors"]] == [denied]
        assert "data" not in answer


@pytest.mark.parametrize("held", [None, *Scope])
@pytest.mark.parametrize("field", ADMIN)
async def test_what_is_asked_of_workers_against_every_scope(
    client: httpx.AsyncClient, field: str, held: Scope | None
) -> None:
    headers = {} if held is None else bearing(held)
    answer = (await client.post("/graphql", json={"query": ADMIN[field]}, headers=headers)).json()
    codes = [error["extensions"]["code"] for error in answer.get("errors", [])]
    if held is Scope.MODELS_ADMIN:
        assert codes == (["BAD_USER_INPUT"] if field == "cancelJob" else [])
    else:
        assert codes == ["UNAUTHENTICATED" if held is None else "FORBIDDEN"]
        assert "data" not in answer


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        ([("User", ME), ("Book", "0440000009")], None),
        ([("Book", "0440000009"), ("User", OTHER)], "FORBIDDEN"),
        ([("User", ME), ("User", OTHER)], "FORBIDDEN"),
    ],
)
async def test_a_global_id_is_no_way_around(
    client: httpx.AsyncClient, ids: list[tuple[str, str]], expected: str | None
) -> None:
    given = [global_id(*each) for each in ids]
    headers = bearing(OWN, CATALOGUE)
    assert (
        await code(client, "query($ids: [ID!]!) { nodes(ids: $ids) { id } }", headers, ids=given) == expected
    )
    for each in given:
        one = await code(client, f'{{ node(id: "{each}") {{ id }} }}', headers)
        assert one == ("FORBIDDEN" if each == global_id("User", OTHER) else None)


@pytest.mark.parametrize(
    "query",
    [
        '{ mine: user(id: "u001") { known } theirs: user(id: "u002") { known } }',
        'query($id: ID! = "u002") { user(id: $id) { known } }',
        '{ ...F } fragment F on Query { user(id: "u002") { known } }',
        '{ ... on Query { ... { user(id: "u002") { known } } } }',
        '{ user(id: "u002") @skip(if: true) { known } trending { totalCount } }',
        '{ user(id: "u002") @include(if: false) { known } trending { totalCount } }',
        "{ user(id: 2) { known } }",
        'query A { user(id: "u001") { known } } query B { user(id: "u002") { known } }',
    ],
    ids=["alias", "default", "fragment", "inline", "skip", "include", "number", "operation"],
)
async def test_no_form_of_a_document_is_a_way_around(client: httpx.AsyncClient, query: str) -> None:
    body = {"query": query, "operationName": "B" if "query B" in query else None}
    answer = (await client.post("/graphql", json=body, headers=bearing(OWN, CATALOGUE))).json()
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]
    assert "data" not in answer


@pytest.mark.parametrize("given", [5.0, True, ["u001"], {"id": "u001"}, None])
async def test_an_owner_that_is_no_id_is_nobodys_own(client: httpx.AsyncClient, given: object) -> None:
    body = {"query": "query($id: ID!) { user(id: $id) { known } }", "variables": {"id": given}}
    headers = bearing(OWN, user_id=str(given))
    answer = (await client.post("/graphql", json=body, headers=headers)).json()
    assert answer.get("data") is None
    assert answer["errors"][0]["extensions"]["code"] in ("FORBIDDEN", "BAD_USER_INPUT")


async def test_an_answer_that_is_kept_is_not_given_to_who_may_not_have_it(client: httpx.AsyncClient) -> None:
    body = {"query": '{ user(id: "u001") { known id } }'}

    async def status(**headers: str) -> str:
        return (await client.post("/graphql", json=body, headers=headers)).headers["Cache-Status"]

    assert await status(**bearing(OWN)) == "bookverse; fwd=miss; stored"
    assert await status(**bearing(OWN)) == "bookverse; hit; detail=L1"
    # what is private is kept for who asked
    assert await status(**bearing(ANY, user_id=OTHER)) == "bookverse; fwd=miss; stored"
    for headers in ({}, bearing(OWN, user_id=OTHER), bearing(CATALOGUE)):
        assert (await client.post("/graphql", json=body, headers=headers)).json().get("data") is None


async def test_what_needs_no_token_is_a_setting(bundle: Bundle, key_file: Path) -> None:
    settings = settings_of(key_file, CATALOGUE)
    async with app_client(settings, ServingRecommender(bundle)) as client:
        assert await code(client, "{ trending { totalCount } }", {}) is None
        assert await code(client, '{ personalized(bookIds: ["0440000009"]) { totalCount } }', {}) is None
        assert await code(client, '{ user(id: "u001") { known } }', {}) == "UNAUTHENTICATED"


async def test_the_status_and_the_challenge_say_what_is_missing(client: httpx.AsyncClient) -> None:
    accept = {"Accept": "application/graphql-response+json"}
    body = {"query": '{ user(id: "u001") { known } }'}
    nobody = await client.post("/graphql", json=body, headers=accept)
    assert (nobody.status_code, nobody.headers["WWW-Authenticate"]) == (401, "Bearer")
    other = await client.post("/graphql", json=body, headers=accept | bearing(OWN, user_id=OTHER))
    assert other.status_code == 403
    assert "Authorization" in other.headers["Vary"]


@pytest.mark.parametrize("case", HOSTILE, ids=lambda case: case[0])
async def test_a_hostile_token_gets_401_and_learns_nothing(
    strict_client: httpx.AsyncClient, case: Any, caplog: pytest.LogCaptureFixture
) -> None:
    name, make, reason, _ = case
    caplog.set_level("INFO", "graphql_api.auth")
    values = make()
    headers = [("Authorization", value.encode("latin-1")) for value in values]
    answer = await strict_client.post("/graphql", json={"query": "{ __typename }"}, headers=headers)
    assert answer.status_code == 401, name
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    assert answer.json() == {
        "errors": [
            {"message": "the access token was not accepted", "extensions": {"code": "UNAUTHENTICATED"}}
        ]
    }
    assert str(reason) in caplog.text
    assert not any(value.removeprefix("Bearer ") in caplog.text for value in values if len(value) > 20)


async def test_without_keys_a_token_is_told_to_come_again(bundle: Bundle) -> None:
    async with app_client(Settings(), ServingRecommender(bundle)) as client:
        answer = await client.post("/graphql", json={"query": "{ __typename }"}, headers=bearing(OWN))
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
        # in development nothing needs one
        assert await code(client, '{ user(id: "u002") { known } }', {}) is None


def test_nothing_is_required_of_no_fields() -> None:
    assert requirements_of([]) == ()
