"""Metrics side by side: real processes, real lists; ranx, which the tests have, stands for the libraries."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks import metrics


@pytest.fixture(autouse=True)
def few_users_and_nothing_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "USERS", 200)
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")


def arguments(*more: str) -> list[str]:
    return ["--rivals-python", sys.executable, "--libraries", "ranx", "--rounds", "3", *more]


def test_values_are_compared_and_every_round_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "metrics.json"
    assert metrics.main(arguments("--out", str(out))) == 0
    written = json.loads(out.read_text())
    (row,) = written["libraries"]
    assert written["users"] == 200
    assert (row["library"], row["differing"]) == ("ranx", [])
    assert set(row["values"]) == {f"{name}@{k}" for name in row["metrics"] for k in (10, 20)}
    assert [len(seconds) for seconds in row["rounds"].values()] == [3, 3]
    assert row["seconds"] == sorted(row["rounds"]["library"])[1]
    printed = capsys.readouterr().out
    assert "| ranx " in printed
    assert "all values are equal" in printed


def test_a_value_that_differs_is_named_and_ends_with_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    really = metrics.measure

    def with_another_recall(library: str, *rest: Any) -> dict[str, Any]:
        found = really(library, *rest)
        if library == "ranx":
            found["values"]["recall@10"] *= 1.001
        return found

    monkeypatch.setattr(metrics, "measure", with_another_recall)
    assert metrics.main(arguments()) == 1
    printed = capsys.readouterr().out
    assert "ranx recall@10: " in printed
    assert "all values are equal" not in printed
