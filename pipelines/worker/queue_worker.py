"""A worker that takes jobs from queues: RQ's, with limits, quicker to notice a death, and nothing unknown run."""

from __future__ import annotations

import logging
import os
import socket
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from redis import Redis
from rq import Queue, Worker
from rq.executions import Execution
from rq.job import Job
from rq.scheduler import RQScheduler
from rq.serializers import JSONSerializer

from pipelines.worker.errors import HopelessJobError
from pipelines.worker.tasks import PLACE, JobPlace
from recs_core.online.job_kinds import KINDS, queue_named
from recs_core.online.parent_death import dies_with_parent

log = logging.getLogger(__name__)

BEAT_S: Final = 5
"""How often a worker says that it lives, and sees to the jobs of those that do not."""

LOG_LEVEL: Final = "WARNING"
"""Of RQ, which tells of every look at its queues."""

SILENT_S: Final = 3 * BEAT_S
"""A job whose worker was silent for so long is another's."""


@dataclass(frozen=True)
class JobLimits:
    """What a job may take.

    Args:
        time_s: seconds.
        niceness: how far it stands back for other processes, 0 to 19.
    """

    time_s: int
    niceness: int


class QueueWorker(Worker):
    """One process that does one job at a time, each in a child of its own.

    Args:
        client: of the Redis that has the queues.
        queues: names of `QUEUES`; the first goes first.
        place: where jobs work.
        limits: what they may take.
    """

    def __init__(self, client: Redis, queues: Sequence[str], place: JobPlace, limits: JobLimits) -> None:
        super().__init__(
            [queue_named(client, name) for name in queues],
            name=f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:6]}",
            connection=client,
            serializer=JSONSerializer,
            job_monitoring_interval=BEAT_S,
            maintenance_interval=BEAT_S,
            worker_ttl=SILENT_S + BEAT_S,
            exception_handlers=[_let_die],
        )
        self._place = place
        self._limits = limits

    def get_heartbeat_ttl(self, job: Job, working_time: float = 0.0) -> int:
        """How long a job may go without a sign of life before another worker takes it."""
        return SILENT_S

    def run_maintenance_tasks(self) -> None:
        """Take over jobs of dead workers, and queue those whose pause between two tries is over."""
        super().run_maintenance_tasks()  # type: ignore[no-untyped-call]
        scheduler = RQScheduler(
            self.queues, connection=self.connection, serializer=self.serializer, logging_level=LOG_LEVEL
        )
        if scheduler.acquire_locks():
            try:
                scheduler.enqueue_scheduled_jobs()
            finally:
                scheduler.release_locks()

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Begin a job in a child, and wait for it."""
        job.timeout = self._limits.time_s
        log.info("%s begins", job.id)
        super().execute_job(job, queue)
        log.info("%s is over", job.id)

    def perform_job(self, job: Job, queue: Queue, execution: Execution) -> bool:
        """Do a job; runs in the child."""
        if (with_parent := dies_with_parent()) is not None:
            with_parent()
        os.nice(self._limits.niceness)
        # the queue is data: it does not choose which code runs
        kind = KINDS.get(job.meta.get("kind", ""))
        if kind is None or job.func_name != kind.task:
            log.error("%s asks for %s, which is no job; it is not run", job.id, job.func_name)
            job.func_name = "pipelines.worker.queue_worker.refuse"
            job.args, job.kwargs = (), {}
        PLACE.set(self._place)
        return super().perform_job(job, queue, execution)


def refuse() -> None:
    """What an unknown job does."""
    raise HopelessJobError("there is no such job; nothing was run")


def _let_die(job: Job, kind: type[BaseException], error: BaseException, trace: Any) -> bool:
    if isinstance(error, HopelessJobError):
        job.retries_left = 0
    return True
