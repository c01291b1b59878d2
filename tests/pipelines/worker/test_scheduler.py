"""What is due is asked for, once, by one of many."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from redis import Redis

from pipelines.worker.scheduler import LEASE_S, Schedule, Scheduler
from recs_core.online import keys
from recs_core.online.job_kinds import queue_named
from recs_core.online.jobs import Jobs
from recs_core.online.timetable import Timetable

START = datetime(2026, 3, 1, 11, 59, 59, tzinfo=UTC)
HOURLY = Schedule("index", Timetable.parse("0 * * * *"))


@dataclass
class Clock:
    now: datetime = START

    def __call__(self) -> datetime:
        return self.now


def finish(client: Redis, job_id: str) -> None:
    Jobs(client).cancel(job_id)


def test_a_job_is_asked_for_at_its_moment_and_not_before_or_twice(client: Redis) -> None:
    clock = Clock()
    scheduler = Scheduler(client, [HOURLY], clock=clock)
    assert scheduler.step() == []
    clock.now += timedelta(seconds=1)
    (asked,) = scheduler.step()
    assert Jobs(client).get(asked).by == "schedule"
    finish(client, asked)
    clock.now += timedelta(minutes=59)
    assert scheduler.step() == []


def test_what_was_missed_is_caught_up_once(client: Redis) -> None:
    clock = Clock()
    Scheduler(client, [HOURLY], clock=clock).step()
    client.delete(keys.SCHEDULE_LEADER)
    clock.now += timedelta(hours=30, minutes=10)
    later = Scheduler(client, [HOURLY], clock=clock)
    assert [(each[2], each[1]) for each in later.next()] == [(True, clock.now)]
    (asked,) = later.step()
    finish(client, asked)
    assert later.step() == []
    assert later.next()[0][1:] == (datetime(2026, 3, 2, 19, tzinfo=UTC), False)


def test_a_clock_that_was_ahead_stops_nothing_once_it_is_right(client: Redis) -> None:
    clock = Clock(START + timedelta(days=1_000))
    scheduler = Scheduler(client, [HOURLY], clock=clock)
    scheduler.step()
    clock.now = START
    assert scheduler.step() == []
    clock.now += timedelta(seconds=1)
    assert len(scheduler.step()) == 1


def test_a_clock_that_is_a_little_behind_asks_for_nothing_again(client: Redis) -> None:
    clock = Clock()
    scheduler = Scheduler(client, [HOURLY], clock=clock)
    scheduler.step()
    clock.now += timedelta(seconds=1)
    finish(client, scheduler.step()[0])
    clock.now -= timedelta(seconds=2)
    assert scheduler.step() == []
    clock.now += timedelta(seconds=2)
    assert scheduler.step() == []


def test_one_of_many_acts_and_another_when_it_is_gone(client: Redis) -> None:
    clock = Clock()
    one, other = (Scheduler(client, [HOURLY], clock=clock) for _ in range(2))
    one.step()
    clock.now += timedelta(hours=1)
    assert other.step() == []
    (asked,) = one.step()
    finish(client, asked)
    assert 0 < client.ttl(keys.SCHEDULE_LEADER) <= LEASE_S
    clock.now += timedelta(hours=1)
    # the lease ends without a word
    client.delete(keys.SCHEDULE_LEADER)
    assert len(other.step()) == 1
    assert one.step() == []


def test_who_leaves_lets_another_act_at_once(client: Redis) -> None:
    one, other = (Scheduler(client, [HOURLY], clock=Clock()) for _ in range(2))
    one.step()
    one.leave()
    assert not client.exists(keys.SCHEDULE_LEADER)
    other.step()
    one.leave()
    assert client.exists(keys.SCHEDULE_LEADER)


def test_a_job_that_is_not_done_yet_is_not_asked_for_again(client: Redis) -> None:
    clock = Clock()
    scheduler = Scheduler(client, [HOURLY], clock=clock)
    scheduler.step()
    clock.now += timedelta(hours=1)
    first = scheduler.step()
    clock.now += timedelta(hours=1)
    assert scheduler.step() == first
    assert queue_named(client, "index").count == 1
    # that moment is seen to
    assert scheduler.step() == []


def test_the_soonest_is_said_first(client: Redis) -> None:
    daily = Schedule("train", Timetable.parse(86_400))
    said = Scheduler(client, [daily, HOURLY], clock=Clock()).next()
    assert [(each[0].kind, each[1]) for each in said] == [
        ("index", datetime(2026, 3, 1, 12, tzinfo=UTC)),
        ("train", datetime(2026, 3, 2, tzinfo=UTC)),
    ]
