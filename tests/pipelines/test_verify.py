"""The real DVC on a pipeline of three stages, one of which may be made to draw without a seed."""

import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.verify import main

STAGES = """\
stages:
  draw:
    cmd: python draw.py
    deps: [draw.py]
    outs: [data/drawn]
  fit:
    cmd: python fit.py
    deps: [fit.py, data/drawn]
    params: [factors]
    outs: [fitted.txt]
  report:
    cmd: python report.py
    deps: [report.py, fitted.txt]
    outs: [report.txt]
"""
DRAW = """\
from pathlib import Path
import numpy as np
rng = np.random.default_rng({seed})
Path("data/drawn").mkdir(parents=True, exist_ok=True)
Path("data/drawn/numbers.txt").write_text(str(rng.random(3)))
Path("data/drawn/names.txt").write_text("always the same")
"""
FIT = 'from pathlib import Path\nPath("fitted.txt").write_text(Path("data/drawn/numbers.txt").read_text() + "!")\n'
REPORT = 'from pathlib import Path\nPath("report.txt").write_text(Path("fitted.txt").read_text() + "?")\n'


def run(*command: str, cwd: Path) -> None:
    subprocess.run(command, cwd=cwd, check=True, capture_output=True)


def reproduced(root: Path, *, seed: str) -> Path:
    """A repository with a pipeline that has run."""
    for name, text in {
        "dvc.yaml": STAGES,
        "params.yaml": "factors: 8\n",
        "draw.py": DRAW.format(seed=seed),
        "fit.py": FIT,
        "report.py": REPORT,
        ".dvc/config": "[core]\n    analytics = false\n    check_update = false\n",
        ".dvc/.gitignore": "/cache\n/tmp\n/config.local\n",
        ".gitignore": "/data/\n/fitted.txt\n/report.txt\n",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    run("git", "init", "-q", cwd=root)
    run(sys.executable, "-m", "dvc", "repro", cwd=root)
    return root


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return reproduced(tmp_path_factory.mktemp("seeded"), seed="7")


def verified(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[int, str]:
    monkeypatch.chdir(root)
    status = main([])
    return status, capsys.readouterr().out


def test_a_pipeline_that_repeats_is_equal_and_leaves_nothing_behind(
    seeded: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = (seeded / "dvc.lock").read_bytes()
    status, said = verified(seeded, monkeypatch, capsys)
    assert status == 0, said
    assert "all 3 outputs of 3 stages have the bytes of dvc.lock" in said
    assert [line.split()[3] for line in said.splitlines() if " of 3 " in line and "after" in line] == [
        "draw",
        "fit",
        "report",
    ]
    assert (seeded / "dvc.lock").read_bytes() == before
    assert list(tmp_path.iterdir()) == []


def test_an_unseeded_generator_is_found_and_its_stage_and_file_alone_are_blamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, said = verified(reproduced(tmp_path, seed=""), monkeypatch, capsys)
    assert status == 1
    assert "differs   draw: the same inputs gave other outputs" in said
    assert "data/drawn: numbers.txt" in said
    assert "behind it  fit, report" in said
    assert "names.txt" not in said
    assert "stale" not in said


def test_a_lock_of_other_code_is_told_from_a_stage_that_does_not_repeat(
    seeded: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = (seeded / "fit.py").read_text()
    (seeded / "fit.py").write_text(whole.replace("!", "!!"))
    (seeded / "params.yaml").write_text("factors: 9\n")
    try:
        status, said = verified(seeded, monkeypatch, capsys)
    finally:
        (seeded / "fit.py").write_text(whole)
        (seeded / "params.yaml").write_text("factors: 8\n")
    assert status == 1
    assert "stale     fit: dvc.lock was made with another fit.py, parameter factors" in said
    assert "behind it  report" in said
    assert "differs" not in said
    assert "run `dvc repro` and commit dvc.lock" in said


def test_a_stage_that_fails_and_a_folder_without_git_are_told(
    seeded: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    whole = (seeded / "fit.py").read_text()
    (seeded / "fit.py").write_text("raise SystemExit('no such factor')\n")
    try:
        status, said = verified(seeded, monkeypatch, capsys)
    finally:
        (seeded / "fit.py").write_text(whole)
    assert status == 1
    assert "no such factor" in said
    assert "verify failed: a stage failed when it was run again" in said
    (tmp_path / "dvc.lock").write_text((seeded / "dvc.lock").read_text())
    status, said = verified(tmp_path, monkeypatch, capsys)
    assert status == 1
    assert "no working tree of git" in said
