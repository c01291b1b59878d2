"""Run the pipeline again, apart from everything, and compare every output with `dvc.lock`.

    make verify
    python -m pipelines.verify --stages evaluate@als,bundle
    python -m pipelines.verify --list

Copies the files of the working tree that git knows (or would add) and `data/raw` into a temporary folder, where
there is no cache and no output to reuse. A dvc.lock of other code or parameters is told at once. Otherwise all stages
run there, and what comes of them is compared with dvc.lock. Exits with 0 where every output has the same bytes; with
1 where one differs, naming the stage to blame, the files, and the stages behind it, which differ for its sake.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipelines.apart import LOCK, copy_project, run_stages, stale_stages
from pipelines.dvc_cache import DvcCache
from pipelines.lineage import StageChange, Stages, changes, read_lock, upstream
from recs_core.errors import BookverseError

ANEW = ("--no-commit", "--no-run-cache")
"""So that `dvc repro` neither takes anything from a cache nor leaves anything there."""

console = Console(highlight=False, soft_wrap=True)


@dataclass(frozen=True)
class Verdict:
    """What differs between dvc.lock and a run of its own.

    Args:
        to_blame: stages whose inputs are the same and whose outputs differ.
        behind: stages that differ because their inputs do.
    """

    to_blame: list[StageChange]
    behind: list[StageChange]

    @property
    def equal(self) -> bool:
        """Whether nothing differs."""
        return not (self.to_blame or self.behind)


def judge(locked: Stages, run: Stages) -> Verdict:
    """Compare a new run's lock with the one that is committed, which is not stale."""
    found = changes(locked, run)
    return Verdict(
        to_blame=[change for change in found if change.unexplained],
        behind=[change for change in found if not change.unexplained],
    )


def differing_files(out: str, cache: DvcCache, project: Path, md5: str) -> list[str]:
    """The files of an output folder that differ from those of dvc.lock, as far as the cache knows them.

    Args:
        out: the output's path.
        cache: of the working tree.
        project: the copy that was run.
        md5: what dvc.lock says of the output.
    """
    before = cache.listing(md5)
    if before is None:
        return []
    folder = project / out
    after = {
        file.relative_to(folder).as_posix(): hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest()
        for file in folder.rglob("*")
        if file.is_file()
    }
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


def show_stale(stale: Sequence[StageChange], locked: Stages) -> None:
    """Print for which stages dvc.lock is out of date, and why."""
    for change in stale:
        why = [*change.sources, *(f"parameter {key}" for key in change.params)]
        why += ["command"] if change.command else []
        if why:
            reason = f"{LOCK} was made with another {', '.join(why)}"
        elif change.stage in locked:
            reason = f"dvc.yaml has no such stage any more: take it out of {LOCK}"
        else:
            reason = f"{LOCK} does not have it yet"
        console.print(f"[yellow]stale[/]     {change.stage}: {escape(reason)}")
    console.print(f"run `dvc repro` and commit {LOCK}, then verify again")


def show(verdict: Verdict, locked: Stages, root: Path, project: Path) -> None:
    """Print what differs, what is to blame first."""
    cache = DvcCache(root)
    for change in verdict.to_blame:
        console.print(f"[red]differs[/]   {change.stage}: the same inputs gave other outputs")
        md5s = {out["path"]: out["md5"] for out in locked[change.stage]["outs"]}
        for out in change.outs:
            files = differing_files(out, cache, project, md5s.get(out, ""))
            inside = f": {', '.join(files[:10])}{' ...' if len(files) > 10 else ''}" if files else ""
            console.print(escape(f"            {out}{inside}"))
    if verdict.behind:
        console.print(f"[dim]behind it  {', '.join(change.stage for change in verdict.behind)}[/]")


def table(locked: Stages, run: Stages | None = None) -> Table:
    """Stage, output and digest of everything that dvc.lock has, and what a run of its own says of it."""
    shown = Table("stage", "output", "md5")
    if run is not None:
        shown.add_column("run anew")
    for stage, facts in locked.items():
        of_run = {out["path"]: out["md5"] for out in (run or {}).get(stage, {}).get("outs", ())}
        for out in facts.get("outs", ()):
            md5 = of_run.get(out["path"])
            anew = "[green]equal[/]" if md5 == out["md5"] else f"[red]{md5 or 'missing'}[/]"
            shown.add_row(stage, out["path"], out["md5"], *([] if run is None else [anew]))
    return shown


def chosen(locked: Stages, wanted: Sequence[str]) -> Stages:
    """The stages that are wanted, all where none are named, and what they need.

    Args:
        locked: all stages.
        wanted: their names; "train" stands for every "train@...".

    Raises:
        ArtifactError: there is no such stage.
    """
    names = [
        stage
        for name in wanted
        for stage in ([one for one in locked if one.startswith(f"{name}@")] or [name])
    ]
    return {name: locked[name] for name in upstream(locked, names or locked)}


def verify(root: Path, wanted: Sequence[str] = (), *, keep: bool) -> bool:
    """Run stages of a working tree again and say what differs; True where nothing does.

    Args:
        root: the working tree.
        wanted: stages, see `chosen`.
        keep: whether to leave the copy for a look.

    Raises:
        RerunError: they could not be run.
        ArtifactError: there is no dvc.lock, or no such stage in it.
    """
    locked = chosen(read_lock(root / LOCK), wanted)
    names = list(locked) if wanted else []
    project = Path(tempfile.mkdtemp(prefix="bookverse-verify-"))
    try:
        console.print(f"[bold]verify[/]  {len(locked)} stages, anew in {escape(str(project))}")
        with console.status(f"copy the project, compare {LOCK} with its code and parameters"):
            copy_project(root, project)
            stale = stale_stages(project, locked, names)
        if stale:
            show_stale(stale, locked)
            return False
        (project / LOCK).unlink()
        run_stages(project, [*ANEW, *names], len(locked), console)
        run = read_lock(project / LOCK)
        verdict = judge(locked, run)
        console.print(table(locked, run))
        if verdict.equal:
            n_outs = sum(len(facts.get("outs", ())) for facts in run.values())
            console.print(
                f"[green]equal[/]   all {n_outs} outputs of {len(run)} stages have the bytes of {LOCK}"
            )
        else:
            show(verdict, locked, root, project)
    finally:
        if keep:
            console.print(f"kept       {escape(str(project))}")
        else:
            shutil.rmtree(project)
    return verdict.equal


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m pipelines.verify",
        description="Run the pipeline again in a temporary copy and compare every output with dvc.lock.",
    )
    parser.add_argument(
        "--stages", help="only these, with commas between, and what they need; train is every train@..."
    )
    parser.add_argument(
        "--list", action="store_true", help="list the outputs and digests of dvc.lock, run nothing"
    )
    parser.add_argument("--keep", action="store_true", help="leave the temporary copy for a look")
    options = parser.parse_args(arguments)
    wanted = options.stages.split(",") if options.stages else []
    try:
        if options.list:
            console.print(table(chosen(read_lock(Path(LOCK)), wanted)))
            return 0
        return 0 if verify(Path(), wanted, keep=options.keep) else 1
    except BookverseError as error:
        console.print(f"[red]verify failed:[/] {escape(str(error))}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
