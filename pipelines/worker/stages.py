"""Stages of the pipeline, run by DVC as a person would, and how far they are."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from pipelines.worker.errors import HopelessJobError

_STAGE: Final = re.compile(r"^(?:Running stage|Stage) '([^']+)'")
"""What DVC writes of each stage, whether it runs it or not."""


class Run(Protocol):
    """Runs a command where the stages are."""

    def __call__(self, command: Sequence[str], on_line: Callable[[str], object] = ...) -> list[str]:
        """Run it to its end; its last lines."""
        ...


def repro(run: Run, targets: Sequence[str], say: Callable[[str, float | None], object]) -> int:
    """Bring stages up to date.

    Args:
        run: how commands are run.
        targets: stages; all of them where there are none.
        say: is told the stage under way, and the share of the stages that are done.

    Returns:
        How many stages were looked at.

    Raises:
        HopelessJobError: DVC cannot read the pipeline.
        JobError: a stage failed.
    """
    command = [sys.executable, "-m", "dvc", "repro"]
    stages: list[str] = []
    run([*command, "--dry", *targets], lambda line: _note(line, stages))
    total = len(stages)
    if total == 0:
        raise HopelessJobError(
            f"DVC names no stage of {', '.join(targets) or 'the pipeline'}: check dvc.yaml"
        )
    seen: list[str] = []

    def follow(line: str) -> None:
        if _note(line, seen):
            say(seen[-1], (len(seen) - 1) / total)

    run([*command, *targets], follow)
    return total


def _note(line: str, stages: list[str]) -> bool:
    found = _STAGE.match(line)
    if found is None or (stages and stages[-1] == found[1]):
        return False
    stages.append(found[1])
    return True
