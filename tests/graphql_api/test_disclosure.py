"""What errors tell of the schema to who may not ask for it."""

from __future__ import annotations

import re

import httpx
import pytest
from api_server import ApiServer
from graphql import get_introspection_query, specified_scalar_types
from hypothesis import given
from hypothesis import strategies as st

from graphql_api.app import create_app
from graphql_api.disclosure import HIDDEN, Disclosure
from graphql_api.export_schema import COMMITTED
from graphql_api.settings import Settings
from recs_core.artifacts.bundle import Bundle
from recs_core.serving.recommender import ServingRecommender

GUESSES = [
    "{ reader }",
    "{ recommendations { rank } }",
    "{ bundle }",
    "{ bundle { versions } }",
    "{ bundle { version { x } } }",
    "{ book(identifier: 1) { id } }",
    "{ readers(first: true) }",
    "{ ...on Boook { id } }",
    "query($x: In) { readers(first: $x) }",
    "query($x: String) { readers(first: $x) }",
    "{ readers @skipp(if: true) }",
    "{ recommendations(userId: {a: 1}) { rank } }",
    # the guesses in a comment must not show which of them are right
    "{ reader } # Query Book Recommendation Bundle Int ID",
]

NAMES = set(re.findall(r"[_A-Za-z]\w*", re.sub(r'"""[^"]*"""', "", COMMITTED.read_text(encoding="utf-8"))))
"""All names of the schema, and the words of its language."""

COMMON = {
    "type",
    "directive",
    "on",
    "of",
    "for",
    "is",
    "in",
    "by",
    "a",
    "id",
    "query",
    "field",
    "fragment",
} | {kind if isinstance(kind, str) else kind.name for kind in specified_scalar_types}
"""Names that are also words of a message, and those that every schema has."""


async def messages(bundle: Bundle, query: str, **options: bool) -> list[str]:
    app = create_app(Settings.load(api=options), ServingRecommender(bundle))
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
            answer = (await client.post("/graphql", json={"query": query})).json()
    return [error["message"] for error in answer.get("errors", ())]


@pytest.mark.anyio
@pytest.mark.parametrize("query", GUESSES)
async def test_without_introspection_no_error_names_what_the_client_did_not(
    bundle: Bundle, query: str
) -> None:
    told = await messages(bundle, query, introspection=False)
    assert told
    asked = set(re.findall(r"[_A-Za-z]\w*", query.partition("#")[0]))
    for message in told:
        words = set(re.findall(r"[_A-Za-z]\w*", message))
        assert not (words & NAMES) - asked - COMMON, message


@pytest.mark.anyio
@pytest.mark.parametrize("query", [get_introspection_query(), '{ __type(name: "Book") { name } }'])
async def test_without_introspection_the_schema_cannot_be_asked_for(bundle: Bundle, query: str) -> None:
    told = await messages(bundle, query, introspection=False)
    assert told
    assert all("introspection has been disabled" in message for message in told)
    assert not await messages(bundle, "{ __typename }", introspection=False)


@pytest.mark.anyio
async def test_without_suggestions_nothing_is_suggested(bundle: Bundle) -> None:
    (message,) = await messages(bundle, "{ reader }", suggestions=False)
    assert message == "Cannot query field 'reader' on type 'Query'."


def test_with_both_the_client_is_helped(server: ApiServer) -> None:
    assert "Did you mean 'readers'" in server.error("{ reader }")["message"]


@pytest.mark.anyio
async def test_our_own_messages_are_left_alone(bundle: Bundle) -> None:
    query = '{ book(id: "x9") { title } }'
    assert await messages(bundle, query, introspection=False) == ["unknown book id: 'x9'"]


@given(st.text(alphabet="ab'\"{}#\\ \n.Did you mean?", max_size=60), st.text(alphabet="ab'\". ", max_size=40))
def test_any_document_and_message_can_be_redacted(document: str, message: str) -> None:
    redact = Disclosure(introspection=False).redactor(document)
    for quoted in re.findall(r"'([^']*)'", redact(message).replace(HIDDEN, "")):
        assert set(re.findall("[A-Za-z]+", quoted)) <= set(re.findall("[A-Za-z]+", document))
