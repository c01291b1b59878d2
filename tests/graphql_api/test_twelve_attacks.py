"""The twelve usual attacks on a GraphQL server, against one that runs as in production; see docs/security.md."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from api_server import ApiServer, api_server
from token_issuer import AUDIENCE, ISSUER, honest, public_keys

from recs_core.artifacts.bundle import Bundle
from recs_core.online.redis_server import EmbeddedRedis


@pytest.fixture(scope="module")
def production(bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """A server with config/production.yaml and the secrets that it insists on."""
    folder = tmp_path_factory.mktemp("production")
    (folder / "keys.json").write_text(json.dumps({"keys": public_keys()}))
    with EmbeddedRedis(max_memory_bytes=16 * 2**20) as redis:
        settings = {
            "BOOKVERSE_ENVIRONMENT": "production",
            "BOOKVERSE_REDIS_URL": redis.url,
            "BOOKVERSE_CURSOR_KEY": "c" * 64,
            "BOOKVERSE_PROFILE_KEYS": "d" * 64,
            "BOOKVERSE_AUTH__KEYS": str(folder / "keys.json"),
            "BOOKVERSE_AUTH__ISSUER": ISSUER,
            "BOOKVERSE_AUTH__AUDIENCE": AUDIENCE,
            "BOOKVERSE_API__HOST": "127.0.0.1",
            "BOOKVERSE_AUDIT__FOLDER": str(folder / "audit"),
            "BOOKVERSE_AUDIT_KEY": "a" * 64,
        }
        with api_server(bundle.path, folder / "log", **settings) as running:
            yield running


def ask(server: ApiServer, query: str, **headers: str) -> httpx.Response:
    """Ask with a token, and be told the status that the standard wants."""
    said = {
        "Authorization": f"Bearer {honest(sub='u001')}",
        "Accept": "application/graphql-response+json",
    }
    return server.client.post("/graphql", json={"query": query}, headers=said | headers)


def messages(response: httpx.Response) -> str:
    return " ".join(error["message"] for error in response.json()["errors"])


def refused(response: httpx.Response, because: str, code: str = "GRAPHQL_VALIDATION_FAILED") -> None:
    assert response.status_code == 400, response.text[:300]
    body = response.json()
    assert "data" not in body
    assert body["errors"][0]["extensions"]["code"] == code, body
    assert because in messages(response), body


def test_an_honest_query_is_answered(production: ApiServer) -> None:
    query = '{ recommendations(userId: "u001") { nodes { book { title } reasons { text } } } }'
    assert ask(production, query).status_code == 200


def test_1_alias_overloading(production: ApiServer) -> None:
    many = " ".join(f"a{n}: trending {{ totalCount }}" for n in range(100))
    refused(ask(production, f"{{ {many} }}"), "aliases")


def test_2_directive_overloading(production: ApiServer) -> None:
    refused(ask(production, "{ trending " + "@include(if: true) " * 100 + "{ totalCount } }"), "directives")


def test_3_batching(production: ApiServer) -> None:
    batch = [{"query": "{ trending { totalCount } }"}] * 10
    response = production.client.post("/graphql", json=batch)
    assert response.status_code == 400
    assert "batches are not served here" in messages(response)


def test_4_circular_fragments(production: ApiServer) -> None:
    query = "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }"
    refused(ask(production, query), "Cannot spread fragment")


def test_5_circular_introspection(production: ApiServer) -> None:
    inner = "fields { type { fields { type { fields { type { name } } } } } }"
    refused(ask(production, f"{{ __schema {{ types {{ {inner} }} }} }}"), "introspection")


def test_6_field_duplication(production: ApiServer) -> None:
    refused(ask(production, "{ trending { " + "totalCount " * 5_000 + "} }"), "", "GRAPHQL_PARSE_FAILED")


def test_7_deep_and_wide_nesting(production: ApiServer) -> None:
    # the schema has no circle; tests/graphql_api/test_limits.py has the edge of max_depth
    level = "{ " + "... on Query { " * 400 + "trending { totalCount }" + " }" * 400 + " }"
    refused(ask(production, level), "", "GRAPHQL_PARSE_FAILED")
    dear = '{ a: recommendations(userId: "u001", first: 100) { nodes { reasons(first: 100) { book { title } } } } }'
    refused(ask(production, dear), "costs", "COST_LIMIT_EXCEEDED")


def test_8_field_suggestions(production: ApiServer) -> None:
    response = ask(production, "{ recommendation { totalCount } }")
    assert response.status_code == 400
    assert "Did you mean" not in response.text
    assert "recommendations" not in response.text


@pytest.mark.parametrize("query", ["mutation { __typename }", "{ trending { totalCount } }"])
def test_9_writing_by_a_link_or_a_form(production: ApiServer, query: str) -> None:
    linked = production.client.get("/graphql", params={"query": query})
    assert linked.status_code in (400, 405)
    for kind in ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x"):
        form = production.client.post(
            "/graphql", content=json.dumps({"query": query}), headers={"Content-Type": kind}
        )
        assert form.status_code == 415


def test_10_trace_mode(production: ApiServer) -> None:
    headers = {"X-Apollo-Tracing": "1", "Apollo-Federation-Include-Trace": "ftv1", "X-Debug": "1"}
    body = ask(production, "{ trending { totalCount } }", **headers).json()
    assert set(body.get("extensions", {})) <= {"cost"}
    assert production.client.request("TRACE", "/graphql").status_code == 405


@pytest.mark.parametrize(
    "query", ["{ trending(first: -1) { totalCount } }", '{ book(id: "\\u0000") { title } }', "{"]
)
def test_11_verbose_errors(production: ApiServer, query: str) -> None:
    said = ask(production, query).text
    for trace in ("Traceback", ".py", "site-packages", "strawberry", "numpy", "/graphql_api"):
        assert trace not in said


@pytest.mark.parametrize(
    "path", ["/", "/graphql", "/static/index.html", "/graphiql", "/docs", "/openapi.json"]
)
def test_12_the_page(production: ApiServer, path: str) -> None:
    response = production.client.get(path, headers={"Accept": "text/html"})
    assert "<html" not in response.text.lower()
    assert response.status_code >= 400


def test_each_of_the_table_is_tested() -> None:
    page = (Path(__file__).parents[2] / "docs" / "security.md").read_text()
    rows = re.findall(r"^\| (\d+) \|", page.split("## The twelve usual attacks")[1], re.MULTILINE)
    tested = sorted(int(number) for number in re.findall(r"^test_(\d+)_", "\n".join(globals()), re.MULTILINE))
    assert [int(row) for row in rows] == tested == list(range(1, 13))


def test_the_log_has_no_token_and_no_reader(production: ApiServer) -> None:
    token: Any = honest(sub="u003")
    headers = {"Authorization": f"Bearer {token}"}
    production.client.post("/graphql", json={"query": '{ user(id: "u003") { known } }'}, headers=headers)
    assert token not in production.log()
    assert "u003" not in production.log()
