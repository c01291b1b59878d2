"""The real DVC on a pipeline of three stages, one of which may be made to draw without a seed."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.lineage import Stages, read_lock
from pipelines.verify import chosen, main

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


def reproduced(root: Path, *, seed: str, fit: str = FIT) -> Path:
    """A repository with a pipeline that has run."""
    for name, text in {
        "dvc.yaml": STAGES,
        "params.yaml": "factors: 8\n",
        "draw.py": DRAW.format(seed=seed),
        "fit.py": fit,
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
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str
) -> tuple[int, str]:
    monkeypatch.chdir(root)
    status = main(arguments)
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


@pytest.fixture
def changeable(seeded: Path) -> Iterator[Path]:
    """The pipeline, put back afterwards."""
    before = {path: path.read_text() for path in seeded.glob("*.*") if path.is_file()}
    yield seeded
    for path, text in before.items():
        path.write_text(text)


def test_a_lock_of_other_code_is_told_before_anything_runs(
    changeable: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (changeable / "fit.py").write_text("raise SystemExit('must not run')\n")
    (changeable / "params.yaml").write_text("factors: 9\n")
    status, said = verified(changeable, monkeypatch, capsys)
    assert status == 1
    assert "stale     fit: dvc.lock was made with another fit.py, parameter factors" in said
    assert "run `dvc repro` and commit dvc.lock" in said
    assert "after" not in said
    assert "must not run" not in said


def test_stages_that_are_new_gone_or_called_otherwise_are_stale(
    changeable: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = STAGES.replace("python draw.py", "python -u draw.py").replace("  report:", "  summary:")
    (changeable / "dvc.yaml").write_text(text)
    status, said = verified(changeable, monkeypatch, capsys)
    assert status == 1
    assert "stale     draw: dvc.lock was made with another command" in said
    assert "stale     summary: dvc.lock does not have it yet" in said
    assert "stale     report: dvc.yaml has no such stage any more" in said


def test_a_part_is_verified_with_what_it_needs_and_no_more(
    changeable: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (changeable / "report.py").write_text("raise SystemExit('must not run')\n")
    status, said = verified(changeable, monkeypatch, capsys, "--stages", "fit")
    assert status == 0, said
    assert "all 2 outputs of 2 stages have the bytes of dvc.lock" in said
    status, said = verified(changeable, monkeypatch, capsys, "--stages", "fit,report")
    assert status == 1
    assert "stale     report" in said
    status, said = verified(changeable, monkeypatch, capsys, "--stages", "fitt")
    assert status == 1
    assert "there is no stage 'fitt' in dvc.lock; it has draw, fit, report" in said


def test_a_name_of_many_stages_stands_for_all_of_them() -> None:
    deps = {"deps": [{"path": "x"}]}
    locked: Stages = {"make": {"outs": [{"path": "x"}]}, "train@a": deps, "train@b": deps, "trained": {}}
    assert list(chosen(locked, ["train"])) == ["make", "train@a", "train@b"]
    assert list(chosen(locked, ["train@b"])) == ["make", "train@b"]
    assert list(chosen(locked, [])) == list(locked)


def test_the_outputs_are_listed_with_their_digests_and_nothing_runs(
    seeded: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, said = verified(seeded, monkeypatch, capsys, "--list")
    assert status == 0
    for stage, facts in read_lock(seeded / "dvc.lock").items():
        for out in facts["outs"]:
            (line,) = [line for line in said.splitlines() if out["path"] in line]
            assert stage in line
            assert out["md5"] in line
    assert "after" not in said


def test_a_stage_that_fails_and_a_folder_without_git_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # a file that no stage makes and git ignores is not there for anybody else
    (tmp_path / "data").mkdir()
    (tmp_path / "data/mine.txt").write_text("only here")
    root = reproduced(tmp_path, seed="7", fit=FIT + 'print(Path("data/mine.txt").read_text())')
    status, said = verified(root, monkeypatch, capsys)
    assert status == 1
    assert "data/mine.txt" in said
    assert "verify failed: a stage failed when it was run again" in said
    shutil.rmtree(root / ".git")
    status, said = verified(root, monkeypatch, capsys)
    assert status == 1
    assert "no working tree of git" in said
