"""The interaction events as a table: Parquet files that never change, a folder a day, each event once.

    python -m pipelines.event_table --table data/events

Reads on in the stream where it stopped the last time. Ids are written as they come: with a key they are pseudonyms.
Prints how many events are new.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import shutil
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from redis import Redis

from pipelines.publish import required_redis
from recs_core.data.arrays import canonical_json, replacing_file
from recs_core.data.erased import ErasureDigests
from recs_core.data.parquet import write_parquet
from recs_core.errors import ArtifactError, BookverseError
from recs_core.online import keys
from recs_core.online.connection import connect
from recs_core.online.events import Interaction, InvalidEventError, Rating, decode
from recs_core.online.streams import pages
from recs_core.online.tombstones import check_key, erased_ms, in_time

STREAM: Final = "interactions"
CURSOR: Final = "cursor.json"
PART_EVENTS: Final = 100_000
"""Events that are written at a time."""

SCHEMA: Final = pa.schema(
    [
        pa.field("event_id", pa.string(), nullable=False),
        pa.field("user_id", pa.string(), nullable=False),
        pa.field("book_id", pa.string(), nullable=False),
        pa.field("event", pa.string(), nullable=False),
        pa.field("value", pa.float64()),
        pa.field("time", pa.timestamp("ms", tz="UTC"), nullable=False),
    ]
)
"""One row an event; `value` is a rating's, null for the others."""


@dataclass
class Appended:
    """What became of the events that were new in the stream.

    Args:
        events: that the table has now and had not.
        repeated: that it had already.
        refused: that are no events; a consumer has put them among the dead letters.
        late: of readers who were erased after them.
        gap: whether the stream had lost events before they were read.
    """

    events: int = 0
    repeated: int = 0
    refused: int = 0
    late: int = 0
    gap: bool = False


def append(client: Redis, table: Path, *, part_events: int = PART_EVENTS) -> Appended:
    """Write the events that are new in the stream. After a fault at any moment, call it again.

    Args:
        table: the folder.
        part_events: how many are held in memory.

    Raises:
        ArtifactError: the table is damaged.
        RedisError: Redis is away; what was written stays.
    """
    done = Appended()
    with alone(table):
        place = read_until(table)
        if place is not None:
            # the event at that place may have been erased; trimming would have taken all before it along
            done.gap = not client.xrevrange(keys.stream(STREAM), place, "-", count=1)
        digests = ErasureDigests.from_environment()
        batch: list[Interaction] = []
        for entry_id, event in _events(client, place, done):
            place = entry_id
            if event is not None:
                batch.append(event)
            if len(batch) >= part_events:
                _write(table, _in_time(client, digests, batch, done), place, done)
                batch = []
        if place is not None:
            _write(table, _in_time(client, digests, batch, done), place, done)
    return done


def count(table: Path) -> int:
    """How many events a table has; 0 where there is none."""
    return sum(pq.read_metadata(part).num_rows for part in parts_of(table))


def read_until(table: Path) -> str | None:
    """Up to which place of the stream a table has the events; None where it was never written.

    Raises:
        ArtifactError: the table is damaged.
    """
    path = table / CURSOR
    if not path.exists():
        return None
    try:
        after = json.loads(path.read_bytes())["after"]
    except (ValueError, KeyError, TypeError) as error:
        raise ArtifactError(
            f"{path} is damaged ({error}); delete it: the stream is read from its beginning then, and known "
            "events are passed over"
        ) from error
    return str(after)


def read(table: Path, *, after: str | None = None) -> pa.Table:
    """Events, ordered by time and id.

    Args:
        after: only those that were written after the table had been read until this place; None for all.

    Returns:
        A table of `SCHEMA`.

    Raises:
        ArtifactError: a file is damaged.
    """
    try:
        parts = [
            pq.ParquetFile(part).read()
            for part in parts_of(table)
            if after is None or _order(part.stem) > _order(after)
        ]
    except (OSError, pa.ArrowInvalid) as error:
        raise ArtifactError(f"{table} is damaged: {error}") from error
    together: pa.Table = pa.concat_tables([SCHEMA.empty_table(), *parts])
    return together.sort_by([("time", "ascending"), ("event_id", "ascending")])


def forget(table: Path, before: date) -> int:
    """Remove the events of the days before a day; how many there were."""
    gone = 0
    with alone(table):
        for folder in sorted(table.glob("day=*")):
            if folder.name < f"day={before.isoformat()}":
                gone += sum(pq.read_metadata(part).num_rows for part in folder.glob("*.parquet"))
                shutil.rmtree(folder)
    return gone


def parts_of(table: Path) -> list[Path]:
    """The files of a table."""
    return sorted(table.glob("day=*/*.parquet"))


def _order(place: str) -> tuple[int, ...]:
    """Places of a stream are two numbers."""
    return tuple(map(int, place.split("-")))


def _events(client: Redis, place: str | None, done: Appended) -> Iterator[tuple[str, Interaction | None]]:
    for page in pages(client, keys.stream(STREAM), f"({place}" if place else "-"):
        for entry_id, fields in page:
            event: Any = None
            try:
                event = decode(STREAM, fields.get(b"event", b""))
            except InvalidEventError:
                done.refused += 1
            yield entry_id.decode(), event


def _in_time(
    client: Redis, digests: ErasureDigests, events: Sequence[Interaction], done: Appended
) -> list[Interaction]:
    """Events without those of before the erasure of their readers."""
    kept = in_time(events, erased_ms(client, digests, {event.user_id for event in events}))
    done.late += len(events) - len(kept)
    return kept


def _write(table: Path, events: Sequence[Interaction], place: str, done: Appended) -> None:
    # of events of one id the first counts, whatever day the others say that they are of
    by_id: dict[str, Interaction] = {}
    for event in events:
        by_id.setdefault(event.event_id, event)
    known = _known(table, list(by_id))
    days: dict[str, list[Interaction]] = defaultdict(list)
    for event_id, event in by_id.items():
        if event_id not in known:
            days[event.time.astimezone(UTC).date().isoformat()].append(event)
    for day, of_day in sorted(days.items()):
        write_parquet(_table(of_day), table / f"day={day}" / f"{place}.parquet")
        done.events += len(of_day)
    done.repeated += len(events) - sum(map(len, days.values()))
    # last: an end before this makes the same events come again, and they are known then
    with replacing_file(table / CURSOR) as temporary:
        temporary.write_bytes(canonical_json({"after": place}))


def _known(table: Path, event_ids: Sequence[str]) -> set[str]:
    """Which events the table has, of some."""
    asked = pa.array(event_ids, pa.string())
    known: set[str] = set()
    for part in parts_of(table):
        ids = pq.read_table(part, columns=["event_id"], partitioning=None)["event_id"]
        known.update(ids.filter(pc.is_in(ids, value_set=asked)).to_pylist())
    return known


def _table(events: Sequence[Interaction]) -> pa.Table:
    columns = {
        "event_id": [event.event_id for event in events],
        "user_id": [event.user_id for event in events],
        "book_id": [event.book_id for event in events],
        "event": [event.type for event in events],
        "value": [event.value if isinstance(event, Rating) else None for event in events],
        "time": [event.time for event in events],
    }
    return pa.table(columns, schema=SCHEMA)


@contextmanager
def alone(table: Path) -> Iterator[None]:
    """Wait until no other process writes the table."""
    table.mkdir(parents=True, exist_ok=True)
    with (table / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m pipelines.event_table",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--table", type=Path, required=True, help="the folder of the table")
    options = parser.parse_args(arguments)
    try:
        with connect(required_redis()) as client:
            check_key(client, ErasureDigests.from_environment())
            done = append(client, options.table)
    except BookverseError as error:
        print(f"nothing was written: {error}", file=sys.stderr)
        return 1
    if done.gap:
        print(
            "the stream has lost the place where it was read last: events may be missing from the table; run the "
            "aggregation more often, or keep more in the stream",
            file=sys.stderr,
        )
    print(
        f"{done.events:,} new events in {options.table}, {done.repeated:,} were there, {done.refused:,} are none"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
