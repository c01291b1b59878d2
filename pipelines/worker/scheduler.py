"""Asks for jobs when they are due. Many may run; one of them acts at a time."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from redis import Redis
from redis.exceptions import LockError, RedisError
from redis.lock import Lock

from recs_core.online import keys
from recs_core.online.jobs import Jobs
from recs_core.online.scripts import is_transient
from recs_core.online.timetable import Timetable

log = logging.getLogger(__name__)

LEASE_S: Final = 15
"""Another scheduler acts when the one that did was silent for so long."""

LOOK_EVERY_S: Final = 1.0

ALLOWED_AHEAD: Final = timedelta(minutes=5)
"""How far the clocks of two schedulers may be apart: a moment that is noted as done lies no further ahead."""


@dataclass(frozen=True)
class Schedule:
    """A job that is asked for again and again.

    Args:
        kind: of the job.
        timetable: when.
        arguments: of its task.
    """

    kind: str
    timetable: Timetable
    arguments: dict[str, Any] = field(default_factory=dict)


class Scheduler:
    """One of the schedulers that share a Redis.

    A moment that passed while none of them ran is seen to once, however many such moments there were. A schedule that
    is new begins with its next moment; so does one that was last seen to by a clock that was ahead.

    Args:
        client: of the Redis that workers share.
        schedules: what is asked for when.
        clock: what time it is, in UTC.
    """

    def __init__(
        self,
        client: Redis,
        schedules: Sequence[Schedule],
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._client = client
        self._jobs = Jobs(client)
        self._schedules = schedules
        self._clock = clock
        self._lease = Lock(client, keys.SCHEDULE_LEADER, timeout=LEASE_S, blocking=False, thread_local=False)

    def step(self) -> list[str]:
        """Ask for what is due, if this is the one that acts; the ids of the jobs that do it.

        Raises:
            RedisError: Redis is away.
        """
        if not self._leads():
            return []
        asked = []
        now = self._clock()
        for schedule in self._schedules:
            due = schedule.timetable.last(now)
            done = self._done(schedule.kind)
            if done is not None and done > now + ALLOWED_AHEAD:
                # else nothing would be asked for until that moment
                log.warning("%s is noted as done at %s: a clock was ahead", schedule.kind, done.isoformat())
                done = None
            if done is None:
                self._note(self._client, schedule.kind, due)
            elif done < due:
                asked.append(self._ask(schedule, due))
        return asked + self._ask_to_erase()

    def run(self, stop: threading.Event) -> None:
        """Act, or stand by, until told to stop; what is missed while Redis is away is caught up."""
        while not stop.wait(LOOK_EVERY_S):
            try:
                self.step()
            except RedisError as error:
                if not is_transient(error):
                    raise
                log.warning("nothing is asked for: %s", error)
        self.leave()

    def leave(self) -> None:
        """Let another act at once."""
        try:
            if self._lease.owned():
                self._lease.release()
        except (LockError, RedisError) as error:
            log.warning("another scheduler acts in %d s at the latest: %s", LEASE_S, error)

    def next(self) -> list[tuple[Schedule, datetime, bool]]:
        """When each is asked for next, the soonest first, and whether that is to catch up with what was missed."""
        now = self._clock()
        found = []
        for schedule in self._schedules:
            done = self._done(schedule.kind)
            missed = done is not None and done < schedule.timetable.last(now)
            found.append((schedule, now if missed else schedule.timetable.after(now), missed))
        return sorted(found, key=lambda each: each[1])

    def _ask(self, schedule: Schedule, due: datetime) -> str:
        # noted together with the job: a scheduler that dies between the two would lose it or ask twice
        done = self._jobs.trigger(
            schedule.kind,
            by="schedule",
            arguments=schedule.arguments,
            also=lambda pipe: self._note(pipe, schedule.kind, due),
        )
        how = "is asked for" if done.is_new else "was due, and one is not done yet"
        log.info("%s of %s %s: %s", schedule.kind, due.isoformat(), how, done.job_id)
        return done.job_id

    def _ask_to_erase(self) -> list[str]:
        """Ask for a job where readers were erased since the last one was asked for and none is at it."""
        last: Any = self._client.zrange(keys.ERASED, -1, -1, withscores=True)
        asked: Any = self._client.get(keys.ERASED_ASKED)
        if not last or last[0][1] <= float(asked or 0):
            return []
        moment = f"{last[0][1]:.0f}"
        # one that is at it may have begun before this erasure: then another is asked for when it is done
        done = self._jobs.trigger(
            "erase", by="erasure", with_new=lambda pipe: pipe.set(keys.ERASED_ASKED, moment)
        )
        if not done.is_new:
            return []
        log.info("a reader was erased: %s is asked for", done.job_id)
        return [done.job_id]

    def _done(self, kind: str) -> datetime | None:
        found: Any = self._client.hget(keys.SCHEDULE_DONE, kind)
        return None if found is None else datetime.fromtimestamp(float(found), UTC)

    def _note(self, client: Redis, kind: str, due: datetime) -> None:
        client.hset(keys.SCHEDULE_DONE, kind, str(due.timestamp()))

    def _leads(self) -> bool:
        try:
            if self._lease.owned():
                self._lease.reacquire()
                return True
        except LockError:
            log.warning("was silent for too long: another scheduler may act now")
        if self._lease.acquire():
            log.info("this scheduler acts now")
            return True
        return False
