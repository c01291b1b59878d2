"""Forget what has been kept for as long as it may be: events, dead letters, days of the event table, bundles.

    python -m pipelines.retention --table data/events --published data/published

Run it in the project's root. Events that the table lacks are written to it first. Prints what was removed.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from pipelines import event_table
from pipelines.freshness import note_forgotten
from pipelines.kept import Kept
from pipelines.publish import required_redis
from pipelines.train_on_events import RAW
from recs_core.artifacts.registry import BundleRegistry
from recs_core.errors import BookverseError
from recs_core.online import keys
from recs_core.online.connection import connect
from recs_core.online.events import STREAMS
from recs_core.online.retention import forget_dead_letters, forget_events


@dataclass(frozen=True)
class Forgotten:
    """How many of each were removed."""

    events: int
    dead_letters: int
    rows: int
    files: int
    bundles: int

    def __str__(self) -> str:
        return (
            f"removed {self.events:,} events of the stream, {self.dead_letters:,} dead letters, {self.rows:,} rows "
            f"of the event table, {self.files:,} files made of it, {self.bundles:,} bundles"
        )


def forget(client: Redis, table: Path, published: str, raw: Path, kept: Kept, now: datetime) -> Forgotten:
    """Remove what is older than it may be. After a fault, call it again.

    Args:
        client: of the Redis that has the streams.
        table: the event table.
        published: the path or URL of published bundles.
        raw: where jobs put the files that they make of the event table; each makes its own anew.
        kept: how long what is kept.
        now: what time it is.

    Raises:
        ArtifactError: the table is damaged.
        RedisError: Redis is away.
    """
    event_table.append(client, table)
    events = forget_events(
        client, event_table.STREAM, now - timedelta(seconds=kept.stream_s), but=_last_read(client, table)
    )
    buried = now - timedelta(seconds=kept.dead_letter_s)
    dead_letters = sum(forget_dead_letters(client, stream, buried) for stream in STREAMS)
    rows = event_table.forget(table, (now - timedelta(seconds=kept.event_s)).astimezone(UTC).date())
    note_forgotten(table, rows)
    made = sorted(raw.glob("events-*.parquet"))
    for file in made:
        file.unlink()
    bundles = BundleRegistry(published).prune(kept.bundles)
    return Forgotten(events, dead_letters, rows, len(made), len(bundles))


def _last_read(client: Redis, table: Path) -> str | None:
    """The last event of the stream that the table has: by it the table finds its place again."""
    until = event_table.read_until(table)
    if until is None:
        return None
    found: Any = client.xrevrange(keys.stream(event_table.STREAM), until, "-", count=1)
    return found[0][0].decode() if found else None


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
    options = _parser().parse_args(arguments)
    kept = Kept(**{field.name: getattr(options, field.name) for field in fields(Kept)})
    try:
        with connect(required_redis()) as client:
            print(forget(client, options.table, options.published, RAW, kept, datetime.now(UTC)))
    except (BookverseError, RedisError) as error:
        print(f"not everything was removed: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m pipelines.retention",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--table", type=Path, required=True, help="the folder of the event table")
    parser.add_argument("--published", required=True, help="path or URL of published bundles")
    default = Kept()
    helps = ("seconds that events stay in the stream", "that dead letters do", "that rows of the table do")
    for field, text in zip(fields(Kept), (*helps, "how many bundles stay"), strict=True):
        name = f"--{field.name.replace('_', '-')}"
        parser.add_argument(name, type=int, default=getattr(default, field.name), help=text)
    return parser


if __name__ == "__main__":
    sys.exit(main())
