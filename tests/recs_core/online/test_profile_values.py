"""Sealed profiles: Redis holds nothing of a book, old keys still open, and what cannot be opened is left out."""

from __future__ import annotations

import logging

import pytest
from redis import Redis

from recs_core.data.secret_key import SecretKeyError
from recs_core.online import keys
from recs_core.online.profile_values import ProfileValues
from recs_core.online.profiles import ProfileWriter, read_profile
from recs_core.online.sealed import ENVIRONMENT_VARIABLE, SealingKeys, sealed_with
from recs_core.testing.events import purchase, rating, view

OLD, NEW = SealingKeys([bytes(32)]), SealingKeys([bytes(range(32))])
BOTH = SealingKeys([bytes(range(32)), bytes(32)])


def books(client: Redis, values: ProfileValues | None = None) -> list[str]:
    return [event.book_id for event in read_profile(client, "u", values).events]


def test_a_sealed_profile_is_the_plain_one(client: Redis) -> None:
    events = [purchase("a", book_id="x"), rating("b", 4.5, book_id="y"), view("c", book_id="z")]
    ProfileWriter(client)(events)
    plain = read_profile(client, "u")
    client.flushall()
    ProfileWriter(client, ProfileValues(NEW))(events)
    assert read_profile(client, "u", ProfileValues(NEW)) == plain


def test_redis_holds_ids_and_times_of_events_and_no_book(client: Redis) -> None:
    ProfileWriter(client, ProfileValues(NEW))([purchase("event-1", book_id="0743467523")])
    held = {name: client.dump(name) for name in client.scan_iter()}
    assert len(held) == 2
    values = client.hgetall(keys.profile("u"))
    assert set(values) == {b"event-1", b"#"}
    assert sealed_with(values[b"event-1"]) == NEW.current
    for found in (*values.values(), *held.values()):
        assert b"0743467523" not in found
        assert b"purchase" not in found


def test_many_sealed_events_are_written_in_one_round_trip(client: Redis) -> None:
    write = ProfileWriter(client, ProfileValues(NEW))
    write([view("first")])
    before = client.info("commandstats")["cmdstat_evalsha"]["calls"]
    write([view(f"e{n}", ms=n) for n in range(50)])
    assert client.info("commandstats")["cmdstat_evalsha"]["calls"] == before + 1


def test_events_of_the_key_before_are_read_until_that_key_is_given_up(
    client: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    ProfileWriter(client, ProfileValues(OLD))([purchase("a", book_id="before")])
    ProfileWriter(client, ProfileValues(BOTH))([purchase("b", book_id="after", ms=1)])
    assert books(client, ProfileValues(BOTH)) == ["before", "after"]
    without = ProfileValues(NEW)
    with caplog.at_level(logging.WARNING):
        assert books(client, without) == ["after"]
        assert books(client, without) == ["after"]
    assert without.unreadable == 2
    assert [OLD.current in record.getMessage() for record in caplog.records] == [True]


def test_plain_events_are_read_once_there_are_keys(client: Redis) -> None:
    ProfileWriter(client)([purchase("a", book_id="plain")])
    ProfileWriter(client, ProfileValues(NEW))([purchase("b", book_id="sealed", ms=1)])
    assert books(client, ProfileValues(NEW)) == ["plain", "sealed"]


def test_without_keys_what_is_sealed_is_left_out(client: Redis) -> None:
    ProfileWriter(client, ProfileValues(NEW))([purchase("a", book_id="x")])
    assert books(client) == []


def test_an_event_of_another_readers_profile_does_not_open(client: Redis) -> None:
    values = ProfileValues(NEW)
    ProfileWriter(client, values)([purchase("a", user_id="other", book_id="x")])
    client.restore(keys.profile("u"), 0, client.dump(keys.profile("other")))
    assert (books(client, values), values.unreadable) == ([], 1)


def test_keys_are_those_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, bytes(range(32)).hex())
    written = ProfileValues.from_environment().write([1], name="n")
    assert sealed_with(written) == NEW.current


def test_production_does_not_leave_profiles_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ENVIRONMENT_VARIABLE, raising=False)
    monkeypatch.delenv("BOOKVERSE_ENVIRONMENT", raising=False)
    assert ProfileValues.from_environment().write([1], name="n") == b"[1]"
    monkeypatch.setenv("BOOKVERSE_ENVIRONMENT", "production")
    with pytest.raises(SecretKeyError, match=ENVIRONMENT_VARIABLE):
        ProfileValues.from_environment()
