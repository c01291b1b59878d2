"""`bookverse upstream`, and what the doctor says of the store's services."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from redis import Redis
from typed_command import CONFIG, Call

from bookverse.doctor import examine
from bookverse.state import State
from pipelines.worker.upstream.state import RowSetAside, note_fault, note_success, read_state, set_aside


@pytest.fixture(autouse=True)
def inventory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOOKVERSE_UPSTREAM__INVENTORY_URL", "https://inventory.example")


def diagnosis() -> tuple[str, str, str]:
    found = {finding.what: finding for finding in examine(State(CONFIG))}["service inventory"]
    return found.state, found.found, found.advice


def test_a_service_is_listed_with_what_is_wrong(bookverse: Call, client: Redis) -> None:
    listed = bookverse("upstream", "list").stdout
    assert "inventory  never  closed" in listed
    assert "checkout" not in listed
    note_success(client, "inventory", "7", None, asked=None)
    note_fault(client, "inventory", "it answers 500", None)
    listed = bookverse("upstream", "list").stdout
    assert "ago" in listed
    assert "it answers 500" in listed


def test_rows_that_are_set_aside_are_shown_with_the_reason(bookverse: Call, client: Redis) -> None:
    assert bookverse("upstream", "rows", "inventory").stdout == "there are none\n"
    row = RowSetAside("b1", "price: too low", '{"id": "b1"}', datetime(2026, 3, 1, tzinfo=UTC))
    set_aside(client, "inventory", [row], [])
    shown = bookverse("upstream", "rows", "inventory").stdout
    for part in ("b1", "2026-03-01 00:00:00", "price: too low", '{"id": "b1"}'):
        assert part in shown


def test_a_service_is_read_from_a_position_or_the_beginning(bookverse: Call, client: Redis) -> None:
    assert bookverse("upstream", "begin", "inventory", "--at", "7").stdout == (
        "inventory is read from 7 the next time\n"
    )
    assert read_state(client, "inventory").position == "7"
    assert "from the beginning" in bookverse("upstream", "begin", "inventory").stdout
    assert read_state(client, "inventory").position is None


def test_a_service_that_is_none_is_named(bookverse: Call) -> None:
    for command in ("rows", "begin"):
        done = bookverse("upstream", command, "cellar")
        assert done.exit_code == 1
        assert "service must be one of inventory, checkout, users (got 'cellar')" in done.stderr


def test_the_doctor_says_how_reading_a_service_goes(bookverse: Call, client: Redis) -> None:
    assert diagnosis()[0] == "note"
    note_success(client, "inventory", "7", None, asked=None)
    assert diagnosis()[0] == "good"
    row = RowSetAside("b1", "price: too low", "", datetime(2026, 3, 1, tzinfo=UTC))
    set_aside(client, "inventory", [row], [])
    assert diagnosis()[::2] == ("note", "`bookverse upstream rows inventory`")
    note_fault(client, "inventory", "it answers 500", None)
    state, found, _ = diagnosis()
    assert state == "bad"
    assert found.startswith("it answers 500; read 0:00:")
    assert found.endswith("circuit breaker closed")


def test_named_services_are_read_on_a_schedule(bookverse: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "sync" in bookverse("schedule", "--next").stdout
    monkeypatch.delenv("BOOKVERSE_UPSTREAM__INVENTORY_URL")
    assert "sync" not in bookverse("schedule", "--next").stdout
