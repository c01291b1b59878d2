"""What workers do beside the server."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Final, Self

import strawberry

if TYPE_CHECKING:
    from recs_core.online.jobs import JobFacts

MAX_OUTCOME: Final = 2_000
"""Characters of what a job said at its end."""


@strawberry.enum(description="What a job does.")
class JobKind(Enum):
    """What a job does."""

    INDEX = strawberry.enum_value("index", description="Makes the content index anew.")
    TRAIN = strawberry.enum_value("train", description="Runs the pipeline and publishes its bundle.")
    EVALUATE = strawberry.enum_value("evaluate", description="Measures and compares the models.")
    AGGREGATE = strawberry.enum_value("aggregate", description="Writes interaction events to their table.")
    RETAIN = strawberry.enum_value("retain", description="Forgets what has been kept long enough.")
    ERASE = strawberry.enum_value("erase", description="Trains without the readers who were erased.")
    SYNC = strawberry.enum_value("sync", description="Reads the store's services.")


@strawberry.enum(description="How far a job is.")
class JobStatus(Enum):
    """How far a job is."""

    QUEUED = strawberry.enum_value("queued", description="Waits for a worker.")
    SCHEDULED = strawberry.enum_value("scheduled", description="Has failed, and is tried again later.")
    DEFERRED = strawberry.enum_value("deferred", description="Waits for another job.")
    STARTED = strawberry.enum_value("started", description="Is under way.")
    FINISHED = strawberry.enum_value("finished", description="Is done.")
    FAILED = strawberry.enum_value("failed", description="Has failed for good.")
    STOPPED = strawberry.enum_value("stopped", description="Was ended while it was under way.")
    CANCELED = strawberry.enum_value("canceled", description="Was taken out of its queue.")


@strawberry.type(description="A job of the workers.")
class Job:
    """A job of the workers."""

    job_id: strawberry.ID = strawberry.field(description="Its name, as `bookverse jobs` shows it.")
    kind: JobKind = strawberry.field(description="What it does.")
    status: JobStatus = strawberry.field(description="How far it is.")
    asked_by: str = strawberry.field(description="Who asked for it: schedule, command line, API.")
    asked_at: datetime | None = strawberry.field(description="When it was asked for.")
    started_at: datetime | None = strawberry.field(description="When it last began; null: not yet.")
    ended_at: datetime | None = strawberry.field(description="When it last ended; null: not yet.")
    stage: str | None = strawberry.field(
        description="What it does at this moment; null where that is not known."
    )
    progress: float | None = strawberry.field(
        description="The share of it that is done, 0 to 1; null where that is not known."
    )
    tries_left: int = strawberry.field(description="How often it is tried again should it fail.")
    outcome: str | None = strawberry.field(
        description="What it did, or the last line of why it failed; null while it is not over."
    )

    @classmethod
    def of(cls, facts: JobFacts) -> Self:
        """A job as clients see it; which machine does it is not their business."""
        return cls(
            job_id=strawberry.ID(facts.job_id),
            kind=JobKind(facts.kind),
            status=JobStatus(facts.status),
            asked_by=facts.by,
            asked_at=facts.asked,
            started_at=facts.started,
            ended_at=facts.ended,
            stage=facts.stage or None,
            progress=facts.share,
            tries_left=facts.tries_left,
            outcome=facts.outcome[:MAX_OUTCOME] or None,
        )
