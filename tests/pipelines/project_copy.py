"""A copy of the project with a tiny Book-Crossing of its own making, in which real commands are run."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from recs_core.testing.wheel import FILENAME, tiny_wheel

ROOT = Path(__file__).parents[2]
COPIED = (
    "dvc.yaml",
    "params.yaml",
    ".dvcignore",
    "config",
    "notebooks",
    "pipelines",
    "recs_core",
    "graphql_api",
)


@dataclass(frozen=True)
class Workspace:
    """A project folder in which commands are run as a person would type them."""

    root: Path

    def run(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            command, cwd=self.root, env=environment(self.root), text=True, capture_output=True
        )
        if check and done.returncode != 0:
            raise AssertionError(f"{command} exited {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def dvc(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return self.run(sys.executable, "-m", "dvc", *arguments, check=check)

    def change_params(self, change: Callable[[dict[str, Any]], None]) -> None:
        path = self.root / "params.yaml"
        params = yaml.safe_load(path.read_text())
        change(params)
        path.write_text(yaml.safe_dump(params, sort_keys=False))

    def lock(self) -> dict[str, Any]:
        lock: dict[str, Any] = yaml.safe_load((self.root / "dvc.lock").read_text())
        return lock["stages"]


def environment(root: Path) -> dict[str, str]:
    """That of this process, with the interpreter of the tests first and the copied code before the installed one."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return os.environ | {"PATH": path, "PYTHONPATH": str(root)}


def make_workspace(root: Path) -> Workspace:
    root.mkdir(parents=True, exist_ok=True)
    for name in COPIED:
        source = ROOT / name
        ignore = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
        shutil.copytree(source, root / name, ignore=ignore) if source.is_dir() else shutil.copy(source, root)
    (root / ".gitignore").write_text((ROOT / ".gitignore").read_text())
    workspace = Workspace(root)
    workspace.run("git", "init", "--quiet")
    workspace.dvc("init", "--quiet")
    workspace.dvc("config", "core.analytics", "false")
    digest = tiny_wheel(root / "data/raw" / FILENAME)

    def tiny(params: dict[str, Any]) -> None:
        params["data"]["sources"]["book-crossing"]["sha256"] = digest
        params["data"] |= {"min_per_user": 3, "min_per_book": 3}
        params["features"]["dimensions"] = 8
        params["models"]["als"]["config"] |= {"factors": 8, "regularization": 0.1, "iterations": 3}

    workspace.change_params(tiny)
    return workspace
