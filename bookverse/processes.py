"""Commands that run until they are told to stop: the server, workers, schedulers."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from redis import Redis
from rich.console import Console
from rich.table import Table

import graphql_api.__main__ as server
from bookverse.state import State, state_of
from bookverse.upstream import bounds, services
from pipelines.kept import Kept
from pipelines.worker.queue_worker import LOG_LEVEL, JobLimits, QueueWorker
from pipelines.worker.scheduler import Schedule, Scheduler
from pipelines.worker.tasks import JobPlace
from pipelines.worker.working_copy import WorkingCopy
from recs_core.online.job_kinds import QUEUES, queue_named
from recs_core.online.timetable import Timetable

PASSED_ON: Final[dict[str, Any]] = {
    "context_settings": {"allow_extra_args": True, "ignore_unknown_options": True},
    "add_help_option": False,
}
"""Of a command whose arguments another command line reads, which has a help of its own."""


def serve(context: typer.Context) -> None:
    """Serve a bundle over GraphQL; takes the arguments of `python -m graphql_api`, and its --help."""
    config = state_of(context).config
    named = [] if config is None else ["--config", str(config)]
    raise typer.Exit(server.main([*named, *context.args]))


def worker(
    context: typer.Context,
    queues: Annotated[
        list[str], typer.Argument(help=f"Of {', '.join(QUEUES)}; a job of one named before goes first.")
    ],
    burst: Annotated[bool, typer.Option(help="Stop when no job is waiting.")] = False,
) -> None:
    """Do the jobs of queues, one at a time, until SIGTERM or Ctrl-C.

    Start it in the project's root. The job under way is finished first; a second signal ends it at once, and another
    worker does it again.
    """
    state = state_of(context)
    for name in queues:
        queue_named(state.redis, name)
    limits = JobLimits(time_s=state.settings.worker.time_limit, niceness=state.settings.worker.niceness)
    # RQ waits in Redis for longer than our other clients do
    with Redis.from_url(state.redis_url) as client:
        client.ping()
        QueueWorker(client, queues, job_place(state), limits).work(burst=burst, logging_level=LOG_LEVEL)


def job_place(state: State) -> JobPlace:
    """Where the settings say that jobs work."""
    settings, project = state.settings.worker, Path.cwd()
    published = state.settings.api.published
    return JobPlace(
        copy=WorkingCopy(project, project / settings.copy_folder),
        published=published if "://" in published else str(project / published),
        event_table=project / settings.event_table,
        redis_url=state.redis_url,
        retrain_share=settings.retrain_share,
        retrain_drift=settings.retrain_drift,
        retrain_age=settings.retrain_age,
        kept=Kept(
            stream_s=settings.stream_retention,
            dead_letter_s=settings.dead_letter_retention,
            event_s=settings.event_retention,
            bundles=settings.bundles_kept,
        ),
        memory_limit=settings.memory_limit,
        threads=settings.threads,
        services=services(state),
        bounds=bounds(state),
        pseudonyms=state.settings.pseudonyms,
    )


def schedule(
    context: typer.Context,
    show: Annotated[
        bool, typer.Option("--next", help="Say what is asked for next and when, and ask for nothing.")
    ] = False,
) -> None:
    """Ask for jobs when they are due. Many may run: one acts, another takes its place when it is gone."""
    state = state_of(context)
    scheduler = Scheduler(state.redis, schedules(state))
    if show:
        Console(highlight=False).print(_timetable(scheduler))
        return
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    scheduler.run(stop)


def schedules(state: State) -> list[Schedule]:
    """What the settings say is asked for when."""
    settings = state.settings.worker
    reading = [Schedule("sync", Timetable.parse(settings.sync_interval))] if services(state) else []
    return [
        *reading,
        Schedule("index", Timetable.parse(settings.indexing_interval)),
        Schedule("aggregate", Timetable.parse(settings.aggregation_interval)),
        Schedule("retain", Timetable.parse(settings.retention_interval)),
        Schedule("train", Timetable.parse(settings.training_interval), {"only_if_due": True}),
        Schedule("evaluate", Timetable.parse(settings.evaluation_interval)),
    ]


def _timetable(scheduler: Scheduler) -> Table:
    table = Table(box=None, padding=(0, 1))
    for name in ("when (UTC)", "job", "timetable", ""):
        table.add_column(name)
    for planned, moment, missed in scheduler.next():
        when = "at once" if missed else f"{moment:%Y-%m-%d %H:%M:%S}"
        note = "catches up with what was missed" if missed else ""
        table.add_row(when, planned.kind, str(planned.timetable), note)
    return table
