"""Make the pipeline of a working copy train on the event table, beside the source that params.yaml names.

    python -m pipelines.train_on_events --table data/events

Writes the table as one file below data/raw, named after its content, and names it in params.yaml: so DVC runs again
what depends on it when there are new events, and only then. Where no event counts as an interaction, nothing changes.
In the same way it names the readers who were erased, by keyed digests; files of before are removed then, since these
may have their events.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Set
from copy import deepcopy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
from ruamel.yaml import YAML

from pipelines.event_erasure import ERASED
from pipelines.event_table import read
from pipelines.params import PARAMS
from recs_core.data.arrays import canonical_json, file_digest, replacing_file
from recs_core.data.erased import read_erased
from recs_core.data.parquet import write_parquet
from recs_core.data.sources.with_events import COUNTED, WithEvents
from recs_core.errors import BookverseError, ParameterError

RAW: Final = Path("data/raw")
DIGITS: Final = 16
"""Of the digest in the file's name."""


def snapshot(table: Path, raw: Path) -> Path | None:
    """Write the events that count as interactions as one file; None where there are none and nobody was erased.

    The same events give the same file.

    Raises:
        ArtifactError: the table is damaged.
    """
    events = read(table)
    counted = events.filter(pc.is_in(events["event"], value_set=pa.array(COUNTED, pa.string())))
    if not counted.num_rows and not (table / ERASED).exists():
        return None
    raw.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=raw) as scratch:
        written = Path(scratch) / "events.parquet"
        write_parquet(counted, written)
        return written.replace(raw / f"events-{file_digest(written)[:DIGITS]}.parquet")


def erased_snapshot(table: Path, raw: Path) -> Path | None:
    """Write who was erased as one file; None where nobody was.

    Raises:
        DataError: the note in the table is damaged.
    """
    erased = read_erased(table / ERASED)
    if not erased:
        return None
    content = canonical_json(erased)
    path = raw / f"erased-{hashlib.sha256(content).hexdigest()[:DIGITS]}.json"
    with replacing_file(path) as temporary:
        temporary.write_bytes(content)
    return path


def name_in(params: Path, events: Path, erased: Path | None = None) -> None:
    """Make params.yaml read events beside its source, and pass over readers who were erased; its comments stay.

    Raises:
        ParameterError: its source is none that events can be added to.
    """
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 1_000
    content = yaml.load(params)
    data = content["data"]
    source = data["source"]
    if source == WithEvents.name:
        raise ParameterError(
            f"{params}: data.source is {source} already; commit the source that events are added to"
        )
    data["sources"][WithEvents.name] = {
        "form": source,
        "options": deepcopy(data["sources"][source]),
        "events": str(events),
    }
    if erased is not None:
        data["sources"][WithEvents.name]["erased"] = str(erased)
    data["source"] = WithEvents.name
    with params.open("w", encoding="utf-8") as file:
        yaml.dump(content, file)


def _remove_others(raw: Path, current: Set[Path | None]) -> None:
    for pattern in ("events-*.parquet", "erased-*.json"):
        for path in raw.glob(pattern):
            if path not in current:
                path.unlink()


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m pipelines.train_on_events",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--table", type=Path, required=True, help="the folder of the event table")
    options = parser.parse_args(arguments)
    try:
        events, erased = snapshot(options.table, RAW), erased_snapshot(options.table, RAW)
        if events is not None:
            name_in(PARAMS, events, erased)
        if erased is not None:
            _remove_others(RAW, {events, erased})
    except BookverseError as error:
        print(f"the events are not trained on: {error}", file=sys.stderr)
        return 1
    print("no event counts as an interaction" if events is None else f"trains on {events}, too")
    return 0


if __name__ == "__main__":
    sys.exit(main())
