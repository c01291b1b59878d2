"""How long the default pipeline takes, stage by stage, and what papermill and DVC add to it.

    python -m benchmarks.pipeline_time --out benchmarks/results/pipeline_time.json
    python -m benchmarks.pipeline_time --stages train@als,evaluate@als --rounds 5

In a temporary copy, `dvc repro` runs all stages from nothing. Then each stage runs again, in three ways, each in a
process of its own: the code of its notebook as a plain script; the notebook through pipelines/run_notebook.py, which
adds a kernel, its messages, the rendering of tables and plots, and the checks; and `dvc repro --single-item --force`,
which adds DVC's start, the digests of what goes in and comes out, and the cache. Medians of the rounds; a stage whose
script takes long is timed once. Beside the seconds by the clock stand those of the processor, of all processes and
threads together, which others' work on the machine hardly changes. data/raw is there: no download is in the figures.
"""

from __future__ import annotations

import argparse
import resource
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import nbformat
from rich.console import Console

from benchmarks.machine import machine
from pipelines.apart import LOCK, copy_project, dvc, environment, run_stages
from pipelines.lineage import read_lock, upstream
from pipelines.params import load_params
from pipelines.run_notebook import PINNED, command_line, parameters_of
from recs_core.data.arrays import canonical_json, replacing_file
from recs_core.errors import BookverseError
from recs_core.progress import progress

ROOT = Path(__file__).parents[1]
LONG = 2.0
"""Seconds of a script from which on it is timed once."""

RUNNER = ["python", "-m", "pipelines.run_notebook"]


@dataclass(frozen=True)
class Seconds:
    """By the clock, and of the processor."""

    clock: float
    cpu: float


@dataclass(frozen=True)
class StageTime:
    """What a stage takes, medians of the rounds.

    Args:
        stage: its name.
        script: its notebook's code as a plain script.
        notebook: the notebook through the runner.
        dvc: the stage alone, through DVC.
        rounds: how often each was timed.
    """

    stage: str
    script: Seconds
    notebook: Seconds
    dvc: Seconds
    rounds: int

    def markdown(self) -> str:
        """A line of the table."""
        ways = (self.script, self.notebook, self.dvc)
        clock, cpu = [way.clock for way in ways], [way.cpu for way in ways]
        figures = [*clock, clock[1] - clock[0], clock[2] - clock[1], *cpu, cpu[1] - cpu[0], cpu[2] - cpu[1]]
        return f"| {self.stage} | {' | '.join(f'{figure:.1f}' for figure in figures)} |"


WAYS = ("script", "notebook", "DVC", "papermill adds", "DVC adds")
COLUMNS = ("stage", *(f"{way}, s" for way in WAYS), *(f"{way}, CPU s" for way in WAYS))


def as_script(notebook: Path, parameters: Mapping[str, Any]) -> str:
    """The code of a notebook, with other parameters than its defaults."""
    lines: list[str] = []
    for cell in nbformat.read(notebook, as_version=4).cells:
        if cell.cell_type == "code":
            lines.append(cell.source)
            if "parameters" in cell.metadata.get("tags", []):
                lines += [f"{name} = {value!r}" for name, value in parameters.items()]
    return "\n\n".join(lines) + "\n"


def seconds_of(command: Sequence[str], project: Path) -> Seconds:
    """Run a command in the copy.

    Raises:
        BookverseError: it failed.
    """
    # a script has no kernel that could take its plots
    settings = {**PINNED, "MPLBACKEND": "agg", "BOOKVERSE_PROGRESS": "off"}
    began, used = time.perf_counter(), _cpu_of_children()
    done = subprocess.run(  # noqa: S603 - the stages' own commands
        command,
        cwd=project,
        env=environment(project) | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    found = Seconds(time.perf_counter() - began, _cpu_of_children() - used)
    if done.returncode != 0:
        raise BookverseError(f"{shlex.join(command)} failed:\n{done.stdout[-2000:]}")
    return found


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def time_stage(stage: str, command: Sequence[str], project: Path, rounds: int) -> StageTime:
    """Time a stage in three ways.

    Args:
        stage: its name.
        command: of the stage, as dvc.lock has it.
        project: the copy, in which the whole pipeline has run.
        rounds: how often, unless it takes long.
    """
    options = command_line().parse_args(command[len(RUNNER) :])
    parameters = parameters_of(options, load_params(project / "params.yaml"))
    script = project / "stage.py"
    script.write_text(as_script(project / options.notebook, parameters))
    ways = {
        "script": [sys.executable, str(script)],
        "notebook": [sys.executable, *command[1:]],
        "dvc": dvc("repro", "--single-item", "--force", stage),
    }
    found: dict[str, list[Seconds]] = {way: [] for way in ways}
    for number in range(rounds):
        if number and found["script"][0].clock >= LONG:
            break
        for way, of_way in ways.items():
            found[way].append(seconds_of(of_way, project))
    medians = {
        way: Seconds(statistics.median(s.clock for s in all_), statistics.median(s.cpu for s in all_))
        for way, all_ in found.items()
    }
    return StageTime(stage, **medians, rounds=len(found["script"]))


def measure(root: Path, rounds: int, names: Sequence[str]) -> tuple[dict[str, float], list[StageTime]]:
    """Run the pipeline of a working tree in a copy, whole, and then stage by stage.

    Args:
        root: the working tree.
        rounds: how often each way is timed.
        names: the stages that are timed in three ways, all where none are named.

    Returns:
        Each stage's seconds by the clock in one `dvc repro` of all, and what each of the named ones takes.

    Raises:
        BookverseError: there is no dvc.lock or no such stage, or a stage failed.
    """
    with tempfile.TemporaryDirectory(prefix="bookverse-pipeline-time-") as folder:
        project = Path(folder)
        copy_project(root, project)
        locked = read_lock(project / LOCK)
        # says so now where there is no such stage
        upstream(locked, names)
        whole = run_stages(project, [], len(locked), Console(stderr=True, highlight=False))
        locked = read_lock(project / LOCK)
        return whole, [
            time_stage(stage, shlex.split(locked[stage]["cmd"]), project, rounds)
            for stage in progress(names or list(whole), "stages in three ways")
        ]


def total(rows: Sequence[StageTime]) -> StageTime:
    """The sums of all rows."""
    sums = {
        way: Seconds(sum(getattr(row, way).clock for row in rows), sum(getattr(row, way).cpu for row in rows))
        for way in ("script", "notebook", "dvc")
    }
    return StageTime("together", **sums, rounds=min(row.rounds for row in rows))


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    return round(value, 3) if isinstance(value, float) else value


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.pipeline_time",
        description="Time each stage as a script, as a notebook and through DVC.",
    )
    parser.add_argument("--rounds", type=int, default=3, help="timings of each way (default: %(default)s)")
    parser.add_argument("--stages", help="time these in three ways, with commas between (default: all)")
    parser.add_argument("--out", type=Path, help="write the figures as JSON, too")
    options = parser.parse_args(arguments)
    names = options.stages.split(",") if options.stages else []
    facts: dict[str, Any] = dict(machine())
    try:
        whole, rows = measure(ROOT, options.rounds, names)
    except BookverseError as error:
        print(f"nothing was measured: {error}", file=sys.stderr)
        return 1
    rows.append(total(rows))
    facts |= {"load afterwards": machine()["load in the last minute"]}
    print("\n".join(f"{key}: {value}" for key, value in facts.items()) + "\n")
    print(f"| {' | '.join(COLUMNS)} |\n|---|{'---:|' * (len(COLUMNS) - 1)}")
    print("\n".join(row.markdown() for row in rows))
    print(f"\nOne `dvc repro` of all {len(whole)} stages: {sum(whole.values()):.0f} s")
    print(", ".join(f"{stage} {seconds:.1f}" for stage, seconds in whole.items()))
    if options.out:
        stages = [_rounded(asdict(row)) for row in rows]
        with replacing_file(options.out) as temporary:
            temporary.write_bytes(canonical_json(facts | {"repro": _rounded(whole), "stages": stages}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
