"""Published bundles: list, publish, verify, go back, clear up.

    python -m pipelines.bundle list
    python -m pipelines.bundle publish
    python -m pipelines.bundle rollback

They lie in a folder or on an object store (`--to s3://bucket/bundles`): `<version>/` has a bundle's files and a
`provenance.json` (git revision, dvc.lock, time, what the gate found), which the version does not depend on; `CURRENT`
names the version that servers follow; `changes/` has each change of it. Where BOOKVERSE_REDIS_URL or REDIS_URL is
set, servers hear of a change at once; else they find it within half a second.
"""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipelines.publish import BUNDLE, PUBLISHED, announce_to_servers, publish
from recs_core.artifacts.admission import DEFAULT_FLOOR, MetricFloor
from recs_core.artifacts.meta import BundleMeta
from recs_core.artifacts.registry import BundleRegistry, Change, Entry
from recs_core.errors import BookverseError

SHOWN_METRICS = (("ndcg", 10), ("recall", 10), ("coverage", 10))
SHOWN_DIGITS = 8
"""Of a git revision or a digest."""

console = Console(highlight=False)
progress = Console(stderr=True)


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    try:
        options.run(options)
    except BookverseError as error:
        print(f"{options.refusal}: {error}", file=sys.stderr)
        return 1
    return 0


def _list(options: argparse.Namespace) -> None:
    registry = BundleRegistry(options.to)
    entries = registry.entries()
    if not entries:
        console.print(f"no bundle is published in {escape(registry.url)}; `python -m pipelines.publish`")
        return
    console.print(_entries_table(entries))
    if options.changes:
        console.print(_changes_table(registry.changes()))


def _entries_table(entries: list[Entry]) -> Table:
    table = Table(box=None, padding=(0, 1))
    for name in ("", "version", "published", "git", "dvc.lock", "source", "model"):
        table.add_column(name)
    for metric, k in SHOWN_METRICS:
        table.add_column(f"{metric}@{k}", justify="right")
    table.add_column("note")
    for entry in entries:
        known = entry.provenance
        revision = (known.git_revision or "")[:SHOWN_DIGITS] + ("+" if known.uncommitted_changes else "")
        table.add_row(
            "*" if entry.is_current else "",
            entry.version,
            known.published_at or "",
            revision,
            (known.dvc_lock_sha256 or "")[:SHOWN_DIGITS],
            *_measured(entry.meta),
            escape(f"forced: {known.forced}" if known.forced else ""),
        )
    return table


def _measured(meta: BundleMeta | None) -> list[str]:
    if meta is None:
        return ["", "of another schema", *("" for _ in SHOWN_METRICS)]
    estimates = [MetricFloor(metric, k).of(meta) for metric, k in SHOWN_METRICS]
    return [meta.source, meta.model_name, *("" if e is None else f"{e.mean:.4f}" for e in estimates)]


def _changes_table(changes: list[Change]) -> Table:
    table = Table(box=None, padding=(0, 1))
    for name in ("when", "how", "version", "reason"):
        table.add_column(name)
    for change in changes:
        table.add_row(change.at, change.how, change.version, escape(change.reason or ""))
    return table


def _publish(options: argparse.Namespace) -> None:
    floor = MetricFloor(options.metric, options.k, options.cohort, options.max_drop)
    with progress.status("verify the bundle and copy it"):
        done = publish(options.bundle, options.to, floor=floor, force=options.force)
    print(f"published {done.version} in {options.to}: {done.admission}")


def _rollback(options: argparse.Namespace) -> None:
    registry = BundleRegistry(options.to)
    before = registry.current()
    with progress.status("verify the earlier bundle"):
        version = registry.rollback(options.version, reason=options.reason)
    announce_to_servers(version)
    print(f"serving {version} again, instead of {before}")


def _verify(options: argparse.Namespace) -> None:
    registry = BundleRegistry(options.to)
    for version in options.versions or [registry.current()]:
        with progress.status(f"verify {version}"):
            registry.verify(version)
        print(f"{version} is whole")


def _prune(options: argparse.Namespace) -> None:
    gone = BundleRegistry(options.to).prune(options.keep)
    print(f"deleted {', '.join(gone)}" if gone else "nothing to delete")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m pipelines.bundle",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    place = argparse.ArgumentParser(add_help=False)
    place.add_argument(
        "--to", default=str(PUBLISHED), help="path or URL of published bundles (default: %(default)s)"
    )

    listing = commands.add_parser("list", parents=[place], help="what is published, * what is served")
    listing.add_argument("--changes", action="store_true", help="and what was served when")
    listing.set_defaults(run=_list, refusal="nothing to list")

    publishing = commands.add_parser("publish", parents=[place], help="make a bundle the one that is served")
    publishing.add_argument("--bundle", type=Path, default=BUNDLE, help="the bundle (default: %(default)s)")
    publishing.add_argument("--metric", default=DEFAULT_FLOOR.metric, help="what must not fall (%(default)s)")
    publishing.add_argument("--k", type=int, default=DEFAULT_FLOOR.k, help="at which length (%(default)s)")
    publishing.add_argument("--cohort", default=DEFAULT_FLOOR.cohort, help="of whom (%(default)s)")
    publishing.add_argument(
        "--max-drop", type=float, default=DEFAULT_FLOOR.max_drop, help="share it may fall by (%(default)s)"
    )
    publishing.add_argument("--force", metavar="REASON", help="publish it though it falls, and note why")
    publishing.set_defaults(run=_publish, refusal="nothing was published")

    back = commands.add_parser("rollback", parents=[place], help="serve an earlier version again")
    back.add_argument("version", nargs="?", help="which (default: the one before the current)")
    back.add_argument("--reason", help="why, for `list --changes`")
    back.set_defaults(run=_rollback, refusal="nothing was changed")

    verifying = commands.add_parser("verify", parents=[place], help="compare every byte with its digest")
    verifying.add_argument("versions", nargs="*", help="which (default: the current)")
    verifying.set_defaults(run=_verify, refusal="not verified")

    pruning = commands.add_parser("prune", parents=[place], help="delete old versions, never the current")
    pruning.add_argument("--keep", type=int, required=True, help="how many of the last published stay")
    pruning.set_defaults(run=_prune, refusal="nothing was deleted")
    return parser


if __name__ == "__main__":
    sys.exit(main())
