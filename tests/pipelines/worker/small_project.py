"""A project of git and DVC whose stages do next to nothing, and workers of it as processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml
from redis import Redis

from recs_core.online.jobs import JobFacts, Jobs

ROOT = Path(__file__).parents[3]

QUICK_WORKER = """
import sys
from pipelines.worker import queue_worker
queue_worker.BEAT_S, queue_worker.SILENT_S = 1, 3
from bookverse.app import app
app(sys.argv[1:])
"""
"""`bookverse` with a worker that notices within seconds what takes the real one some more."""

WRITE = "mkdir -p data/features && echo made > data/features/made"


@dataclass(frozen=True)
class SmallProject:
    root: Path

    @property
    def copy(self) -> Path:
        return self.root / "data/worker"

    def git(self, *arguments: str) -> str:
        command = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *arguments]
        return subprocess.run(
            command, cwd=self.root, check=True, capture_output=True, text=True
        ).stdout.strip()

    def commit(self, features: str = WRITE, bundle: Path | None = None) -> None:
        """Make the stage `features` run a command of the shell, and `bundle` copy a bundle."""
        stages = {"features": {"cmd": features, "outs": ["data/features"]}}
        if bundle is not None:
            copied = f"rm -rf data/bundle && cp -r {bundle} data/bundle"
            stages["bundle"] = {"cmd": copied, "deps": ["data/features"], "outs": ["data/bundle"]}
        (self.root / "dvc.yaml").write_text(yaml.safe_dump({"stages": stages}))
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "stages")


def make_project(root: Path) -> SmallProject:
    root.mkdir()
    project = SmallProject(root)
    project.git("init", "--quiet")
    subprocess.run(
        [sys.executable, "-m", "dvc", "init", "--quiet"], cwd=root, check=True, capture_output=True
    )
    (root / ".gitignore").write_text("/data/\n/log\n")
    return project


@contextmanager
def worker(
    project: SmallProject, url: str, *queues: str, **settings: str
) -> Iterator[subprocess.Popen[bytes]]:
    """A worker in the project; it is killed at the end where it has not stopped."""
    command = [
        sys.executable,
        "-c",
        QUICK_WORKER,
        "--config",
        str(ROOT / "config/development.yaml"),
        "worker",
        *queues,
    ]
    environment = os.environ | {"REDIS_URL": url, "PYTHONPATH": str(ROOT)} | settings
    with (
        (project.root / "log").open("ab") as log,
        subprocess.Popen(command, cwd=project.root, env=environment, stdout=log, stderr=log) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def until(true: Callable[[], bool], *, within_s: float = 300) -> None:
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def over(client: Redis, job_id: str) -> JobFacts:
    """A job when it is over."""
    jobs = Jobs(client)
    until(lambda: jobs.get(job_id).status not in ("queued", "started", "scheduled"))
    return jobs.get(job_id)
