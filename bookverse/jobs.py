"""Jobs in their queues."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bookverse.state import state_of
from recs_core.online.job_kinds import KINDS
from recs_core.online.jobs import OPEN, JobFacts, Jobs

app = typer.Typer(no_args_is_help=True, help="Jobs: ask for one, look, cancel, see to those that failed.")
console = Console(highlight=False)

LOOK_EVERY_S = 0.5

JobId = Annotated[str, typer.Argument(help="As `bookverse jobs list` shows it.")]


@app.command()
def run(
    context: typer.Context,
    kind: Annotated[str, typer.Argument(help=f"Of {', '.join(KINDS)}.")],
    wait: Annotated[bool, typer.Option(help="Show how far it is, until it is over.")] = False,
) -> None:
    """Ask for a job, unless one of its kind is not done yet."""
    jobs = Jobs(state_of(context).redis)
    asked = jobs.trigger(kind, by="command line")
    console.print(f"{asked.job_id} {'is asked for' if asked.is_new else 'is not done yet, and will do'}")
    if wait and _followed(jobs, asked.job_id).status != "finished":
        raise typer.Exit(1)


@app.command("list")
def listed(context: typer.Context) -> None:
    """All jobs that are known, the last first."""
    _show(Jobs(state_of(context).redis).all())


@app.command()
def cancel(context: typer.Context, job_id: JobId) -> None:
    """Take a job out of its queue, or end it where it runs."""
    console.print(Jobs(state_of(context).redis).cancel(job_id))


@app.command()
def dead(context: typer.Context) -> None:
    """The jobs that failed for good or were stopped, with the reason."""
    _show(Jobs(state_of(context).redis).dead())


@app.command()
def requeue(context: typer.Context, job_id: JobId) -> None:
    """Give a dead job all its tries again."""
    Jobs(state_of(context).redis).requeue(job_id)
    console.print(f"{job_id} is in its queue again")


def _show(jobs: Iterable[JobFacts]) -> None:
    table = Table(box=None, padding=(0, 1))
    # an id is to be copied, so it is never cut
    for name in ("job", "status", "started"):
        table.add_column(name, no_wrap=True)
    table.add_column("by")
    table.add_column("what")
    for job in jobs:
        what = _at(job) if job.status == "started" else job.outcome
        table.add_row(*map(escape, (job.job_id, job.status, _time(job.started), job.by, what)))
    console.print(table if table.rows else "there are none")


def _at(job: JobFacts) -> str:
    share = "" if job.share is None else f" {job.share:.0%}"
    return f"{job.stage}{share}"


def _time(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%m-%d %H:%M:%S}"


def _followed(jobs: Jobs, job_id: str) -> JobFacts:
    """A job when it is over; shows what it does until then."""
    shown = ""
    with console.status(f"{job_id} waits") as status:
        while True:
            job = jobs.get(job_id)
            if job.status not in {each.value for each in OPEN}:
                break
            said = f"{job.status} {_at(job)}"
            if said != shown:
                status.update(escape(said))
                if not console.is_terminal:
                    console.print(escape(said))
                shown = said
            time.sleep(LOOK_EVERY_S)
    console.print(escape(f"{job.status}: {job.outcome}"))
    return job
