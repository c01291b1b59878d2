"""Take readers who were erased out of the event table, and note beside it who they were, by keyed digests.

    python -m pipelines.event_erasure --table data/events

A file is written anew, beside its place and then renamed, where it has events of before an erasure. After a fault at
any moment, call it again.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from redis import Redis

from pipelines.event_table import alone, parts_of
from pipelines.freshness import note_forgotten
from pipelines.publish import required_redis
from recs_core.data.arrays import canonical_json, replacing_file
from recs_core.data.erased import ErasureDigests, read_erased
from recs_core.data.parquet import write_parquet
from recs_core.errors import ArtifactError, BookverseError
from recs_core.online.connection import connect
from recs_core.online.tombstones import all_erased, check_key, is_before

ERASED: Final = "erased.json"
"""Digest to when its reader was erased: what the pipeline leaves out, also of what it had before."""


def erase(client: Redis, table: Path, digests: ErasureDigests) -> int:
    """Take everybody who was erased out of a table; how many events that were.

    Raises:
        ArtifactError: a file of the table is damaged.
        DataError: the note is.
        ParameterError: those who were erased were noted with another key.
        RedisError: Redis is away; nothing was changed.
    """
    check_key(client, digests)
    with alone(table):
        known = read_erased(table / ERASED)
        now = all_erased(client)
        # a Redis that lost its data forgets nobody here
        erased = {digest: max(known.get(digest, 0), now.get(digest, 0)) for digest in known | now}
        if erased != known:
            with replacing_file(table / ERASED) as temporary:
                temporary.write_bytes(canonical_json(erased))
        return sum(_erase_from(part, erased, digests) for part in parts_of(table)) if erased else 0


def _erase_from(part: Path, erased: Mapping[str, int], digests: ErasureDigests) -> int:
    try:
        rows = pq.ParquetFile(part).read()
    except (OSError, pa.ArrowInvalid) as error:
        raise ArtifactError(f"{part} is damaged: {error}") from error
    readers = pc.unique(rows["user_id"]).to_pylist()
    at = {reader: erased[digest] for reader in readers if (digest := digests.of(reader)) in erased}
    if not at:
        return 0
    times = rows["time"].cast(pa.int64()).to_pylist()
    stays = [
        reader not in at or not is_before(time_ms, at[reader])
        for reader, time_ms in zip(rows["user_id"].to_pylist(), times, strict=True)
    ]
    kept = rows.filter(pa.array(stays, pa.bool_()))
    if kept.num_rows:
        write_parquet(kept, part)
    else:
        part.unlink()
    return int(rows.num_rows - kept.num_rows)


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m pipelines.event_erasure",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--table", type=Path, required=True, help="the folder of the event table")
    options = parser.parse_args(arguments)
    try:
        with connect(required_redis()) as client:
            removed = erase(client, options.table, ErasureDigests.from_environment())
        note_forgotten(options.table, removed)
    except BookverseError as error:
        print(f"the table may have events of readers who were erased: {error}", file=sys.stderr)
        return 1
    print(f"{removed:,} events of readers who were erased are no more in {options.table}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
