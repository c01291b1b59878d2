"""When training is due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipelines import freshness
from pipelines.freshness import Trained, judge, note_trained, read_trained
from pipelines.publish import publish
from recs_core.errors import ArtifactError
from recs_core.testing.tiny import tiny_bundle

NOW = datetime(2026, 3, 1, tzinfo=UTC)
TRAINED = Trained(at=NOW - timedelta(days=1), events=500, interactions=1_000)


@pytest.mark.parametrize(
    ("events", "passed", "due"),
    [(599, timedelta(days=1), False), (600, timedelta(days=1), True), (500, timedelta(days=7), True)],
    ids=["little is new", "much is new", "long ago"],
)
def test_training_is_due_when_much_is_new_or_the_last_is_long_ago(
    events: int, passed: timedelta, due: bool
) -> None:
    verdict = judge(TRAINED, events, TRAINED.at + passed, share=0.1, age=timedelta(days=7))
    assert verdict.due is due
    assert f"{events - 500:,} new events for 1,000 interactions" in verdict.reason


def test_the_first_training_is_due() -> None:
    assert judge(None, 0, NOW, share=0.1, age=timedelta(days=7)).due


def test_a_training_is_noted_with_what_the_served_bundle_holds(tmp_path: Path) -> None:
    bundle = tiny_bundle(tmp_path / "bundle")
    publish(bundle.path, tmp_path / "published")
    note_trained(tmp_path, str(tmp_path / "published"), 12, NOW)
    assert read_trained(tmp_path) == Trained(at=NOW, events=12, interactions=bundle.history.matrix.nnz)


def test_a_damaged_note_is_named(tmp_path: Path) -> None:
    (tmp_path / "trained.json").write_text("{}")
    with pytest.raises(
        ArtifactError, match=r"trained\.json is damaged, delete it to train anew: at: Field required"
    ):
        read_trained(tmp_path)


def test_the_exit_status_says_whether_it_is_due(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check = ["check", "--table", str(tmp_path), "--share", "0.1", "--age", "3600"]
    assert freshness.main(check) == 0
    bundle = tiny_bundle(tmp_path / "bundle")
    publish(bundle.path, tmp_path / "published")
    noted = ["trained", "--table", str(tmp_path), "--published", str(tmp_path / "published"), "--events", "0"]
    assert freshness.main(noted) == 0
    assert freshness.main(check) == 3
    assert "training is not due: 0 new events" in capsys.readouterr().out
    (tmp_path / "trained.json").write_text("?")
    assert freshness.main(check) == 1
