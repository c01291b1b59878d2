"""The event of a row: valid, the same each time, and another one for another row or version."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from pipelines.worker.upstream.services import SERVICES, said_by
from recs_core.online.events import BookAdded, decode, encode

NOW = datetime(2026, 3, 2, tzinfo=UTC)
IDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=256)
VERSIONS = st.integers(1, 2**53 - 1)


def book(row_id: str, version: int) -> dict[str, object]:
    return {"id": row_id, "version": version, "title": "t", "updated_at": "2026-03-01T12:00:00Z"}


@given(st.lists(st.tuples(IDS, VERSIONS), min_size=1, max_size=20, unique=True))
def test_rows_and_versions_are_told_apart_by_their_events(rows: list[tuple[str, int]]) -> None:
    events = [said_by(SERVICES["inventory"], book(*row), NOW) for row in rows]
    again = [said_by(SERVICES["inventory"], book(*row), NOW) for row in reversed(rows)]
    assert [event.event_id for event in events] == [event.event_id for event in reversed(again)]
    assert len({event.event_id for event in events}) == len(rows)
    assert [decode("inventory", encode(event)) for event in events] == events


@given(IDS)
def test_rows_of_two_services_are_never_the_same_event(row_id: str) -> None:
    bought = {"id": row_id, "user_id": "u", "book_id": "b", "bought_at": "2026-03-01T12:00:00Z"}
    purchase = said_by(SERVICES["checkout"], bought, NOW)
    assert purchase.event_id != said_by(SERVICES["inventory"], book(row_id, 1), NOW).event_id
    assert decode("interactions", encode(purchase)) == purchase


def test_a_row_writes_every_field_so_that_an_older_one_leaves_no_trace() -> None:
    event = said_by(SERVICES["inventory"], book("b", 1) | {"price": 9.5, "colour": "red"}, NOW)
    assert isinstance(event, BookAdded)
    assert event.writes() == {
        "title": "t",
        "authors": [],
        "year": None,
        "publisher": None,
        "language": None,
        "genres": [],
        "description": None,
        "cover_url": None,
        "price": 9.5,
        "stock": None,
        "withdrawn": False,
    }
