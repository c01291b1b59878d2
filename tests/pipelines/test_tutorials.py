"""Every tutorial runs from top to bottom on the pipeline's bundle, through nbval."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from project_copy import ROOT, Workspace

TUTORIALS = sorted((ROOT / "notebooks/tutorials").glob("*.ipynb"))


@pytest.mark.parametrize("tutorial", TUTORIALS, ids=lambda path: path.stem)
def test_a_tutorial_runs(tutorial: Path, workspace: Workspace) -> None:
    # nbval is a pytest plugin; a process of its own keeps its collection out of this one
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "--nbval-lax",
            "-p",
            "no:cacheprovider",
            "-W",
            "default",
            str(tutorial),
        ],
        env=os.environ | {"BOOKVERSE_API__BUNDLE": str(workspace.root / "data/bundle")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
