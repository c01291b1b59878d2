"""GraphQL over HTTP as one table: what is sent, and the status and media type of what comes back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

import httpx
import pytest
from small_server import SmallServer, small_server

from recs_core.artifacts.bundle import Bundle

GRAPHQL = "application/graphql-response+json"
JSON = "application/json"
STREAM = "text/event-stream"

SHORT = {"graphql": GRAPHQL, "json": JSON, "stream": STREAM, "html": "text/html"}
"""How the table writes media types; `-` is a header that is not sent, and a comma separates what is accepted."""

VALID = "{ hello }"

REQUESTS: dict[str, object] = {
    "valid": {"query": VALID},
    "emoji": {"query": "query($n: String!) { hello(name: $n) }", "variables": {"n": "🏃ü"}},
    "two, one named": {"query": "query A { hello } query B { hello }", "operationName": "B"},
    "nulls": {"query": VALID, "operationName": None, "variables": None, "extensions": None},
    "unknown keys": {"query": VALID, "extra": 1},
    "partial": {"query": "{ hello nothing }"},
    "data is null": {"query": "{ hello something }"},
    "syntax": {"query": "{"},
    "unknown field": {"query": "{ hallo }"},
    "bad variable": {"query": "query($n: String!) { hello(name: $n) }", "variables": {"n": None}},
    "unknown name": {"query": "query A { hello }", "operationName": "B"},
    "two, none named": {"query": "query A { hello } query B { hello }"},
    "mutation": {"query": "mutation { hello }"},
    "subscription": {"query": "subscription { count(to: 2) }"},
    "not JSON": '{"query": "{ hello }"',
    "no body": "",
    "no query": {"qeury": VALID},
    "query is 7": {"query": 7},
    "variables is []": {"query": VALID, "variables": []},
    "name is {}": {"query": VALID, "operationName": {}},
    "extensions is 0": {"query": VALID, "extensions": 0},
    "array": [{"query": VALID}],
    "known hash": {"documentId": "sha256:" + hashlib.sha256(VALID.encode()).hexdigest()},
    "unknown hash": {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}},
    "wrong hash": {
        "query": VALID,
        "extensions": {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}},
    },
    "too large": {"query": VALID + " " * 70_000},
    "nothing": {},
}

TABLE = """
method  | request         | content type           | accept                       | preflight | status | answered as
--------|-----------------|------------------------|------------------------------|-----------|--------|------------
POST    | valid           | json                   | graphql                      | no        | 200    | graphql
POST    | valid           | json                   | json                         | no        | 200    | json
POST    | valid           | json                   | */*                          | no        | 200    | json
POST    | valid           | json                   | application/*                | no        | 200    | json
POST    | valid           | json                   | -                            | no        | 200    | graphql
POST    | valid           | json                   | graphql,json                 | no        | 200    | graphql
POST    | valid           | json                   | json,graphql                 | no        | 200    | json
POST    | valid           | json                   | json,text/plain,*/*          | no        | 200    | json
POST    | valid           | json                   | json;q=0.9,graphql           | no        | 200    | graphql
POST    | valid           | json                   | graphql;q=0.1,json;q=0.2     | no        | 200    | json
POST    | valid           | json                   | json;q=0,*/*                 | no        | 200    | graphql
POST    | valid           | json                   | graphql;charset=utf-8        | no        | 200    | graphql
POST    | valid           | json                   | graphql;charset=latin1,json  | no        | 200    | json
POST    | valid           | json                   | json;charset=latin1          | no        | 406    | graphql
POST    | valid           | json                   | html                         | no        | 406    | graphql
POST    | valid           | json                   | json;q=0                     | no        | 406    | graphql
POST    | valid           | json                   | stream                       | no        | 200    | stream
POST    | valid           | json;charset=utf-8     | graphql                      | no        | 200    | graphql
POST    | valid           | json;charset="UTF-8"   | graphql                      | no        | 200    | graphql
POST    | valid           | json;charset=latin1    | graphql                      | no        | 415    | graphql
POST    | valid           | json;charset=utf-16    | json                         | no        | 415    | json
POST    | valid           | text/plain             | graphql                      | no        | 415    | graphql
POST    | valid           | graphql                | graphql                      | no        | 415    | graphql
POST    | valid           | multipart/form-data    | json                         | yes       | 415    | json
POST    | valid           | -                      | graphql                      | no        | 415    | graphql
POST    | valid           | -                      | json                         | no        | 415    | json
POST    | emoji           | json                   | graphql                      | no        | 200    | graphql
POST    | two, one named  | json                   | graphql                      | no        | 200    | graphql
POST    | nulls           | json                   | graphql                      | no        | 200    | graphql
POST    | unknown keys    | json                   | json                         | no        | 200    | json
POST    | partial         | json                   | graphql                      | no        | 294    | graphql
POST    | partial         | json                   | json                         | no        | 200    | json
POST    | data is null    | json                   | graphql                      | no        | 294    | graphql
POST    | data is null    | json                   | json                         | no        | 200    | json
POST    | syntax          | json                   | graphql                      | no        | 400    | graphql
POST    | syntax          | json                   | json                         | no        | 200    | json
POST    | syntax          | json                   | stream                       | no        | 200    | stream
POST    | unknown field   | json                   | graphql                      | no        | 400    | graphql
POST    | unknown field   | json                   | json                         | no        | 200    | json
POST    | bad variable    | json                   | graphql                      | no        | 400    | graphql
POST    | bad variable    | json                   | json                         | no        | 200    | json
POST    | unknown name    | json                   | graphql                      | no        | 400    | graphql
POST    | unknown name    | json                   | json                         | no        | 200    | json
POST    | two, none named | json                   | graphql                      | no        | 400    | graphql
POST    | two, none named | json                   | json                         | no        | 200    | json
POST    | mutation        | json                   | graphql                      | no        | 400    | graphql
POST    | mutation        | json                   | json                         | no        | 200    | json
POST    | subscription    | json                   | graphql                      | no        | 400    | graphql
POST    | subscription    | json                   | json                         | no        | 200    | json
POST    | subscription    | json                   | stream                       | no        | 200    | stream
POST    | subscription    | json                   | graphql,json,stream          | no        | 200    | stream
POST    | subscription    | json                   | */*                          | no        | 200    | json
POST    | known hash      | json                   | graphql                      | no        | 200    | graphql
POST    | unknown hash    | json                   | graphql                      | no        | 400    | graphql
POST    | unknown hash    | json                   | json                         | no        | 200    | json
POST    | wrong hash      | json                   | json                         | no        | 400    | json
POST    | not JSON        | json                   | graphql                      | no        | 400    | graphql
POST    | not JSON        | json                   | json                         | no        | 400    | json
POST    | not JSON        | json                   | stream                       | no        | 400    | graphql
POST    | no body         | json                   | json                         | no        | 400    | json
POST    | no query        | json                   | graphql                      | no        | 400    | graphql
POST    | no query        | json                   | json                         | no        | 400    | json
POST    | query is 7      | json                   | json                         | no        | 400    | json
POST    | variables is [] | json                   | json                         | no        | 400    | json
POST    | name is {}      | json                   | json                         | no        | 400    | json
POST    | extensions is 0 | json                   | json                         | no        | 400    | json
POST    | array           | json                   | graphql                      | no        | 400    | graphql
POST    | array           | json                   | json                         | no        | 400    | json
POST    | too large       | json                   | graphql                      | no        | 413    | graphql
POST    | too large       | json                   | json                         | no        | 413    | json
GET     | valid           | -                      | graphql                      | yes       | 200    | graphql
GET     | valid           | -                      | json                         | yes       | 200    | json
GET     | valid           | -                      | graphql                      | no        | 400    | graphql
GET     | emoji           | -                      | graphql                      | yes       | 200    | graphql
GET     | two, one named  | -                      | json                         | yes       | 200    | json
GET     | variables is [] | -                      | json                         | yes       | 400    | json
GET     | unknown field   | -                      | graphql                      | yes       | 400    | graphql
GET     | unknown field   | -                      | json                         | yes       | 200    | json
GET     | known hash      | -                      | json                         | no        | 200    | json
GET     | unknown hash    | -                      | json                         | no        | 200    | json
GET     | unknown hash    | -                      | graphql                      | no        | 400    | graphql
GET     | mutation        | -                      | graphql                      | yes       | 405    | graphql
GET     | mutation        | -                      | json                         | yes       | 405    | json
GET     | mutation        | -                      | stream                       | yes       | 405    | graphql
GET     | mutation        | -                      | json                         | no        | 400    | json
GET     | subscription    | -                      | stream                       | yes       | 200    | stream
GET     | subscription    | -                      | stream                       | no        | 400    | graphql
GET     | nothing         | -                      | json                         | yes       | 400    | json
GET     | nothing         | -                      | html,*/*;q=0.8               | no        | 200    | html
HEAD    | valid           | -                      | graphql                      | yes       | 200    | graphql
HEAD    | valid           | -                      | json                         | no        | 400    | json
HEAD    | subscription    | -                      | stream                       | yes       | 200    | stream
HEAD    | mutation        | -                      | json                         | yes       | 405    | json
HEAD    | nothing         | -                      | html                         | no        | 200    | html
PUT     | valid           | json                   | graphql                      | yes       | 405    | graphql
PATCH   | valid           | json                   | json                         | yes       | 405    | json
DELETE  | nothing         | -                      | html                         | no        | 405    | graphql
OPTIONS | nothing         | -                      | */*                          | no        | 405    | json
"""

ROWS = [tuple(cell.strip() for cell in line.split("|")) for line in TABLE.strip().splitlines()[2:]]


@pytest.fixture(scope="module")
def small(bundle: Bundle) -> Iterator[SmallServer]:
    with small_server(bundle) as running:
        digest = hashlib.sha256(VALID.encode()).hexdigest()
        extensions = {"persistedQuery": {"version": 1, "sha256Hash": digest}}
        assert running.post({"query": VALID, "extensions": extensions}).status_code == 200
        yield running


def in_full(cell: str) -> str:
    elements = (element.partition(";") for element in cell.split(","))
    return ",".join(SHORT.get(name, name) + rest + parameters for name, rest, parameters in elements)


def send(
    small: SmallServer, method: str, name: str, content_type: str, accept: str, preflight: str
) -> httpx.Response:
    asked = REQUESTS[name]
    headers = {"GraphQL-Require-Preflight": "1"} if preflight == "yes" else {}
    if method in ("GET", "HEAD"):
        assert isinstance(asked, dict)
        texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in asked.items()}
        request = small.client.build_request(method, "/graphql", params=texts, headers=headers)
    else:
        body = asked if isinstance(asked, str) else json.dumps(asked, ensure_ascii=False)
        if content_type != "-":
            headers["Content-Type"] = in_full(content_type)
        request = small.client.build_request(method, "/graphql", content=body.encode(), headers=headers)
    if accept == "-":
        del request.headers["Accept"]
    else:
        request.headers["Accept"] = in_full(accept)
    return small.client.send(request)


@pytest.mark.parametrize(
    ("method", "name", "content_type", "accept", "preflight", "status", "answered_as"),
    ROWS,
    ids=[" ".join(row) for row in ROWS],
)
def test_the_table(
    small: SmallServer,
    method: str,
    name: str,
    content_type: str,
    accept: str,
    preflight: str,
    status: str,
    answered_as: str,
) -> None:
    response = send(small, method, name, content_type, accept, preflight)
    assert (response.status_code, response.headers["Content-Type"]) == (
        int(status),
        f"{SHORT[answered_as]}; charset=utf-8",
    )
    assert response.headers["Vary"] == "Accept, Authorization"
    if status == "405":
        assert response.headers["Allow"] == ("POST" if name == "mutation" else "GET, HEAD, POST")
    if method == "HEAD":
        assert response.content == b""
    elif answered_as in ("graphql", "json"):
        body = json.loads(response.content.decode("utf-8"))
        # by the status a client of the newer type, and whoever stands between, knows whether there are data
        assert response.is_success or "data" not in body
        assert answered_as == "json" or response.is_success == ("data" in body)
        assert ("errors" in body) == (status != "200" or name not in FAULTLESS)


FAULTLESS = {"valid", "emoji", "two, one named", "nulls", "unknown keys", "known hash"}


def test_what_is_refused_before_execution_has_no_data(small: SmallServer) -> None:
    for name in ("syntax", "unknown field", "bad variable", "unknown name", "mutation", "unknown hash"):
        assert list(send(small, "POST", name, "json", "json", "no").json()) == ["errors"], name
    assert send(small, "POST", "data is null", "json", "graphql", "no").json()["data"] is None


def test_the_bytes_are_the_same_for_both_media_types_and_kept_once(small: SmallServer) -> None:
    query = {"query": "{ hello } # for both"}
    first, second = small.post(query, Accept=GRAPHQL), small.post(query, Accept=JSON)
    assert first.content == second.content
    assert first.headers["Cache-Status"].endswith("stored")
    assert second.headers["Cache-Status"] == "bookverse; hit; detail=L1"


@pytest.mark.parametrize("header", ["GraphQL-Require-Preflight", "apollo-require-preflight"])
def test_either_header_shows_that_a_page_of_another_site_did_not_ask(small: SmallServer, header: str) -> None:
    params = {"query": "query($n: String!) { hello(name: $n) }", "variables": '{"n": "you"}'}
    response = small.client.get("/graphql", params=params, headers={header: "any"})
    assert response.json() == {"data": {"hello": "hello you"}}


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("query={hello}&query={hello}", '"query" is in the address 2 times'),
        ("query={hello}&variables={", '"variables" is not JSON'),
        ("query={hello}&variables=3", '"variables" must be an object or null (got a number)'),
        ("query={hello}&extensions=[]", '"extensions" must be an object or null (got an array)'),
        ("operationName=A", '"query" must be a string'),
        ("documentId=", '"documentId" must not be empty'),
    ],
)
def test_a_wrong_address_is_refused(small: SmallServer, address: str, message: str) -> None:
    response = small.client.get(f"/graphql?{address}", headers={"GraphQL-Require-Preflight": "1"})
    assert response.status_code == 400
    assert response.json()["errors"][0]["message"].startswith(message)


def test_without_the_page_a_browser_gets_what_everyone_gets(bundle: Bundle) -> None:
    with small_server(bundle, page=False) as small:
        browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
        assert small.client.get("/graphql", headers=browser).status_code == 400
        assert small.client.get("/graphql", headers={"Accept": "text/html"}).status_code == 400
        assert small.client.get("/", headers=browser).status_code == 404
