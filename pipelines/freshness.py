"""Whether training is due: so much is new, or the last training is so long ago.

    python -m pipelines.freshness check --table data/events --share 0.02 --age 604800

prints why, and exits with 0 where it is due, with 3 where it is not. `trained` notes what a training knew.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from pipelines.event_table import count
from recs_core.artifacts.bundle import open_bundle
from recs_core.artifacts.registry import BundleRegistry
from recs_core.data.arrays import replacing_file
from recs_core.errors import ArtifactError, BookverseError, describe

TRAINED: Final = "trained.json"
NOT_DUE: Final = 3


class Trained(BaseModel):
    """What the last training that was published knew.

    Args:
        at: when it was published.
        events: rows of the event table.
        interactions: of the bundle.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: AwareDatetime
    events: int = Field(ge=0)
    interactions: int = Field(ge=1)


@dataclass(frozen=True)
class Verdict:
    """Whether training is due, and why."""

    due: bool
    reason: str


def judge(trained: Trained | None, events: int, now: datetime, *, share: float, age: timedelta) -> Verdict:
    """Apply the rule.

    Args:
        trained: the last training; None where there was none.
        events: rows of the event table now.
        now: what time it is.
        share: new events for each interaction that was trained on, from which on it is due.
        age: time since the last training from which on it is due.
    """
    if trained is None:
        return Verdict(True, "training is due: none is noted yet")
    new = events - trained.events
    passed = now - trained.at
    facts = (
        f"{new:,} new events for {trained.interactions:,} interactions, a share of {new / trained.interactions:.4f} "
        f"(due from {share}); the last training was {passed.total_seconds() / 3_600:.1f} hours ago "
        f"(due from {age.total_seconds() / 3_600:.1f})"
    )
    due = new >= share * trained.interactions or passed >= age
    return Verdict(due, f"training is {'due' if due else 'not due'}: {facts}")


def read_trained(table: Path) -> Trained | None:
    """What the last training knew; None where none is noted.

    Raises:
        ArtifactError: the note is damaged.
    """
    path = table / TRAINED
    if not path.exists():
        return None
    try:
        return Trained.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise ArtifactError(
            f"{path} is damaged, delete it to train anew: {describe(error, where='')}"
        ) from error


def note_trained(table: Path, published: str, events: int, now: datetime) -> Trained:
    """Note that the served bundle was trained.

    Args:
        events: rows that the event table had when the training began.

    Raises:
        ArtifactError: no bundle is served.
    """
    registry = BundleRegistry(published)
    history = open_bundle(registry.pull(registry.current())).history
    trained = Trained(at=now, events=events, interactions=history.matrix.nnz)
    _write(table, trained)
    return trained


def note_forgotten(table: Path, events: int) -> None:
    """Note that the table lost events by their age, which the last training knew."""
    trained = read_trained(table)
    if trained is not None and events:
        _write(table, trained.model_copy(update={"events": max(0, trained.events - events)}))


def _write(table: Path, trained: Trained) -> None:
    with replacing_file(table / TRAINED) as temporary:
        temporary.write_text(trained.model_dump_json())


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
    options = _parser().parse_args(arguments)
    now = datetime.now(UTC)
    try:
        if options.command == "trained":
            trained = note_trained(options.table, options.published, options.events, now)
            print(f"a training of {trained.interactions:,} interactions is noted")
            return 0
        verdict = judge(
            read_trained(options.table),
            count(options.table),
            now,
            share=options.share,
            age=timedelta(seconds=options.age),
        )
    except BookverseError as error:
        print(f"freshness is not known: {error}", file=sys.stderr)
        return 1
    print(verdict.reason)
    return 0 if verdict.due else NOT_DUE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m pipelines.freshness",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    table = argparse.ArgumentParser(add_help=False)
    table.add_argument("--table", type=Path, required=True, help="the folder of the event table")
    check = commands.add_parser("check", parents=[table], help="is training due?")
    check.add_argument("--share", type=float, required=True, help="new events for each interaction")
    check.add_argument("--age", type=float, required=True, help="seconds since the last training")
    trained = commands.add_parser("trained", parents=[table], help="note a training that is published")
    trained.add_argument("--published", required=True, help="path or URL of published bundles")
    trained.add_argument("--events", type=int, required=True, help="rows that the table had when it began")
    return parser


if __name__ == "__main__":
    sys.exit(main())
