"""The clone in which jobs work."""

from __future__ import annotations

import subprocess
from pathlib import Path

import psutil
import pytest
from small_project import SmallProject

from pipelines.worker.errors import HopelessJobError
from pipelines.worker.processes import job_environment
from pipelines.worker.working_copy import WorkingCopy


def test_the_clone_follows_the_project_and_loses_what_was_changed_in_it(project: SmallProject) -> None:
    project.commit("one")
    copy = WorkingCopy(project.root, project.copy)
    assert copy.refresh() == project.git("rev-parse", "HEAD")
    (project.copy / "dvc.yaml").write_text("changed by a job")
    (project.copy / "data").mkdir(exist_ok=True)
    (project.copy / "data/output").write_text("kept for DVC")
    project.commit("two")
    assert copy.refresh() == project.git("rev-parse", "HEAD")
    assert "two" in (project.copy / "dvc.yaml").read_text()
    assert (project.copy / "data/output").exists()


def test_downloads_are_shared(project: SmallProject) -> None:
    project.commit()
    (project.root / "data/raw").mkdir(parents=True)
    copy = WorkingCopy(project.root, project.copy)
    for _ in range(2):
        copy.refresh()
    (project.copy / "data/raw/wheel").write_text("fetched by a job")
    assert (project.root / "data/raw/wheel").exists()


def test_what_an_earlier_job_left_running_is_ended_and_others_are_not(project: SmallProject) -> None:
    project.commit()
    ours = job_environment(project.copy, threads=1)
    left = subprocess.Popen(["sleep", "300"], env=ours, start_new_session=True)
    other = subprocess.Popen(["sleep", "300"])
    try:
        WorkingCopy(project.root, project.copy).refresh()
        assert not psutil.pid_exists(left.pid)
        assert other.poll() is None
    finally:
        for process in (left, other):
            process.kill()
            process.wait()


def test_without_a_repository_it_is_said_where_to_start(tmp_path: Path) -> None:
    with pytest.raises(
        HopelessJobError, match="is no working tree of git and DVC: start the worker in the project's root"
    ):
        WorkingCopy(tmp_path, tmp_path / "copy").refresh()


def test_a_project_without_a_commit_is_named(project: SmallProject) -> None:
    with pytest.raises(HopelessJobError, match=r"git .* failed in .*project"):
        WorkingCopy(project.root, project.copy).refresh()
