"""The event table: every event once, whatever ends the writing."""

from __future__ import annotations

import random
from datetime import UTC
from pathlib import Path

import pytest
from redis import Redis

from pipelines import event_table
from pipelines.event_table import append, count, read, read_until
from recs_core.errors import ArtifactError
from recs_core.online import keys
from recs_core.online.events import Interaction
from recs_core.online.streams import EventProducer
from recs_core.testing.events import purchase, rating, view

DAY_MS = 86_400_000


def send(client: Redis, *events: Interaction) -> None:
    EventProducer(client).send(events)


def test_events_lie_in_the_folder_of_their_day_as_they_came(client: Redis, tmp_path: Path) -> None:
    sent = [view("a", user_id="pseudonym"), rating("b", 4.5, ms=DAY_MS - 1), purchase("c", ms=DAY_MS)]
    send(client, *sent)
    assert append(client, tmp_path).events == 3
    assert [path.parent.name for path in sorted(tmp_path.glob("*/*.parquet"))] == [
        "day=2026-01-01",
        "day=2026-01-02",
    ]
    rows = read(tmp_path).to_pylist()
    assert [row["event_id"] for row in rows] == ["a", "b", "c"]
    assert rows[0]["user_id"] == "pseudonym"
    assert [(row["event"], row["value"]) for row in rows] == [
        ("view", None),
        ("rating", 4.5),
        ("purchase", None),
    ]
    assert [row["time"].astimezone(UTC) for row in rows] == [event.time for event in sent]


def test_it_goes_on_where_it_stopped_and_never_touches_what_is_written(client: Redis, tmp_path: Path) -> None:
    send(client, view("a"))
    append(client, tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.glob("*/*.parquet")}
    send(client, view("b", ms=1))
    done = append(client, tmp_path)
    assert (done.events, done.repeated, done.gap) == (1, 0, False)
    assert {path: path.read_bytes() for path in before} == before
    assert (append(client, tmp_path).events, count(tmp_path)) == (0, 2)


def test_an_event_that_comes_again_is_there_once(client: Redis, tmp_path: Path) -> None:
    send(client, view("a"), view("a"), view("b"))
    done = append(client, tmp_path)
    assert (done.events, done.repeated) == (2, 1)
    send(client, view("b"), view("c"))
    done = append(client, tmp_path)
    assert (done.events, done.repeated) == (1, 1)
    assert count(tmp_path) == 3


def test_an_event_that_comes_again_as_of_another_day_is_there_once(client: Redis, tmp_path: Path) -> None:
    send(client, view("a"), view("a", ms=DAY_MS))
    append(client, tmp_path)
    send(client, view("a", ms=2 * DAY_MS), view("b", ms=DAY_MS))
    done = append(client, tmp_path)
    assert (done.events, done.repeated) == (1, 1)
    rows = read(tmp_path).to_pylist()
    assert [(row["event_id"], row["time"].day) for row in rows] == [("a", 1), ("b", 2)]


@pytest.mark.parametrize("seed", range(5))
def test_a_writing_that_ends_anywhere_is_done_by_the_next(
    client: Redis, tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice = random.Random(seed)
    events = [view(f"e{n}", ms=n * DAY_MS // 7) for n in range(40)]
    send(client, *events)
    real, left = event_table.replacing_file, [dice.randrange(1, 6)]

    def dies_in_the_end(path: Path) -> object:
        left[0] -= 1
        if left[0] == 0:
            raise KeyboardInterrupt
        return real(path)

    monkeypatch.setattr(event_table, "replacing_file", dies_in_the_end)
    with pytest.raises(KeyboardInterrupt):
        append(client, tmp_path, part_events=7)
    monkeypatch.setattr(event_table, "replacing_file", real)
    append(client, tmp_path, part_events=7)
    assert read(tmp_path)["event_id"].to_pylist() == [event.event_id for event in events]


def test_what_is_no_event_is_passed_over(client: Redis, tmp_path: Path) -> None:
    client.xadd(keys.stream("interactions"), {"event": "{}"})
    send(client, view("a"))
    done = append(client, tmp_path)
    assert (done.events, done.refused) == (1, 1)


def test_a_stream_that_lost_events_is_noticed(client: Redis, tmp_path: Path) -> None:
    send(client, view("a"))
    append(client, tmp_path)
    send(client, view("b"), view("c"))
    client.xtrim(keys.stream("interactions"), maxlen=1, approximate=False)
    done = append(client, tmp_path)
    assert done.gap
    assert read(tmp_path)["event_id"].to_pylist() == ["a", "c"]


def test_a_damaged_place_is_named(client: Redis, tmp_path: Path) -> None:
    (tmp_path / "cursor.json").write_text("{}")
    with pytest.raises(ArtifactError, match=r"cursor\.json is damaged.*delete it"):
        append(client, tmp_path)


def test_events_are_told_apart_by_when_they_were_written(client: Redis, tmp_path: Path) -> None:
    assert read_until(tmp_path) is None
    send(client, view("a"), view("b", ms=86_400_000))
    append(client, tmp_path)
    before = read_until(tmp_path)
    assert before is not None
    assert read(tmp_path, after=before).num_rows == 0
    # older than those that are there, and new all the same
    send(client, view("c"))
    append(client, tmp_path)
    assert read(tmp_path, after=before)["event_id"].to_pylist() == ["c"]
    assert read(tmp_path, after="0-0").num_rows == read(tmp_path).num_rows == 3


def test_an_empty_table(client: Redis, tmp_path: Path) -> None:
    assert append(client, tmp_path / "table").events == 0
    assert (count(tmp_path / "table"), read(tmp_path / "table").num_rows) == (0, 0)


def test_the_command_says_what_it_did(
    client: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("BOOKVERSE_REDIS_URL", raising=False)
    monkeypatch.delenv("REDIS_URL", raising=False)
    assert event_table.main(["--table", str(tmp_path)]) == 1
    assert "no Redis: set BOOKVERSE_REDIS_URL or REDIS_URL" in capsys.readouterr().err
    send(client, view("a"))
    path = client.connection_pool.connection_kwargs["path"]
    monkeypatch.setenv("REDIS_URL", f"unix://{path}")
    assert event_table.main(["--table", str(tmp_path)]) == 0
    assert capsys.readouterr().out.startswith("1 new events in ")
