"""What workers do beside the server: to look at, to ask for, to cancel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import strawberry

from graphql_api.arguments import JOBS_FIRST, check_first, check_id
from graphql_api.context import Info
from graphql_api.errors import BadUserInputError
from graphql_api.types.job import Job, JobKind
from recs_core.errors import ParameterError

if TYPE_CHECKING:
    from recs_core.online.jobs import JobFacts, Jobs

BY: Final = "API"
NAMED: Final = frozenset(str(kind.value) for kind in JobKind)

KIND = strawberry.argument(description="What the job does.")
JOB_ID = strawberry.argument(
    description="The job's name; one that is unknown or over is the error BAD_USER_INPUT."
)


async def jobs(info: Info, first: Annotated[int, JOBS_FIRST] = 20) -> list[Job]:
    """The jobs that were asked for last."""
    check_first(first, info.context.server.max_first, least=1)
    found = await info.context.server.jobs.ask(lambda queues: queues.all(newest=first))
    # a newer worker may do what this server has no name for
    return [Job.of(facts) for facts in found if facts.kind in NAMED]


async def ask_for_job(info: Info, kind: Annotated[JobKind, KIND]) -> Job:
    """Ask for a job, unless one of its kind is not done yet."""

    def asked(queues: Jobs) -> JobFacts:
        return queues.get(queues.trigger(str(kind.value), by=BY).job_id)

    return Job.of(await info.context.server.jobs.ask(asked))


async def cancel_job(info: Info, job_id: Annotated[strawberry.ID, JOB_ID]) -> Job:
    """Cancel a job, or have it ended."""
    check_id(job_id, "jobId")

    def cancelled(queues: Jobs) -> JobFacts:
        queues.cancel(job_id)
        return queues.get(job_id)

    try:
        return Job.of(await info.context.server.jobs.ask(cancelled))
    except ParameterError as error:
        raise BadUserInputError(str(error)) from error
