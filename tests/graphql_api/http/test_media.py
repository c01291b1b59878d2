"""Media types as clients write them."""

from __future__ import annotations

import pytest

from graphql_api.http.media import EVENT_STREAM, GRAPHQL_RESPONSE, HTML, JSON, Accept, MediaType

OFFERED = (JSON, GRAPHQL_RESPONSE, EVENT_STREAM, HTML)

APOLLO_CLIENT = "application/graphql-response+json,application/json;q=0.9"
URQL = (
    "application/graphql-response+json, application/graphql+json, application/json, text/event-stream, "
    "multipart/mixed"
)
URQL_SUBSCRIPTION = "text/event-stream, multipart/mixed"
AXIOS = "application/json, text/plain, */*"
CHROME = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


@pytest.mark.parametrize(
    ("header", "best"),
    [
        (APOLLO_CLIENT, GRAPHQL_RESPONSE),
        (URQL, GRAPHQL_RESPONSE),
        (URQL_SUBSCRIPTION, EVENT_STREAM),
        (AXIOS, JSON),
        (CHROME, HTML),
        ("", GRAPHQL_RESPONSE),
        ("  ", GRAPHQL_RESPONSE),
        (" , ,", GRAPHQL_RESPONSE),
        ("*/*", JSON),
        ("*/*;q=0", None),
        ("application/*", JSON),
        ("Application/GraphQL-Response+JSON", GRAPHQL_RESPONSE),
        ("application/json;q=0.1, application/*;q=0.9", GRAPHQL_RESPONSE),
        ("application/json;q=0, */*", GRAPHQL_RESPONSE),
        ('application/json;charset="utf-8"', JSON),
        ("application/json;charset=iso-8859-1", None),
        ('text/plain;x="a,application/json"', None),
        ('text/plain;x="\\",application/json', JSON),
        ("application/json;q=2", None),
        ("application/json;q=high, text/html;q=0.001", HTML),
        ("application/xml", None),
        ("json", None),
    ],
)
def test_the_best_of_what_we_write_is_chosen(header: str, best: str | None) -> None:
    assert Accept.parse(header).best(OFFERED) == best


@pytest.mark.parametrize(
    ("header", "names"),
    [
        (URQL, True),
        ("text/*", True),
        ("*/*", False),
        ("text/event-stream;q=0, */*", False),
        ("application/json", False),
        ("", False),
    ],
)
def test_a_stream_is_for_who_names_it(header: str, names: bool) -> None:
    assert Accept.parse(header).names(EVENT_STREAM) is names


@pytest.mark.parametrize(
    ("text", "name", "utf_8"),
    [
        ("application/json", "application/json", True),
        ("Application/JSON ; Charset=UTF8", "application/json", True),
        ('application/json; charset="utf-8"; x=y', "application/json", True),
        ("application/json; charset=latin1", "application/json", False),
        ("application/json; charset=", "application/json", False),
        ("", "", True),
    ],
)
def test_a_content_type_is_read(text: str, name: str, utf_8: bool) -> None:
    content = MediaType.parse(text)
    assert (content.name, content.is_utf_8) == (name, utf_8)
