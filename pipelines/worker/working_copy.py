"""The working copy in which jobs run the pipeline: a clone of the project, with the project's DVC cache."""

from __future__ import annotations

import configparser
import fcntl
import logging
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipelines.worker.errors import HopelessJobError
from pipelines.worker.processes import end_leftovers

log = logging.getLogger(__name__)

RAW: Final = Path("data/raw")
"""Downloads, which never change: the copy shares them."""


@dataclass(frozen=True)
class WorkingCopy:
    """A clone that only one job at a time works in.

    Args:
        project: the working tree whose last commit the jobs run.
        folder: where the clone lies.
    """

    project: Path
    folder: Path

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Wait until no living job works in the clone; then it is this one's. The lock of a killed job is gone."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        with self.folder.with_name(f"{self.folder.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def refresh(self) -> str:
        """Bring the clone to the project's last commit, and end what an earlier job left running there.

        Call it within `alone`. Outputs of earlier runs stay, so that DVC runs only what has changed.

        Returns:
            The git revision.

        Raises:
            HopelessJobError: the project is no working tree of git with DVC, or cannot be cloned.
        """
        leftovers = end_leftovers(self.folder)
        if leftovers:
            log.warning("ended %d processes that a killed job had left in %s", leftovers, self.folder)
        if not (self.project / ".git").exists() or not (self.project / ".dvc").is_dir():
            raise HopelessJobError(
                f"{self.project} is no working tree of git and DVC: start the worker in the project's root"
            )
        if not (self.folder / ".git").exists():
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            _git(self.project, "clone", "--quiet", "--no-checkout", str(self.project), str(self.folder))
        _git(self.folder, "fetch", "--quiet", str(self.project), "HEAD")
        _git(self.folder, "checkout", "--quiet", "--force", "--detach", "FETCH_HEAD")
        self._share_cache()
        self._share_downloads()
        if _git(self.project, "status", "--porcelain", "--untracked-files=no"):
            log.warning("%s has changes that are not committed: jobs run its last commit", self.project)
        return _git(self.folder, "rev-parse", "HEAD")

    def _share_cache(self) -> None:
        asked = _output([sys.executable, "-m", "dvc", "cache", "dir"], self.project)
        config = configparser.ConfigParser()
        config["cache"] = {"dir": str((self.project / asked).resolve())}
        with (self.folder / ".dvc/config.local").open("w") as file:
            config.write(file)

    def _share_downloads(self) -> None:
        ours, theirs = self.folder / RAW, self.project / RAW
        if theirs.is_dir() and not ours.exists():
            ours.parent.mkdir(parents=True, exist_ok=True)
            ours.symlink_to(theirs.resolve(), target_is_directory=True)


def _git(folder: Path, *arguments: str) -> str:
    return _output(["git", *arguments], folder)


def _output(command: list[str], folder: Path) -> str:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603
    except FileNotFoundError as error:
        raise HopelessJobError(f"{command[0]} cannot be run in {folder}: {error}") from error
    if done.returncode != 0:
        raise HopelessJobError(f"{' '.join(command)} failed in {folder}: {done.stderr.strip()}")
    return done.stdout.strip()
