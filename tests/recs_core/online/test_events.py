"""Events are read strictly, and their errors say what is wrong."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from recs_core.online.events import (
    ALLOWED_AHEAD,
    EVENT_TYPES,
    STREAMS,
    InvalidEventError,
    decode,
    encode,
    json_schemas,
    refuse_future,
)
from recs_core.testing.events import START, rating, view

COMMON = {"schema_version": 1, "event_id": "e-1", "book_id": "b", "time": "2026-01-01T00:00:00Z"}
OF_READER = COMMON | {"user_id": "u"}
OF_BOOK = COMMON | {"version": 3}
EXAMPLES: dict[str, dict[str, Any]] = {
    "view": OF_READER,
    "click": OF_READER,
    "add_to_cart": OF_READER,
    "purchase": OF_READER,
    "rating": OF_READER | {"value": 4.5},
    "dislike": OF_READER,
    "book_added": OF_BOOK | {"fields": {"title": "T", "authors": ["A"], "price": 9.99, "stock": 3}},
    "book_changed": OF_BOOK | {"fields": {"year": None}},
    "book_withdrawn": OF_BOOK,
    "price_changed": OF_BOOK | {"price": None},
    "stock_changed": OF_BOOK | {"stock": 0},
}


def payload(kind: str, **changes: Any) -> bytes:
    return json.dumps({"type": kind} | EXAMPLES[kind] | changes).encode()


def test_every_event_type_has_an_example() -> None:
    assert set(EXAMPLES) == set(EVENT_TYPES)


@pytest.mark.parametrize("kind", EXAMPLES)
def test_an_event_comes_back_as_it_was_sent(kind: str) -> None:
    stream = EVENT_TYPES[kind].stream
    event = decode(stream, payload(kind))
    assert type(event) is EVENT_TYPES[kind]
    assert decode(stream, encode(event)) == event
    assert json.loads(encode(event)) == json.loads(payload(kind))


@pytest.mark.parametrize(
    ("kind", "changes", "message"),
    [
        ("view", {"colour": "red"}, "interactions.view.colour: Extra inputs are not permitted (got 'red')"),
        ("view", {"schema_version": 2}, "interactions.view.schema_version: Input should be 1 (got 2)"),
        (
            "view",
            {"user_id": ""},
            "interactions.view.user_id: String should have at least 1 character (got '')",
        ),
        ("view", {"event_id": "#"}, "interactions.view.event_id: String should match pattern"),
        ("view", {"value": 1.0}, "interactions.view.value: Extra inputs are not permitted (got 1.0)"),
        ("view", {"time": "2026-01-01T00:00:00"}, "interactions.view.time: Input should have timezone info"),
        (
            "rating",
            {"value": 11},
            "interactions.rating.value: Input should be less than or equal to 10 (got 11)",
        ),
        ("rating", {"value": "4"}, "interactions.rating.value: Input should be a valid number (got '4')"),
        (
            "price_changed",
            {"price": -1},
            "inventory.price_changed.price: Input should be greater than or equal",
        ),
        ("stock_changed", {"version": 0}, "inventory.stock_changed.version: Input should be greater than or"),
        ("book_changed", {"fields": {}}, "inventory.book_changed.fields: Value error, at least one field"),
        ("book_changed", {"fields": {"price": 1.0}}, "inventory.book_changed.fields.price: Extra inputs"),
        ("book_added", {"fields": {"year": 1}}, "inventory.book_added.fields.title: Field required"),
    ],
)
def test_an_error_names_field_rule_and_value(kind: str, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidEventError) as caught:
        decode(EVENT_TYPES[kind].stream, payload(kind, **changes))
    assert message in str(caught.value)


@pytest.mark.parametrize("key", ["type", "schema_version", "event_id", "user_id", "book_id", "time"])
def test_a_missing_key_is_an_error_that_names_it(key: str) -> None:
    event = json.loads(payload("view"))
    del event[key]
    with pytest.raises(InvalidEventError, match=key):
        decode("interactions", json.dumps(event))


def test_an_event_of_another_stream_and_what_is_no_json_are_errors() -> None:
    with pytest.raises(InvalidEventError, match="'price_changed'"):
        decode("interactions", payload("price_changed"))
    with pytest.raises(InvalidEventError, match="Invalid JSON"):
        decode("interactions", b"{")


def test_time_counts_in_milliseconds() -> None:
    event = decode("interactions", payload("view", time="2026-01-01T01:00:00.0019999+01:00"))
    assert event.time_ms == view("e", ms=1).time_ms


def test_an_event_may_be_a_little_ahead_and_no_more() -> None:
    refuse_future(rating("e", 1.0), START - ALLOWED_AHEAD)
    with pytest.raises(InvalidEventError, match=r"interactions\.rating\.time: .* 300 s ahead"):
        refuse_future(rating("e", 1.0), START - ALLOWED_AHEAD - timedelta(milliseconds=1))


def test_the_committed_json_schemas_are_current_and_take_the_examples() -> None:
    texts = json_schemas()
    assert set(texts) == {f"{stream}.schema.json" for stream in STREAMS}
    for name, text in texts.items():
        assert (Path("config/events") / name).read_text() == text, "run python -m pipelines.worker schemas"
    for kind in EXAMPLES:
        schema = json.loads(texts[f"{EVENT_TYPES[kind].stream}.schema.json"])
        validator = jsonschema.Draft202012Validator(schema)
        validator.validate(json.loads(payload(kind)))
        assert not validator.is_valid(json.loads(payload(kind, colour="red")))
        assert not validator.is_valid(json.loads(payload(kind, schema_version=2)))
