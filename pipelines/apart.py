"""The pipeline in a temporary copy of the working tree, where there is no cache and no output to reuse."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from pipelines.lineage import StageChange, Stages, is_made, made_by
from recs_core.errors import BookverseError

LOCK = "dvc.lock"
RAW = Path("data/raw")
RUNNING = "Running stage '"
"""What DVC prints before it runs a stage."""


class RerunError(BookverseError):
    """The pipeline could not be run again; the message says why."""


def copy_project(root: Path, to: Path) -> None:
    """Copy what git knows or would add, and data/raw, which is fetched where it is missing.

    Raises:
        RerunError: `root` is no working tree of git.
    """
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607
        cwd=root,
        capture_output=True,
        check=False,
    )
    if listed.returncode != 0:
        raise RerunError(
            f"{root.resolve()} is no working tree of git, so there is no telling which files to copy"
        )
    for name in listed.stdout.decode().split("\0"):
        # a file that was deleted and not committed is listed, too
        if name and (root / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, to / name)
    if (root / RAW).is_dir():
        shutil.copytree(root / RAW, to / RAW, dirs_exist_ok=True)
    (to / ".dvc/config.local").write_text("[core]\n    no_scm = true\n")


def environment(project: Path) -> dict[str, str]:
    """That of this process, with its interpreter first and the copy's code before the installed one."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    return os.environ | {"PATH": path, "PYTHONPATH": str(project)}


def dvc(*arguments: str) -> list[str]:
    """The command line of this environment's DVC."""
    return [sys.executable, "-m", "dvc", *arguments]


def stale_stages(project: Path, locked: Stages, names: Sequence[str]) -> list[StageChange]:
    """The stages of which dvc.lock was made by other code, parameters, data from outside, or commands.

    Args:
        project: a copy in which nothing has run, so that what stages make is not looked at.
        locked: its dvc.lock.
        names: the stages that are asked for; those of dvc.yaml where there are none.

    Returns:
        What changed, without the values of parameters. Of a stage that only one of dvc.lock and dvc.yaml has,
        there is nothing but the name.

    Raises:
        RerunError: DVC cannot read the pipeline.
    """
    made = made_by(locked)
    found = []
    for name, entries in json.loads(_asked(project, "status", "--json", *(names or ["dvc.yaml"]))).items():
        if name not in locked:
            found.append(StageChange(name))
            continue
        deps: dict[str, str | dict[str, str]] = {}
        for entry in entries:
            deps |= entry.get("changed deps", {}) if isinstance(entry, dict) else {}
        change = StageChange(
            name,
            sources=tuple(p for p, how in deps.items() if isinstance(how, str) and not is_made(p, made)),
            params={key: ("", "") for keys in deps.values() if isinstance(keys, dict) for key in keys},
            command="changed command" in entries,
        )
        if change.asked_otherwise:
            found.append(change)
    # `dvc repro` leaves a stage in dvc.lock that dvc.yaml has no more
    there = names or _asked(project, "stage", "list", "--name-only", "dvc.yaml").split()
    return found + [StageChange(name) for name in locked if name not in there]


def _asked(project: Path, *arguments: str) -> str:
    done = subprocess.run(  # noqa: S603 - DVC of this environment
        dvc(*arguments), cwd=project, env=environment(project), capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RerunError(f"DVC cannot read the pipeline: {done.stderr.strip()}")
    return done.stdout


def run_stages(project: Path, arguments: Sequence[str], n_stages: int, console: Console) -> dict[str, float]:
    """Run stages in a copy of the project, and show how far it is.

    Args:
        project: the copy.
        arguments: for `dvc repro`: options, and the stages that are asked for where it is not all of them.
        n_stages: how many will run.
        console: where to.

    Returns:
        Stage to seconds until the next one began, of those that ran, in their order.

    Raises:
        RerunError: a stage failed.
    """
    lines: list[str] = []
    begun: dict[str, float] = {}
    columns = (TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    started = time.monotonic()
    with (
        # the line of the stage under way moves where somebody watches; what is done stays, everywhere
        Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar,
        subprocess.Popen(  # noqa: S603 - DVC of this environment
            dvc("repro", *arguments),
            cwd=project,
            env=environment(project),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None  # noqa: S101 - a pipe was asked for
        under_way = bar.add_task("", total=n_stages)
        for line in process.stdout:
            lines.append(line)
            if line.startswith(RUNNING):
                stage = line.removeprefix(RUNNING).split("'")[0]
                bar.update(under_way, description=stage, completed=len(begun))
                begun[stage] = time.monotonic()
                after = f"after {begun[stage] - started:.0f} s"
                console.print(f"  {len(begun):>3} of {n_stages}  {stage}  [dim]{after}[/]")
    if process.returncode != 0:
        console.print(escape("".join(lines[-30:])))
        raise RerunError("a stage failed when it was run again; its last lines are above")
    ends = [*list(begun.values())[1:], time.monotonic()]
    return {stage: end - start for (stage, start), end in zip(begun.items(), ends, strict=True)}
