"""Whether training is due: so much is new, or so unlike what was trained on, or the last training is so long ago.

    python -m pipelines.freshness check --table data/events --published data/published --share 0.02 --drift 0.1 \\
        --age 604800

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

from pipelines.drift import LEAST, Drift, drift_from
from pipelines.event_table import count, read, read_until
from recs_core.artifacts.bundle import Bundle, open_bundle
from recs_core.artifacts.registry import BundleRegistry
from recs_core.data.arrays import replacing_file
from recs_core.errors import ArtifactError, BookverseError, describe

TRAINED: Final = "trained.json"
NOT_DUE: Final = 3


class Known(BaseModel):
    """What the event table has, and a training that begins now will know.

    Args:
        events: its rows.
        after: the place of the stream up to which it has the events; None where there are none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    events: int = Field(ge=0)
    after: str | None = Field(None, pattern=r"^[0-9]+-[0-9]+$")


class Trained(Known):
    """What the last training that was published knew.

    Args:
        at: when it was published.
        interactions: of the bundle.
    """

    at: AwareDatetime
    interactions: int = Field(ge=1)


@dataclass(frozen=True)
class Rule:
    """When training is due: one of these is enough.

    Args:
        share: new events for each interaction that was trained on.
        drift: of the new interactions, see `pipelines.drift`.
        age: time since the last training.
    """

    share: float
    drift: float
    age: timedelta


@dataclass(frozen=True)
class Verdict:
    """Whether training is due, and why."""

    due: bool
    reason: str


def judge(trained: Trained | None, events: int, drift: Drift | None, now: datetime, rule: Rule) -> Verdict:
    """Apply the rule.

    Args:
        trained: the last training; None where there was none.
        events: rows of the event table now.
        drift: of the events that the last training did not know; None where that is not known.
        now: what time it is.
        rule: when it is due.
    """
    if trained is None:
        return Verdict(True, "training is due: none is noted yet")
    new = events - trained.events
    passed = now - trained.at
    facts = (
        f"{new:,} new events for {trained.interactions:,} interactions, a share of {new / trained.interactions:.4f} "
        f"(due from {rule.share}); {_drifted(drift, rule)}; the last training was "
        f"{passed.total_seconds() / 3_600:.1f} hours ago (due from {rule.age.total_seconds() / 3_600:.1f})"
    )
    divergence = 0.0 if drift is None else drift.divergence or 0.0
    due = new >= rule.share * trained.interactions or divergence >= rule.drift or passed >= rule.age
    return Verdict(due, f"training is {'due' if due else 'not due'}: {facts}")


def _drifted(drift: Drift | None, rule: Rule) -> str:
    if drift is None:
        return "a drift is known after the next training"
    if drift.divergence is None:
        return f"no drift is known of {drift.interactions:,} new interactions, fewer than {LEAST}"
    return f"a drift of {drift.divergence:.3f} of {drift.interactions:,} new interactions (due from {rule.drift})"


def known(table: Path) -> Known:
    """What the event table has now.

    Raises:
        ArtifactError: the table is damaged.
    """
    return Known(events=count(table), after=read_until(table))


def drift_since(trained: Trained, table: Path, served: Bundle) -> Drift | None:
    """The drift of the events that a training did not know from what the served bundle knows.

    Returns:
        None where the training has not noted what it knew.

    Raises:
        ArtifactError: the table is damaged.
    """
    return None if trained.after is None else drift_from(served, read(table, after=trained.after))


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


def note_trained(table: Path, published: str, knew: Known, now: datetime) -> Trained:
    """Note that the served bundle was trained.

    Args:
        knew: what the event table had when the training began.

    Raises:
        ArtifactError: no bundle is served.
    """
    interactions = _served(published).history.matrix.nnz
    trained = Trained(at=now, interactions=interactions, **knew.model_dump())
    _write(table, trained)
    return trained


def note_forgotten(table: Path, events: int) -> None:
    """Note that the table lost events, by their age or their reader, which the last training knew."""
    trained = read_trained(table)
    if trained is not None and events:
        _write(table, trained.model_copy(update={"events": max(0, trained.events - events)}))


def _write(table: Path, trained: Trained) -> None:
    with replacing_file(table / TRAINED) as temporary:
        temporary.write_text(trained.model_dump_json())


def _served(published: str) -> Bundle:
    registry = BundleRegistry(published)
    return open_bundle(registry.pull(registry.current()))


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
    options = _parser().parse_args(arguments)
    now = datetime.now(UTC)
    try:
        if options.command == "known":
            print(known(options.table).model_dump_json())
            return 0
        if options.command == "trained":
            knew = Known.model_validate_json(options.knew)
            trained = note_trained(options.table, options.published, knew, now)
            print(f"a training of {trained.interactions:,} interactions is noted")
            return 0
        verdict = _checked(options, now)
    except BookverseError as error:
        print(f"freshness is not known: {error}", file=sys.stderr)
        return 1
    print(verdict.reason)
    return 0 if verdict.due else NOT_DUE


def _checked(options: argparse.Namespace, now: datetime) -> Verdict:
    before = read_trained(options.table)
    drift = None
    if before is not None:
        try:
            served = _served(options.published)
        except ArtifactError as error:
            return Verdict(True, f"training is due: no bundle is served: {error}")
        drift = drift_since(before, options.table, served)
    rule = Rule(share=options.share, drift=options.drift, age=timedelta(seconds=options.age))
    return judge(before, count(options.table), drift, now, rule)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m pipelines.freshness",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    table = argparse.ArgumentParser(add_help=False)
    table.add_argument("--table", type=Path, required=True, help="the folder of the event table")
    published = argparse.ArgumentParser(add_help=False)
    published.add_argument("--published", required=True, help="path or URL of published bundles")
    check = commands.add_parser("check", parents=[table, published], help="is training due?")
    check.add_argument("--share", type=float, required=True, help="new events for each interaction")
    check.add_argument("--drift", type=float, required=True, help="of the new interactions, 0 to 1")
    check.add_argument("--age", type=float, required=True, help="seconds since the last training")
    commands.add_parser("known", parents=[table], help="what a training that begins now will know, as JSON")
    trained = commands.add_parser(
        "trained", parents=[table, published], help="note a training that is published"
    )
    trained.add_argument("--knew", required=True, help="what `known` said when it began")
    return parser


if __name__ == "__main__":
    sys.exit(main())
