"""When training is due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from redis import Redis

from pipelines import freshness
from pipelines.drift import Drift
from pipelines.event_table import append
from pipelines.freshness import Known, Rule, Trained, judge, known, note_trained, read_trained
from pipelines.publish import publish
from recs_core.errors import ArtifactError
from recs_core.online.streams import EventProducer
from recs_core.testing.events import purchase
from recs_core.testing.tiny import tiny_bundle

NOW = datetime(2026, 3, 1, tzinfo=UTC)
TRAINED = Trained(at=NOW - timedelta(days=1), events=500, after="7-0", interactions=1_000)
RULE = Rule(share=0.1, drift=0.1, age=timedelta(days=7))


@pytest.mark.parametrize(
    ("events", "passed", "due"),
    [(599, timedelta(days=1), False), (600, timedelta(days=1), True), (500, timedelta(days=7), True)],
    ids=["little is new", "much is new", "long ago"],
)
def test_training_is_due_when_much_is_new_or_the_last_is_long_ago(
    events: int, passed: timedelta, due: bool
) -> None:
    verdict = judge(TRAINED, events, Drift(0, None), TRAINED.at + passed, RULE)
    assert verdict.due is due
    assert f"{events - 500:,} new events for 1,000 interactions" in verdict.reason


@pytest.mark.parametrize(
    ("drift", "due", "said"),
    [
        (Drift(250, 0.099), False, "a drift of 0.099 of 250 new interactions (due from 0.1)"),
        (Drift(250, 0.1), True, "a drift of 0.100 of 250 new interactions (due from 0.1)"),
        (Drift(12, None), False, "no drift is known of 12 new interactions, fewer than 200"),
        (None, False, "a drift is known after the next training"),
    ],
)
def test_training_is_due_when_readers_do_otherwise(drift: Drift | None, due: bool, said: str) -> None:
    verdict = judge(TRAINED, 500, drift, NOW, RULE)
    assert verdict.due is due
    assert said in verdict.reason


def test_the_first_training_is_due() -> None:
    assert judge(None, 0, None, NOW, RULE).due


def test_a_training_is_noted_with_what_the_served_bundle_holds(tmp_path: Path) -> None:
    bundle = tiny_bundle(tmp_path / "bundle")
    publish(bundle.path, tmp_path / "published")
    note_trained(tmp_path, str(tmp_path / "published"), Known(events=12, after="7-0"), NOW)
    noted = Trained(at=NOW, events=12, after="7-0", interactions=bundle.history.matrix.nnz)
    assert read_trained(tmp_path) == noted


def test_a_note_of_before_there_was_a_drift_is_read(tmp_path: Path) -> None:
    (tmp_path / "trained.json").write_text('{"at": "2026-03-01T00:00:00Z", "events": 1, "interactions": 2}')
    noted = read_trained(tmp_path)
    assert noted is not None
    assert noted.after is None


def test_a_damaged_note_is_named(tmp_path: Path) -> None:
    (tmp_path / "trained.json").write_text("{}")
    with pytest.raises(
        ArtifactError, match=r"trained\.json is damaged, delete it to train anew: events: Field required"
    ):
        read_trained(tmp_path)


def test_the_exit_status_says_whether_it_is_due(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    published = ["--published", str(tmp_path / "published")]
    check = [
        "check",
        "--table",
        str(tmp_path),
        *published,
        "--share",
        "0.1",
        "--drift",
        "0.1",
        "--age",
        "3600",
    ]
    assert freshness.main(check) == 0
    bundle = tiny_bundle(tmp_path / "bundle")
    publish(bundle.path, tmp_path / "published")
    assert freshness.main(["known", "--table", str(tmp_path)]) == 0
    knew = capsys.readouterr().out.splitlines()[-1]
    assert freshness.main(["trained", "--table", str(tmp_path), *published, "--knew", knew]) == 0
    assert freshness.main(check) == 3
    assert "training is not due: 0 new events" in capsys.readouterr().out
    check[check.index("--published") + 1] = str(tmp_path / "empty")
    assert freshness.main(check) == 0
    assert "training is due: no bundle is served" in capsys.readouterr().out
    (tmp_path / "trained.json").write_text("?")
    assert freshness.main(check) == 1


def test_purchases_of_unknown_books_make_a_training_due(
    tmp_path: Path, client: Redis, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = tiny_bundle(tmp_path / "bundle")
    publish(bundle.path, tmp_path / "published")
    table = tmp_path / "table"
    events = [purchase(str(n), user_id=str(n), book_id=str(bundle.books.array[n % 50])) for n in range(60)]
    EventProducer(client).send(events)
    append(client, table)
    note_trained(table, str(tmp_path / "published"), known(table), NOW)
    EventProducer(client).send([purchase(f"new-{n}", user_id=str(n), book_id="new") for n in range(250)])
    append(client, table)
    rule = ["--share", "1000", "--drift", "0.9", "--age", "99999999999"]
    assert (
        freshness.main(["check", "--table", str(table), "--published", str(tmp_path / "published"), *rule])
        == 0
    )
    # of the 60 that the training knew, none is counted
    assert "a drift of 1.000 of 250 new interactions (due from 0.9)" in capsys.readouterr().out
