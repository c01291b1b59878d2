"""What a client is told when something is wrong: a code, and a message that names the argument and the rule."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from api_server import ApiServer, app_client

from graphql_api.settings import Settings
from recs_core.artifacts.bundle import Bundle
from recs_core.serving.answer import Answer
from recs_core.serving.recommender import ServingRecommender

BAD_ARGUMENTS = [
    (
        'recommendations(userId: "u001", first: -1) { nodes { rank } }',
        "first must be between 0 and 100 (got -1)",
    ),
    (
        'recommendations(userId: "u001", first: 101) { nodes { rank } }',
        "first must be between 0 and 100 (got 101)",
    ),
    (
        'similarBooks(bookId: "x", first: 100000) { nodes { rank } }',
        "first must be between 0 and 100 (got 100000)",
    ),
    (
        'user(id: "u001") { history(first: -1) { nodes { title } } }',
        "first must be between 0 and 100 (got -1)",
    ),
    ("readers(first: 0)", "first must be between 1 and 100 (got 0)"),
    ('recommendations(userId: "") { nodes { rank } }', "userId must not be blank (got '')"),
    ('recommendations(userId: " \\t") { nodes { rank } }', "userId must not be blank (got ' \\t')"),
    ('similarBooks(bookId: "") { nodes { rank } }', "bookId must not be blank (got '')"),
    ('book(id: " ") { title }', "id must not be blank (got ' ')"),
    (f'user(id: "{"x" * 65}") {{ known }}', "id must have at most 64 characters (got 65)"),
    (
        f"books(ids: [{'1 ' * 201}]) {{ title }}",
        "a list in an argument must have at most 100 items (got 201)",
    ),
    ('books(ids: ["b", ""]) { title }', "ids must not be blank (got '')"),
    (
        'node(id: "Qm9vaw==") { id }',
        "id must be the value of an `id` field that this server returned (got 'Qm9vaw==')",
    ),
    (
        'recommendations(userId: "u001", strategy: "best") { nodes { rank } }',
        "there is no strategy 'best'; the strategies are ['balanced', 'discover', 'tuned']",
    ),
    (
        'personalized(bookIds: ["b000"], weights: [1, 2]) { nodes { rank } }',
        "2 weights are given for 1 books",
    ),
    (
        'recommendations(userId: "u001", filter: {yearFrom: 2001, yearTo: 2000}) { nodes { rank } }',
        "filter.yearFrom (2001) is above filter.yearTo (2000): no book can pass",
    ),
    (
        'recommendations(userId: "u001", filter: {priceTo: -1}) { nodes { rank } }',
        "filter.priceTo: Input should be greater than or equal to 0 (got -1.0)",
    ),
    (
        'recommendations(userId: "u001", rerank: {diversity: 1}) { nodes { rank } }',
        "rerank.diversity: Input should be less than 1 (got 1.0)",
    ),
    ('explain(bookId: "b000") { rank }', "explain needs either userId or bookIds (got both or neither)"),
    (
        f'search(text: "{"x" * 201}") {{ nodes {{ rank }} }}',
        "text must have at most 200 characters (got 201)",
    ),
]


@pytest.mark.parametrize(("field", "message"), BAD_ARGUMENTS)
def test_a_bad_argument_is_named_with_its_rule_and_value(server: ApiServer, field: str, message: str) -> None:
    error = server.error(f"{{ {field} }}")
    assert error["extensions"] == {"code": "BAD_USER_INPUT"}
    assert error["message"] == message


def test_the_length_of_reasons_has_the_same_rule(server: ApiServer) -> None:
    query = '{ recommendations(userId: "u001", first: 2) { nodes { reasons(first: 101) { kind } } } }'
    for error in server.post(query).json()["errors"]:
        assert error["extensions"] == {"code": "BAD_USER_INPUT"}
        assert error["message"] == "first must be between 1 and 100 (got 101)"


@pytest.mark.parametrize(
    "field", ['book(id: "x9") { title }', 'similarBooks(bookId: "x9") { nodes { rank } }']
)
def test_an_unknown_book_is_an_error(server: ApiServer, field: str) -> None:
    error = server.error(f"{{ {field} }}")
    assert error["extensions"] == {"code": "BOOK_NOT_FOUND"}
    assert error["message"] == "unknown book id: 'x9'"


@pytest.mark.parametrize(
    ("query", "variables", "code"),
    [
        ("{ readers", {}, "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("{ recommendations { nodes { rank } } }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ('{ readers(first: "3") }', {}, "GRAPHQL_VALIDATION_FAILED"),
        ("query($n: Int!) { readers(first: $n) }", {"n": "3"}, "BAD_USER_INPUT"),
        ("query($n: Int!) { readers(first: $n) }", {"n": 2**31}, "BAD_USER_INPUT"),
        ("query($n: Int!) { readers(first: $n) }", {}, "BAD_USER_INPUT"),
        ("query($n: Int) { readers(first: $n) }", {"n": None}, "BAD_USER_INPUT"),
    ],
)
def test_a_bad_document_or_variable_has_a_code(
    server: ApiServer, query: str, variables: dict[str, object], code: str
) -> None:
    assert server.error(query, **variables)["extensions"] == {"code": code}


class BrokenRecommender(ServingRecommender):
    def recommend(self, user_id: str, **asked: Any) -> Answer:
        raise RuntimeError("a secret of the server")


@pytest.mark.anyio
async def test_an_unexpected_error_is_masked_and_logged_under_the_request_id(
    bundle: Bundle, caplog: pytest.LogCaptureFixture
) -> None:
    query = '{ readers recommendations(userId: "u001") { nodes { rank } } }'
    async with app_client(Settings.load(), BrokenRecommender(bundle)) as client:
        response = await client.post("/graphql", json={"query": query}, headers={"X-Request-ID": "req-7"})
    assert response.status_code == 200
    assert response.json() == {
        "data": None,
        "errors": [
            {
                "message": "internal server error",
                "path": ["recommendations"],
                "locations": [{"line": 1, "column": 11}],
                "extensions": {"code": "INTERNAL_SERVER_ERROR", "requestId": "req-7"},
            }
        ],
        "extensions": {"cost": {"requested": 21, "limit": 10_000}},
    }
    (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert "req-7" in record.getMessage()
    assert record.exc_info is not None
    assert str(record.exc_info[1]) == "a secret of the server"


@pytest.mark.anyio
async def test_a_failure_outside_the_executor_is_masked_too(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("a secret of the cache")

    monkeypatch.setattr("graphql_api.cache.responses.ResponseCache.serve", broken)
    async with app_client(Settings.load(), ServingRecommender(bundle)) as client:
        response = await client.post("/graphql", json={"query": "{ readers }"})
    request_id = response.headers["X-Request-ID"]
    assert response.status_code == 500
    assert response.json()["errors"][0]["extensions"] == {
        "code": "INTERNAL_SERVER_ERROR",
        "requestId": request_id,
    }
    assert "secret" not in response.text
    assert request_id in caplog.text
