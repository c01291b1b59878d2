"""`bookverse jobs` and `bookverse schedule`."""

from __future__ import annotations

import pytest
from redis import Redis
from typed_command import Call

from recs_core.online.jobs import Jobs


def test_a_job_is_asked_for_once_listed_and_cancelled(bookverse: Call, client: Redis) -> None:
    assert bookverse("jobs", "list").stdout == "there are none\n"
    first = bookverse("jobs", "run", "train").stdout
    assert first.endswith("is asked for\n")
    job_id = first.split()[0]
    assert bookverse("jobs", "run", "train").stdout == f"{job_id} is not done yet, and will do\n"
    listed = bookverse("jobs", "list", env={"COLUMNS": "60"}).stdout
    assert job_id in listed
    assert "queued" in listed
    assert bookverse("jobs", "cancel", job_id).stdout == f"{job_id} is canceled\n"
    assert Jobs(client).get(job_id).status == "canceled"
    assert bookverse("jobs", "dead").stdout == "there are none\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["run", "dance"],
            "job must be one of index, train, evaluate, aggregate, retain, erase, sync (got 'dance')",
        ),
        (["cancel", "x"], "there is no job 'x'; `bookverse jobs list` shows them"),
        (["requeue", "x"], "there is no job 'x'"),
    ],
)
def test_a_wrong_name_is_said(bookverse: Call, arguments: list[str], message: str) -> None:
    done = bookverse("jobs", *arguments)
    assert done.exit_code == 1
    assert message in done.stderr


def test_the_schedule_says_what_comes_next_and_asks_for_nothing(bookverse: Call, client: Redis) -> None:
    said = bookverse("schedule", "--next").stdout
    lines = said.splitlines()
    assert sorted(line.split()[2] for line in lines[1:]) == [
        "aggregate",
        "evaluate",
        "index",
        "retain",
        "train",
    ]
    assert "0 * * * *" in said
    assert [line.split()[:2] for line in lines[1:]] == sorted(line.split()[:2] for line in lines[1:])
    assert Jobs(client).all() == []


def test_a_timetable_that_is_none_stops_the_command(bookverse: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOOKVERSE_WORKER__TRAINING_INTERVAL", "every night")
    done = bookverse("schedule", "--next")
    assert done.exit_code == 1
    assert "worker.training_interval: must be a number of seconds, or a cron line of 5 fields" in done.stderr


def test_a_worker_of_no_queue_is_refused(bookverse: Call) -> None:
    done = bookverse("worker", "trains")
    assert done.exit_code == 1
    assert "queue must be one of index, train, evaluate, maintenance (got 'trains')" in done.stderr


def test_without_redis_it_is_said_what_to_set(bookverse: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "unix:///nowhere/redis.sock")
    done = bookverse("jobs", "list")
    assert (done.exit_code, "check that it runs, and REDIS_URL" in done.stderr) == (1, True)
    monkeypatch.delenv("REDIS_URL")
    done = bookverse("jobs", "list")
    assert (done.exit_code, "no Redis is named: set REDIS_URL" in done.stderr) == (1, True)
