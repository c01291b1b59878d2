"""Run the whole pipeline again, apart from everything, and compare every output with `dvc.lock`.

    make verify
    python -m pipelines.verify --keep

Copies the files of the working tree that git knows (or would add) and `data/raw` into a temporary folder, where
there is no cache and no output to reuse, runs every stage there, and compares what comes of it with dvc.lock. Exits
with 0 where every output has the same bytes; with 1 where one differs, naming the stage that is to blame, the files,
and the stages behind it, which differ for its sake.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipelines.lineage import StageChange, Stages, changes, read_lock
from recs_core.errors import BookverseError

LOCK = "dvc.lock"
RAW = Path("data/raw")
RUNNING = "Running stage '"
"""What DVC prints before it runs a stage."""

console = Console(highlight=False, soft_wrap=True)


class VerifyError(BookverseError):
    """The pipeline could not be run again; the message says why."""


@dataclass(frozen=True)
class Verdict:
    """What differs between dvc.lock and a run of its own.

    Args:
        to_blame: stages whose inputs are the same and whose outputs differ.
        behind: stages that differ because their inputs do.
        stale: stages of which dvc.lock was made by other code, parameters or data from outside.
    """

    to_blame: list[StageChange]
    behind: list[StageChange]
    stale: list[StageChange]

    @property
    def equal(self) -> bool:
        """Whether nothing differs."""
        return not (self.to_blame or self.behind or self.stale)


def judge(locked: Stages, run: Stages) -> Verdict:
    """Compare a new run's lock with the one that is committed."""
    found = changes(locked, run)
    return Verdict(
        to_blame=[change for change in found if change.unexplained],
        behind=[change for change in found if not change.unexplained and not change.asked_otherwise],
        stale=[change for change in found if change.asked_otherwise],
    )


def copy_project(root: Path, to: Path) -> None:
    """Copy what git knows or would add, and data/raw, which is fetched where it is missing.

    Raises:
        VerifyError: `root` is no working tree of git.
    """
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607
        cwd=root,
        capture_output=True,
        check=False,
    )
    if listed.returncode != 0:
        raise VerifyError(
            f"{root.resolve()} is no working tree of git, so there is no telling which files to copy"
        )
    for name in listed.stdout.decode().split("\0"):
        # a file that was deleted and not committed is listed, too
        if name and (root / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, to / name)
    if (root / RAW).is_dir():
        shutil.copytree(root / RAW, to / RAW, dirs_exist_ok=True)


def run_pipeline(project: Path, n_stages: int) -> None:
    """Run all stages in a copy of the project, without a cache.

    Raises:
        VerifyError: a stage failed.
    """
    (project / LOCK).unlink()
    (project / ".dvc/config.local").write_text("[core]\n    no_scm = true\n")
    # the copy's code, not that of the folder in which the packages were installed
    environment = os.environ | {"PYTHONPATH": str(project)}
    command = [sys.executable, "-m", "dvc", "repro", "--no-commit", "--no-run-cache"]
    lines: list[str] = []
    started = time.monotonic()
    with subprocess.Popen(  # noqa: S603 - DVC of this environment
        command, cwd=project, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None  # noqa: S101 - a pipe was asked for
        for stage, place in _stages_of(process.stdout, lines):
            after = f"after {time.monotonic() - started:.0f} s"
            console.print(f"  {place:>3} of {n_stages}  {stage}  [dim]{after}[/]")
    if process.returncode != 0:
        console.print(escape("".join(lines[-30:])))
        raise VerifyError("a stage failed when it was run again; its last lines are above")


def _stages_of(output: Iterable[str], lines: list[str]) -> Iterator[tuple[str, int]]:
    """The stages as they begin, with their number; all lines are kept."""
    place = 0
    for line in output:
        lines.append(line)
        if line.startswith(RUNNING):
            place += 1
            yield line.removeprefix(RUNNING).split("'")[0], place


def differing_files(out: str, root: Path, project: Path, md5: str) -> list[str]:
    """The files of an output folder that differ from those of dvc.lock, as far as the cache knows them.

    Args:
        out: the output's path.
        root: the working tree, whose cache is read.
        project: the copy that was run.
        md5: what dvc.lock says of the output.
    """
    if not md5.endswith(".dir"):
        return []
    listing = root / ".dvc/cache/files/md5" / md5[:2] / md5[2:]
    if not listing.is_file():
        return []
    before = {entry["relpath"]: entry["md5"] for entry in json.loads(listing.read_text())}
    folder = project / out
    after = {
        file.relative_to(folder).as_posix(): hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest()
        for file in folder.rglob("*")
        if file.is_file()
    }
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


def show(verdict: Verdict, locked: Stages, root: Path, project: Path) -> None:
    """Print what differs, what is to blame first."""
    for change in verdict.stale:
        why = [*change.sources, *(f"parameter {key}" for key in change.params)]
        why += ["its command"] if change.command else []
        console.print(f"[yellow]stale[/]     {change.stage}: dvc.lock was made with another {', '.join(why)}")
    for change in verdict.to_blame:
        console.print(f"[red]differs[/]   {change.stage}: the same inputs gave other outputs")
        md5s = {out["path"]: out["md5"] for out in locked[change.stage]["outs"]}
        for out in change.outs:
            files = differing_files(out, root, project, md5s.get(out, ""))
            inside = f": {', '.join(files[:10])}{' ...' if len(files) > 10 else ''}" if files else ""
            console.print(escape(f"            {out}{inside}"))
    if verdict.behind:
        console.print(f"[dim]behind it  {', '.join(change.stage for change in verdict.behind)}[/]")
    if verdict.stale:
        console.print("run `dvc repro` and commit dvc.lock, then verify again")


def table(run: Stages) -> Table:
    """Stage, output and digest of everything that was made."""
    shown = Table("stage", "output", "md5")
    for stage, facts in run.items():
        for out in facts.get("outs", ()):
            shown.add_row(stage, out["path"], out["md5"])
    return shown


def verify(root: Path, *, keep: bool) -> bool:
    """Run the pipeline of a working tree again and say what differs; True where nothing does.

    Raises:
        VerifyError: it could not be run.
        ArtifactError: there is no dvc.lock.
    """
    locked = read_lock(root / LOCK)
    project = Path(tempfile.mkdtemp(prefix="bookverse-verify-"))
    try:
        copy_project(root, project)
        console.print(f"[bold]verify[/]  {len(locked)} stages, run anew in {escape(str(project))}")
        run_pipeline(project, len(locked))
        run = read_lock(project / LOCK)
        verdict = judge(locked, run)
        if verdict.equal:
            console.print(table(run))
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
    parser.add_argument("--keep", action="store_true", help="leave the temporary copy for a look")
    options = parser.parse_args(arguments)
    try:
        return 0 if verify(Path(), keep=options.keep) else 1
    except BookverseError as error:
        console.print(f"[red]verify failed:[/] {escape(str(error))}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
