"""What is old enough is removed from stream, dead letters, event table and registry, and nothing else is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from redis import Redis

from pipelines import event_table
from pipelines.freshness import Trained, read_trained
from pipelines.kept import Kept
from pipelines.retention import forget, main
from recs_core.artifacts.published import Provenance
from recs_core.artifacts.registry import BundleRegistry
from recs_core.online import keys
from recs_core.online.dead_letters import bury, dead_letters
from recs_core.online.events import encode
from recs_core.online.redis_server import EmbeddedRedis
from recs_core.online.streams import EventProducer, join_group
from recs_core.testing.events import START, purchase, view
from recs_core.testing.tiny import tiny_bundle

NOW = datetime.now(UTC)
KEPT = Kept(stream_s=3_600, dead_letter_s=3_600, event_s=86_400, bundles=1)


@pytest.fixture
def redis_server() -> Iterator[EmbeddedRedis]:
    with EmbeddedRedis(max_memory_bytes=2**26) as running:
        yield running


@pytest.fixture
def client(redis_server: EmbeddedRedis) -> Iterator[Redis]:
    with Redis.from_url(redis_server.url) as connected:
        yield connected


def handle_all(client: Redis) -> None:
    join_group(client, "interactions", "profiles")
    for _, entries in client.xreadgroup("profiles", "c", {keys.stream("interactions"): ">"}):
        client.xack(keys.stream("interactions"), "profiles", *(entry_id for entry_id, _ in entries))


def in_stream(client: Redis) -> int:
    return int(client.xlen(keys.stream("interactions")))


def test_events_of_the_stream_go_once_they_are_handled_and_in_the_table(
    client: Redis, tmp_path: Path
) -> None:
    table, published = tmp_path / "events", str(tmp_path / "published")
    EventProducer(client).send([view(f"e{n}", ms=n) for n in range(10)])
    later = NOW + timedelta(hours=2)
    # nobody has handled any yet
    assert forget(client, table, published, tmp_path, KEPT, later).events == 0
    handle_all(client)
    # too young
    assert forget(client, table, published, tmp_path, KEPT, NOW).events == 0
    EventProducer(client).send([view("unhandled", ms=10)])
    # the table knows its place by the last event that it has read
    assert forget(client, table, published, tmp_path, KEPT, later).events == 10
    assert in_stream(client) == 1
    EventProducer(client).send([view("new", ms=11)])
    assert not event_table.append(client, table).gap


def test_dead_letters_of_every_stream_go_by_their_age(client: Redis, tmp_path: Path) -> None:
    for stream in ("interactions", "inventory"):
        join_group(client, stream, "g")
        place = client.xadd(keys.stream(stream), {"event": encode(view("a"))}).decode()
        client.xreadgroup("g", "c", {keys.stream(stream): ">"})
        assert bury(client, stream, "g", place, b"{}", reason="no", deliveries=1)
    where = (client, tmp_path / "events", str(tmp_path / "published"), tmp_path, KEPT)
    assert forget(*where, NOW).dead_letters == 0
    assert forget(*where, NOW + timedelta(hours=2)).dead_letters == 2
    assert [*dead_letters(client, "interactions"), *dead_letters(client, "inventory")] == []


def test_days_of_the_table_go_whole_and_the_rule_of_retraining_goes_on(client: Redis, tmp_path: Path) -> None:
    table, raw = tmp_path / "events", tmp_path / "raw"
    day_ms = 86_400_000
    EventProducer(client).send(
        [purchase(f"e{day}-{n}", ms=day * day_ms + n) for day in range(4) for n in range(3)]
    )
    event_table.append(client, table)
    (table / "trained.json").write_text(Trained(at=START, events=10, interactions=50).model_dump_json())
    raw.mkdir()
    for name in ("events-0123.parquet", "interactions.csv"):
        (raw / name).write_text("made")
    now = START + timedelta(days=3, hours=5)
    done = forget(client, table, str(tmp_path / "published"), raw, KEPT, now)
    assert (done.rows, done.files) == (6, 1)
    assert [path.name for path in sorted(table.glob("day=*"))] == ["day=2026-01-03", "day=2026-01-04"]
    assert [path.name for path in raw.iterdir()] == ["interactions.csv"]
    trained = read_trained(table)
    assert trained is not None
    # two events were new to the training before, and two are
    assert event_table.count(table) - trained.events == 2
    assert forget(client, table, str(tmp_path / "published"), raw, KEPT, now).rows == 0


def test_bundles_go_but_the_newest(client: Redis, tmp_path: Path) -> None:
    published = tmp_path / "published"
    registry = BundleRegistry(published)
    versions = [
        registry.publish(
            tiny_bundle(tmp_path / f"b{seed}", seed=seed).path,
            Provenance(published_at=f"2026-01-0{seed}T00:00:00+00:00"),
        )
        for seed in (1, 2)
    ]
    done = forget(client, tmp_path / "events", str(published), tmp_path, KEPT, NOW)
    assert done.bundles == 1
    assert registry.versions() == versions[1:]


def test_the_command_says_what_was_removed(
    redis_server: EmbeddedRedis,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    options = ["--table", "events", "--published", "published", *KEPT.as_options()]
    for name in ("BOOKVERSE_REDIS_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    assert main(options) == 1
    assert "no Redis: set" in capsys.readouterr().err
    monkeypatch.setenv("REDIS_URL", redis_server.url)
    assert main(options) == 0
    said = capsys.readouterr().out
    assert said.startswith("removed 0 events of the stream, 0 dead letters, 0 rows of the event table")
