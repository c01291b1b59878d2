"""Stages of the pipeline, run by DVC as a person would, and how far they are."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from pipelines.worker.errors import HopelessJobError

_STAGE: Final = re.compile(r"^(?:Running stage|Stage) '([^']+)'")
"""What `dvc repro` writes of each stage, whether it runs it or not."""

_NODE: Final = re.compile(r'^"([^"]+)";$')
"""What `dvc dag --dot` writes of each stage."""


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
        How many stages there are, those that the targets need included.

    Raises:
        HopelessJobError: DVC cannot read the pipeline.
        JobError: a stage failed.
    """
    dvc = [sys.executable, "-m", "dvc"]
    stages: set[str] = set()
    # it takes one target at a time, or none for all
    for asked in [[target] for target in targets] or [[]]:
        run([*dvc, "dag", "--dot", *asked], lambda line: stages.update(_NODE.findall(line)))
    if not stages:
        raise HopelessJobError(
            f"DVC names no stage of {', '.join(targets) or 'the pipeline'}: check dvc.yaml"
        )
    seen: list[str] = []

    def follow(line: str) -> None:
        found = _STAGE.match(line)
        if found is not None and found[1] not in seen:
            seen.append(found[1])
            say(found[1], (len(seen) - 1) / len(stages))

    run([*dvc, "repro", *targets], follow)
    return len(stages)
