"""Causes between two dvc.lock files, beside a real git repository that knows the files."""

import subprocess
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from pipelines.causes import Cause, cause_table, causes_in_locks, changed_files

LOCK: dict[str, Any] = {
    "split": {
        "cmd": "run split",
        "deps": [{"path": "core/data", "md5": "code-1.dir"}],
        "outs": [
            {"path": "data/split", "md5": "split-1.dir"},
            {"path": "reports/runs/split.ipynb", "md5": "n"},
        ],
    },
    "recommend@als": {
        "cmd": "run recommend",
        "deps": [{"path": "core/rank.py", "md5": "rank-1"}, {"path": "data/split", "md5": "split-1.dir"}],
        "params": {"params.yaml": {"cutoffs": [10]}},
        "outs": [{"path": "data/recs/als", "md5": "recs-1.dir"}],
    },
    "bundle": {
        "cmd": "run bundle",
        "deps": [{"path": "core/bundle.py", "md5": "bundle-1"}],
        "outs": [{"path": "data/bundle", "md5": "b"}],
    },
}


def changed(**digests: str) -> dict[str, Any]:
    """The lock with other digests: the word before the number is the key."""
    lock = deepcopy(LOCK)
    for stage in lock.values():
        for entry in (*stage["deps"], *stage["outs"]):
            word = entry["md5"].split("-")[0]
            entry["md5"] = digests.get(word, entry["md5"])
    return lock


def git(*arguments: str) -> None:
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(["git", *who, *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Revision "one", in which a file of each folder is committed."""
    monkeypatch.chdir(tmp_path)
    for name in ("core/data/ids.py", "core/data/tables.py", "core/rank.py", "core/bundle.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("as it was\n")
    git("init", "-q")
    git("add", "-A")
    git("commit", "-qm", "one")
    git("tag", "one")
    return tmp_path


def found(after: dict[str, Any], *, name: str = "workspace") -> list[Cause]:
    return causes_in_locks(("one", name), (LOCK, after), "als")


def test_the_files_of_a_changed_folder_are_named_committed_or_not(repository: Path) -> None:
    (repository / "core/data/ids.py").write_text("another\n")
    (repository / "core/data/new.py").write_text("new\n")
    after = changed(code="code-2.dir", split="split-2.dir", recs="recs-2.dir")
    (cause,) = found(after)
    assert (cause.stage, cause.kind, cause.effect) == ("split", "code", True)
    assert cause.files == ("core/data/ids.py", "core/data/new.py")
    assert str(cause) == "split: code core/data: core/data/ids.py, core/data/new.py"
    git("add", "core/data/ids.py")
    git("commit", "-qm", "two")
    assert changed_files("one", "HEAD", "core/data") == ("core/data/ids.py",)
    assert changed_files("HEAD", "one", "core/data") == ("core/data/ids.py",)
    (repository / "core/data/new.py").unlink()
    assert changed_files("HEAD", "workspace", "core/data") == ()


def test_code_that_makes_the_same_is_without_effect(repository: Path) -> None:
    (repository / "core/data/ids.py").write_text("# a comment\nas it was\n")
    # the executed notebook shows something else, which no stage reads
    after = changed(code="code-2.dir", n="m")
    (cause,) = found(after)
    assert cause.effect is False
    assert str(cause) == "split: code core/data: core/data/ids.py (without effect: it makes the same)"
    assert cause_table([cause]).loc["split", "effect"] == "none"


def test_of_two_changes_of_one_stage_neither_is_known_to_be_the_one(repository: Path) -> None:
    (repository / "core/rank.py").write_text("another\n")
    after = changed(rank="rank-2", recs="recs-2.dir")
    after["recommend@als"]["params"]["params.yaml"]["cutoffs"] = [20]
    parameter, code = found(after)
    assert (parameter.what, parameter.before, parameter.after) == ("cutoffs", [10], [20])
    assert (code.what, code.files) == ("core/rank.py", ("core/rank.py",))
    assert {parameter.effect, code.effect} == {None}
    assert str(code) == "recommend@als: code core/rank.py"


def test_code_that_git_sees_no_difference_in_is_still_code_and_the_rest_is_data(repository: Path) -> None:
    after = changed(rank="rank-2", recs="recs-2.dir")
    lock = deepcopy(LOCK)
    for side, md5 in ((lock, "raw-1"), (after, "raw-2")):
        side["split"]["deps"].append({"path": "elsewhere/raw.csv", "md5": md5})
    causes = causes_in_locks(("one", "workspace"), (lock, after), "als")
    assert [(cause.kind, cause.what, cause.files) for cause in causes] == [
        ("data", "elsewhere/raw.csv", ()),
        ("code", "core/rank.py", ()),
    ]


def test_a_stage_that_the_lists_do_not_depend_on_is_no_cause_and_one_that_does_not_repeat_is(
    repository: Path,
) -> None:
    assert found(changed(bundle="bundle-2")) == []
    (cause,) = found(changed(split="split-2.dir", recs="recs-2.dir"))
    assert (cause.stage, cause.kind) == ("split", "chance")
    assert "does not repeat" in str(cause)
