"""What travels over HTTP besides GraphQL: statuses, headers, the page, health."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import httpx
import pytest
from api_server import ApiServer, app_client

from graphql_api.app import create_app
from graphql_api.settings import Settings
from recs_core.artifacts.bundle import Bundle
from recs_core.serving.recommender import ServingRecommender

JSON = {"Content-Type": "application/json"}


def only_error(response: httpx.Response) -> dict[str, object]:
    (error,) = response.json()["errors"]
    assert response.headers["Content-Type"] == "application/json; charset=utf-8"
    return error


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "the body is not JSON"),
        (b'{"query": "{ readers }"', "the body is not JSON"),
        (b"\xff", "the body is not JSON"),
        (b'{"query": "\\ud800"}', "the body is not JSON"),
        (b"[" * 5_000, "the body is not JSON"),
        (b'[{"query": "{ readers }"}]', "the body must be a JSON object (got an array)"),
        (b"{}", '"query" must be a string with a GraphQL document (got nothing)'),
        (b'{"query": " "}', '"query" must be a string with a GraphQL document (got a blank string)'),
        (b'{"query": 7}', '"query" must be a string with a GraphQL document (got a number)'),
        (
            b'{"query": "{ trending(first: %s) { totalCount } }"}' % (b"1" * 4_301),
            '"query" must have at most 4300 digits in a row',
        ),
        (
            b'{"query": "{ readers }", "variables": []}',
            '"variables" must be an object or null (got an array)',
        ),
        (b'{"query": "{ readers }", "operationName": {}}', '"operationName" must be a string or null'),
        (
            b'{"query": "{ readers }", "variables": {"a": ' + b"[" * 400 + b"]" * 400 + b"}}",
            '"variables" are nested too deeply',
        ),
    ],
)
def test_a_request_that_cannot_be_executed_is_refused(server: ApiServer, body: bytes, message: str) -> None:
    response = server.client.post("/graphql", content=body, headers=JSON)
    error = only_error(response)
    assert response.status_code == 400
    assert error["extensions"] == {"code": "BAD_REQUEST"}
    assert str(error["message"]).startswith(message)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"query": "query A { readers }", "operationName": "B"}, 'Unknown operation named "B".'),
        ({"query": "mutation { readers }"}, "Cannot query field 'readers' on type 'Mutation'."),
        ({"query": "{ readers"}, "Syntax Error: Expected Name, found <EOF>."),
    ],
)
@pytest.mark.parametrize(
    ("accept", "status"), [("application/json", 200), ("application/graphql-response+json", 400)]
)
def test_a_well_formed_request_that_is_refused_has_the_status_of_its_media_type(
    server: ApiServer, body: dict[str, str], message: str, accept: str, status: int
) -> None:
    response = server.client.post("/graphql", json=body, headers={"Accept": accept})
    (error,) = response.json()["errors"]
    assert (response.status_code, error["message"]) == (status, message)


def test_the_named_operation_is_executed(server: ApiServer) -> None:
    query = "query A { readers(first: 1) } query B { bundle { seed } }"
    response = server.client.post("/graphql", json={"query": query, "operationName": "B"})
    assert response.json()["data"] == {"bundle": {"seed": 7}}


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_other_content_than_json_is_refused(server: ApiServer, content_type: str) -> None:
    # a form post needs no preflight: taking it would let any web page send queries with the reader's cookies
    response = server.client.post(
        "/graphql", content=b'{"query": "{ readers }"}', headers={"Content-Type": content_type}
    )
    assert response.status_code == 415
    assert only_error(response)["extensions"] == {"code": "BAD_REQUEST"}


def test_json_may_name_its_charset(server: ApiServer) -> None:
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    response = server.client.post("/graphql", content=b'{"query": "{ readers }"}', headers=headers)
    assert response.status_code == 200


@pytest.mark.parametrize("chunked", [False, True])
def test_an_oversize_body_is_refused(server: ApiServer, chunked: bool) -> None:
    body = json.dumps({"query": "{ readers } #" + "x" * 300_000}).encode()

    def chunks() -> Iterator[bytes]:
        for start in range(0, len(body), 10_000):
            yield body[start : start + 10_000]

    response = server.client.post("/graphql", content=chunks() if chunked else body, headers=JSON)
    assert response.status_code == 413
    assert only_error(response)["extensions"] == {"code": "PAYLOAD_TOO_LARGE"}
    # and the connection is good for the next
    assert server.data("{ readers(first: 1) }")


def test_a_body_of_the_largest_size_is_read(server: ApiServer) -> None:
    body = b'{"query": "{ readers }"}'.ljust(64 * 1024)
    assert server.client.post("/graphql", content=body, headers=JSON).status_code == 200
    assert server.client.post("/graphql", content=body + b" ", headers=JSON).status_code == 413


@pytest.mark.parametrize(("method", "accept"), [("PUT", "text/html"), ("DELETE", "*/*")])
def test_other_methods_are_not_allowed(server: ApiServer, method: str, accept: str) -> None:
    response = server.client.request(method, "/graphql", headers={"Accept": accept})
    assert response.status_code == 405
    assert response.headers["Allow"] == "GET, HEAD, POST"
    assert response.json()["errors"][0]["extensions"] == {"code": "BAD_REQUEST"}


@pytest.mark.parametrize("accept", ["application/json", "*/*"])
def test_who_gets_no_page_must_ask_something(server: ApiServer, accept: str) -> None:
    response = server.client.get("/graphql", headers={"Accept": accept})
    assert response.status_code == 400
    assert only_error(response)["extensions"] == {"code": "BAD_REQUEST"}


def test_a_browser_gets_a_page_that_needs_nothing_from_elsewhere(server: ApiServer) -> None:
    page = server.client.get("/graphql", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    policy = page.headers["Content-Security-Policy"]
    assert page.status_code == 200
    assert page.headers["Content-Type"].startswith("text/html")
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    links = re.findall(r'(?:src|href)="([^"#]+)"', page.text)
    assert "/static/page.js" in links
    for link in links:
        assert link.startswith("/static/")
        assert server.client.get(link).status_code == 200
    assert " style=" not in page.text
    assert "<script>" not in page.text


def test_every_script_that_the_page_imports_is_there(server: ApiServer) -> None:
    script = server.client.get("/static/page.js")
    assert "javascript" in script.headers["Content-Type"]
    for name in re.findall(r'from "\./([a-z]+\.js)"', script.text):
        assert server.client.get(f"/static/{name}").status_code == 200


def test_the_root_leads_to_the_page(server: ApiServer) -> None:
    response = server.client.get("/", headers={"Accept": "text/html"}, follow_redirects=True)
    assert response.url.path == "/graphql"
    assert "<title>BookVerse Recommendations</title>" in response.text


def test_a_request_id_is_made(server: ApiServer) -> None:
    ids = {server.post("{ readers }").headers["X-Request-ID"] for _ in range(3)}
    assert len(ids) == 3
    assert all(re.fullmatch("[0-9a-f]{32}", request_id) for request_id in ids)


@pytest.mark.parametrize(
    ("offered", "taken"),
    [("shop-42.a_b", True), ("x" * 64, True), ("x" * 65, False), ("a b", False), ("<x>", False)],
)
def test_a_harmless_request_id_is_taken(server: ApiServer, offered: str, taken: bool) -> None:
    response = server.client.get("/health/live", headers={"X-Request-ID": offered})
    assert (response.headers["X-Request-ID"] == offered) is taken


def test_every_answer_names_the_bundle(server: ApiServer, bundle: Bundle) -> None:
    assert server.post("{ readers }").headers["Bookverse-Bundle"] == bundle.version
    assert server.post("{ nothing }").headers["Bookverse-Bundle"] == bundle.version


def test_health_says_what_is_served(server: ApiServer, bundle: Bundle) -> None:
    assert server.client.get("/health/live").json() == {"status": "up"}
    ready = server.client.get("/health/ready")
    state = ready.json()
    assert ready.status_code == 200
    assert (state["status"], state["bundle"], state["model"]) == ("ready", bundle.version, "hybrid")
    assert state["redis"] == "up"


@pytest.mark.anyio
async def test_a_server_is_not_ready_before_it_starts_and_after_it_stops(bundle: Bundle) -> None:
    app = create_app(Settings.load(), ServingRecommender(bundle))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
        before = await client.get("/health/ready")
        async with app.router.lifespan_context(app):
            during = await client.get("/health/ready")
        after = await client.get("/health/ready")
    assert [before.status_code, during.status_code, after.status_code] == [503, 200, 503]


@pytest.mark.anyio
async def test_limits_come_from_the_settings(bundle: Bundle) -> None:
    settings = Settings.load(api={"max_first": 3})
    async with app_client(settings, ServingRecommender(bundle)) as client:
        response = await client.post("/graphql", json={"query": "{ readers(first: 4) }"})
    assert response.json()["errors"][0]["message"] == "first must be between 1 and 3 (got 4)"
