"""Who was erased is taken out of the event table, comes into it no more, and is left out by the pipeline."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from project_copy import ROOT
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from pipelines import event_erasure, train_on_events
from pipelines.event_erasure import ERASED
from pipelines.event_table import append, parts_of, read
from pipelines.params import load_params
from recs_core.data.erased import ErasureDigests
from recs_core.errors import ParameterError
from recs_core.online.events import ALLOWED_AHEAD, Interaction
from recs_core.online.redis_server import EmbeddedRedis
from recs_core.online.streams import EventProducer
from recs_core.online.tombstones import entomb
from recs_core.testing.events import START, purchase, view

DIGESTS = ErasureDigests.from_environment()
DAY_MS = 86_400_000


@pytest.fixture
def server() -> Iterator[EmbeddedRedis]:
    with EmbeddedRedis(max_memory_bytes=2**26) as running:
        yield running


@pytest.fixture
def client(server: EmbeddedRedis) -> Iterator[Redis]:
    with Redis.from_url(server.url) as connected:
        yield connected


def entombed(server: EmbeddedRedis, name: str) -> int:
    async def note() -> int:
        async with AsyncRedis.from_url(server.url) as connected:
            return await entomb(connected, DIGESTS, name)

    return asyncio.run(note())


def send(client: Redis, *events: Interaction) -> None:
    EventProducer(client).send(events)


def event_ids(table: Path) -> list[str]:
    return read(table)["event_id"].to_pylist()


def later(event: Interaction, at_ms: int) -> Interaction:
    """The event, so long after an erasure that no clock can be so far ahead."""
    time = START + timedelta(milliseconds=at_ms - round(START.timestamp() * 1_000)) + ALLOWED_AHEAD
    return event.model_copy(update={"time": time + timedelta(milliseconds=1)})


def test_the_files_are_written_anew_without_the_reader_and_others_are_not_touched(
    client: Redis, server: EmbeddedRedis, tmp_path: Path
) -> None:
    send(client, view("a", user_id="me"), view("b", user_id="you"), view("c", user_id="me", ms=DAY_MS))
    send(client, view("d", user_id="you", ms=2 * DAY_MS))
    append(client, tmp_path)
    *_, others = parts_of(tmp_path)
    before = (others.read_bytes(), others.stat().st_mtime_ns)
    at = entombed(server, "me")
    assert event_erasure.erase(client, tmp_path, DIGESTS) == 2
    assert event_ids(tmp_path) == ["b", "d"]
    assert (others.read_bytes(), others.stat().st_mtime_ns) == before
    assert b'"me"' not in b"".join(part.read_bytes() for part in parts_of(tmp_path))
    assert json.loads((tmp_path / ERASED).read_bytes()) == {DIGESTS.of("me"): at}
    assert event_erasure.erase(client, tmp_path, DIGESTS) == 0


def test_what_came_late_is_passed_over_and_what_was_done_afterwards_counts(
    client: Redis, server: EmbeddedRedis, tmp_path: Path
) -> None:
    at = entombed(server, "me")
    # the clock of Redis is ours: these are in the future, which a stream takes from nobody else
    client.xadd("bookverse:{interactions}:events", {"event": later(view("new"), at).model_dump_json()})
    send(client, view("late", user_id="me"), view("other", user_id="you"))
    done = append(client, tmp_path)
    assert (done.events, done.late) == (2, 1)
    assert event_ids(tmp_path) == ["other", "new"]


def test_a_reader_who_came_back_keeps_what_was_done_since(
    client: Redis, server: EmbeddedRedis, tmp_path: Path
) -> None:
    at = entombed(server, "me")
    again = later(purchase("again", user_id="me"), at)
    client.xadd("bookverse:{interactions}:events", {"event": again.model_dump_json()})
    assert append(client, tmp_path).events == 1
    assert event_erasure.erase(client, tmp_path, DIGESTS) == 0
    assert event_ids(tmp_path) == ["again"]


def test_an_erased_place_is_no_gap_and_a_trimmed_one_is(client: Redis, tmp_path: Path) -> None:
    send(client, view("a"), view("b"))
    append(client, tmp_path)
    stream = "bookverse:{interactions}:events"
    (first, _), (last, _) = client.xrange(stream)
    client.xdel(stream, last)
    send(client, view("c"))
    assert not append(client, tmp_path).gap
    client.xtrim(stream, maxlen=0, approximate=False)
    assert append(client, tmp_path).gap
    assert first != last


def test_a_redis_that_lost_its_data_brings_nobody_back(
    client: Redis, server: EmbeddedRedis, tmp_path: Path
) -> None:
    entombed(server, "me")
    event_erasure.erase(client, tmp_path, DIGESTS)
    client.flushall()
    event_erasure.erase(client, tmp_path, DIGESTS)
    assert list(json.loads((tmp_path / ERASED).read_bytes())) == [DIGESTS.of("me")]


def test_another_key_changes_nothing(client: Redis, server: EmbeddedRedis, tmp_path: Path) -> None:
    entombed(server, "me")
    with pytest.raises(ParameterError, match="BOOKVERSE_PSEUDONYM_KEY is another"):
        event_erasure.erase(client, tmp_path, ErasureDigests(b"k" * 32))
    assert not (tmp_path / ERASED).exists()


def test_the_parameters_name_who_was_erased_and_old_files_of_events_go(
    client: Redis, server: EmbeddedRedis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    table, params = tmp_path / "table", tmp_path / "params.yaml"
    committed = (ROOT / "params.yaml").read_text()
    send(client, purchase("a", user_id="me"))
    append(client, table)
    params.write_text(committed)
    assert train_on_events.main(["--table", str(table)]) == 0
    (old,) = Path("data/raw").glob("*.parquet")
    entombed(server, "me")
    event_erasure.erase(client, table, DIGESTS)
    params.write_text(committed)
    assert train_on_events.main(["--table", str(table)]) == 0
    options = load_params(params).data.sources["with-events"]
    assert Path(options["events"]).exists()
    assert Path(options["events"]) != old
    assert json.loads(Path(options["erased"]).read_bytes()).keys() == {DIGESTS.of("me")}
    assert not old.exists()
    params.write_text(committed)
    assert train_on_events.main(["--table", str(table)]) == 0
    assert load_params(params).data.sources["with-events"] == options
