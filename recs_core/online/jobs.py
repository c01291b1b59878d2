"""Jobs in their queues: ask for one, look, cancel, and see to those that failed."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from redis import Redis, WatchError
from redis.client import Pipeline
from rq.command import send_stop_job_command
from rq.exceptions import InvalidJobOperation, NoSuchJobError
from rq.job import Job, JobStatus
from rq.queue import Queue
from rq.serializers import JSONSerializer

from recs_core.errors import ParameterError
from recs_core.online import keys
from recs_core.online.job_kinds import (
    DEAD_KEPT_S,
    KINDS,
    QUEUES,
    RETRY_AFTER_S,
    queue_named,
    retry,
)

OPEN: Final = frozenset({JobStatus.QUEUED, JobStatus.STARTED, JobStatus.SCHEDULED, JobStatus.DEFERRED})
"""A job in such a status will be done, or is."""


MOST_IDS: Final = 1_000
"""Of each queue and each status, that are looked at to find the newest jobs; a status is kept by its end."""


@dataclass(frozen=True)
class JobFacts:
    """A job as people want to see it.

    Args:
        job_id: its name.
        kind: of `KINDS`.
        status: `queued`, `scheduled` (tried again later), `started`, `finished`, `failed`, `stopped` or `canceled`.
        by: who asked for it.
        asked, started, ended: when; None where that is not yet so.
        stage: what it does at this moment; empty where nothing is known.
        share: how much of it is done, 0 to 1; None where that is not known.
        worker: who does it.
        tries_left: how often it is tried again should it fail.
        outcome: what it returned, or why it failed.
    """

    job_id: str
    kind: str
    status: str
    by: str
    asked: datetime | None
    started: datetime | None
    ended: datetime | None
    stage: str
    share: float | None
    worker: str
    tries_left: int
    outcome: str


@dataclass(frozen=True)
class Triggered:
    """What came of asking for a job.

    Args:
        job_id: of the job that will do it.
        is_new: False where one that was asked for before is not done yet.
    """

    job_id: str
    is_new: bool


class Jobs:
    """The jobs of all queues.

    Args:
        client: of the Redis that workers share.
    """

    def __init__(self, client: Redis) -> None:
        self._client = client

    def trigger(
        self,
        kind: str,
        *,
        by: str,
        arguments: dict[str, Any] | None = None,
        also: Callable[[Pipeline], object] | None = None,
        with_new: Callable[[Pipeline], object] | None = None,
    ) -> Triggered:
        """Ask for a job, unless one of its kind is not done yet.

        Args:
            kind: of `KINDS`.
            by: who asks, for people.
            arguments: of its task; JSON.
            also: writes that happen together with this, whether or not the job is new.
            with_new: writes that happen together with this where the job is new.

        Raises:
            ParameterError: there is no such kind.
        """
        if kind not in KINDS:
            raise ParameterError(f"job must be one of {', '.join(KINDS)} (got {kind!r})")
        job_id = f"{kind}-{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:6]}"

        def enqueue(pipe: Pipeline) -> None:
            queue_named(self._client, KINDS[kind].queue).enqueue_call(
                KINDS[kind].task,
                kwargs=arguments or {},
                job_id=job_id,
                meta={"kind": kind, "by": by, "stage": "", "share": None},
                description=kind,
                retry=retry(),
                result_ttl=KINDS[kind].finished_kept_s,
                failure_ttl=DEAD_KEPT_S,
                pipeline=pipe,
            )
            if with_new is not None:
                with_new(pipe)

        other = self._if_none_is_open(kind, job_id, enqueue, also)
        return Triggered(other or job_id, other is None)

    def all(self, *, newest: int | None = None) -> list[JobFacts]:
        """The jobs that are known, the last asked for first.

        Args:
            newest: so many at most; None for all.
        """
        ids = {job_id for queue in self._queues() for job_id in self._ids_in(queue, newest)}
        chosen = sorted(ids, key=_asked_at, reverse=True)[:newest]
        fetched = Job.fetch_many(chosen, connection=self._client, serializer=JSONSerializer)
        found = [_facts(job) for job in fetched if job is not None]
        return sorted(found, key=lambda job: job.asked or datetime.min.replace(tzinfo=UTC), reverse=True)

    def get(self, job_id: str) -> JobFacts:
        """One job.

        Raises:
            ParameterError: there is no such job.
        """
        return _facts(self._job(job_id))

    def cancel(self, job_id: str) -> str:
        """Take a job out of its queue, or end it; what was done, for people.

        Raises:
            ParameterError: there is no such job, or it is over.
        """
        job = self._job(job_id)
        status = job.get_status()
        if status not in OPEN:
            raise ParameterError(f"job {job_id} is {status.value}: there is nothing to cancel")
        if status is not JobStatus.STARTED:
            job.cancel()
            return f"{job_id} is canceled"
        try:
            send_stop_job_command(self._client, job_id, serializer=JSONSerializer)
        except InvalidJobOperation as error:
            raise ParameterError(f"job {job_id} cannot be stopped: {error}; try again") from error
        return f"worker {job.worker_name} is told to stop {job_id}"

    def dead(self) -> list[JobFacts]:
        """The jobs that failed for good or were stopped, the last first."""
        return [job for job in self.all() if job.status in (JobStatus.FAILED.value, JobStatus.STOPPED.value)]

    def requeue(self, job_id: str) -> None:
        """Give a job that failed or was stopped all its tries again.

        Raises:
            ParameterError: there is no such dead job, or another of its kind is not done yet.
        """
        job = self._job(job_id)
        queue = queue_named(self._client, job.origin)
        if job_id not in queue.failed_job_registry:
            raise ParameterError(f"job {job_id} is {job.get_status().value}, it has not failed")

        def open_again(pipe: Pipeline) -> None:
            job.retries_left, job.retry_intervals = len(RETRY_AFTER_S), list(RETRY_AFTER_S)
            job.meta |= {"stage": "", "share": None}
            job.started_at = job.ended_at = None
            # RQ's own requeue takes two steps: an end between them would leave a job that is open and in no queue
            queue.failed_job_registry.remove(job, pipeline=pipe)
            queue.enqueue_job(job, pipeline=pipe)

        other = self._if_none_is_open(job.meta["kind"], job_id, open_again, None)
        if other is not None:
            raise ParameterError(f"job {other} is not done yet: wait for it, or cancel it")

    def _if_none_is_open(
        self,
        kind: str,
        job_id: str,
        act: Callable[[Pipeline], object],
        also: Callable[[Pipeline], object] | None,
    ) -> str | None:
        """Act and note the job as the one of its kind, in one transaction; or return the id of the open one."""
        key = keys.active_job(kind)
        while True:
            with self._client.pipeline() as pipe:
                try:
                    pipe.watch(key)
                    active: Any = pipe.get(key)
                    other = active.decode() if active is not None and self._is_open(active.decode()) else None
                    pipe.multi()
                    if other is None:
                        pipe.set(key, job_id)
                        act(pipe)
                    if also is not None:
                        also(pipe)
                    pipe.execute()
                except WatchError:
                    continue
                return other

    def _is_open(self, job_id: str) -> bool:
        try:
            return self._fetch(job_id).get_status() in OPEN
        except (NoSuchJobError, InvalidJobOperation):
            return False

    def _job(self, job_id: str) -> Job:
        try:
            return self._fetch(job_id)
        except (NoSuchJobError, ValueError):
            # RQ refuses to look for what is no name of a job
            raise ParameterError(f"there is no job {job_id!r}; `bookverse jobs list` shows them") from None

    def _fetch(self, job_id: str) -> Job:
        return Job.fetch(job_id, connection=self._client, serializer=JSONSerializer)

    def _queues(self) -> Iterator[Queue]:
        return (queue_named(self._client, name) for name in QUEUES)

    def _ids_in(self, queue: Queue, newest: int | None) -> Iterator[str]:
        registries = (
            queue.started_job_registry,
            queue.scheduled_job_registry,
            queue.finished_job_registry,
            queue.failed_job_registry,
            queue.canceled_job_registry,
        )
        most = -1 if newest is None else max(newest, MOST_IDS)
        yield from queue.get_job_ids(length=most)
        for registry in registries:
            # looking must not act: a worker sees to jobs whose worker died
            yield from registry.get_job_ids(end=most if most < 0 else most - 1, desc=True, cleanup=False)


def _asked_at(job_id: str) -> str:
    """What a job's id says of when it was asked for, in an order of texts; it is that of `Jobs.trigger`."""
    return job_id.partition("-")[2]


def _facts(job: Job) -> JobFacts:
    status = job.get_status(refresh=False)
    return JobFacts(
        job_id=job.id,
        kind=job.meta.get("kind", ""),
        status=status.value,
        by=job.meta.get("by", ""),
        asked=job.created_at,
        started=job.started_at,
        ended=job.ended_at,
        stage=job.meta.get("stage", ""),
        share=job.meta.get("share"),
        worker=job.worker_name or "",
        tries_left=job.retries_left or 0,
        outcome=_outcome(job, status),
    )


def _outcome(job: Job, status: JobStatus) -> str:
    if status is JobStatus.FINISHED:
        return str(job.return_value() or "")
    if status in (JobStatus.FAILED, JobStatus.STOPPED):
        result = job.latest_result()
        lines = (result.exc_string or "").strip().splitlines() if result is not None else []
        return lines[-1] if lines else ""
    return ""
