"""What jobs there are, and which queue each waits in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from redis import Redis
from rq import Queue, Retry
from rq.serializers import JSONSerializer

from recs_core.errors import ParameterError

QUEUES: Final = ("index", "train", "evaluate", "maintenance")
"""A worker takes jobs from one or several; of one that is named before another first."""

RETRY_AFTER_S: Final = (10, 60, 300)
"""A job that fails is tried again after so many seconds each time, then it is a dead letter."""

FINISHED_KEPT_S: Final = 7 * 86_400
DEAD_KEPT_S: Final = 90 * 86_400


@dataclass(frozen=True)
class JobKind:
    """A job that can be asked for.

    Args:
        name: what it is called.
        queue: where it waits.
        task: the function that does it, as a dotted path.
        what: what it does, for people.
        finished_kept_s: how long a finished job can be looked at, in seconds.
    """

    name: str
    queue: str
    task: str
    what: str
    finished_kept_s: int = FINISHED_KEPT_S


KINDS: Final[Mapping[str, JobKind]] = {
    kind.name: kind
    for kind in (
        JobKind("index", "index", "pipelines.worker.tasks.index", "make the content index anew"),
        JobKind("train", "train", "pipelines.worker.tasks.train", "run the pipeline, publish its bundle"),
        JobKind("evaluate", "evaluate", "pipelines.worker.tasks.evaluate", "measure and compare the models"),
        JobKind(
            "aggregate",
            "maintenance",
            "pipelines.worker.tasks.aggregate",
            "write interaction events to the table",
        ),
        JobKind(
            "retain", "maintenance", "pipelines.worker.tasks.retain", "forget what has been kept long enough"
        ),
        JobKind(
            "erase",
            "train",
            "pipelines.worker.tasks.erase",
            "take readers who were erased out of the table, run the pipeline without them, publish its bundle",
        ),
        # so often that a week of them would hide the others; `bookverse upstream list` knows the last
        JobKind("sync", "maintenance", "pipelines.worker.tasks.sync", "read the store's services", 3_600),
    )
}
"""Every job by its name."""


def queue_named(client: Redis, name: str) -> Queue:
    """A queue; what lies in it is JSON.

    Raises:
        ParameterError: there is no such queue.
    """
    if name not in QUEUES:
        raise ParameterError(f"queue must be one of {', '.join(QUEUES)} (got {name!r})")
    return Queue(name, connection=client, serializer=JSONSerializer)


def retry() -> Retry:
    """How a job that failed is tried again."""
    return Retry(max=len(RETRY_AFTER_S), interval=RETRY_AFTER_S)
