"""What the jobs do. Each runs in a process of its own, inside a worker."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rq import get_current_job

from pipelines.kept import Kept
from pipelines.worker.erasing import erase_closed
from pipelines.worker.errors import HopelessJobError
from pipelines.worker.processes import CommandError, job_environment, run_command
from pipelines.worker.stages import repro
from pipelines.worker.upstream.client import Bounds, Endpoint
from pipelines.worker.upstream.sync import synchronise
from pipelines.worker.working_copy import WorkingCopy
from recs_core.data.pseudonyms import Pseudonyms
from recs_core.online.connection import connect

NOT_DUE = 3
"""Exit status of `pipelines.freshness`: training need not run yet."""


@dataclass(frozen=True)
class JobPlace:
    """Where jobs work and what they may take.

    Args:
        copy: the working copy.
        published: the path or URL of published bundles.
        event_table: the folder of the event table.
        redis_url: where events come from, and servers hear of bundles.
        retrain_share, retrain_drift, retrain_age: see `pipelines.freshness`.
        kept: how long what is kept; see `pipelines.retention`.
        memory_limit: bytes that a job may hold.
        threads: threads of its numerical libraries.
        services: of the store, which are read.
        bounds: what a request to one of them may take.
        pseudonyms: of the readers whom they name; None where ids are used as they are.
    """

    copy: WorkingCopy
    published: str
    event_table: Path
    redis_url: str
    retrain_share: float
    retrain_drift: float
    retrain_age: int
    kept: Kept
    memory_limit: int
    threads: int
    services: tuple[Endpoint, ...]
    bounds: Bounds
    pseudonyms: Pseudonyms | None

    def run(
        self,
        command: Sequence[str],
        on_line: Callable[[str], object] = lambda line: None,
        *,
        in_project: bool = False,
    ) -> list[str]:
        """Run a command in the working copy, or in the project itself; its last lines."""
        return run_command(
            command,
            cwd=self.copy.project if in_project else self.copy.folder,
            environment=job_environment(self.copy.folder, self.threads) | {"REDIS_URL": self.redis_url},
            memory_limit=self.memory_limit,
            on_line=on_line,
        )


PLACE: ContextVar[JobPlace] = ContextVar("PLACE")
"""Set by the worker before it begins a job."""


def index() -> str:
    """Make the content index of the catalogue anew."""
    with _alone():
        return _stages("features")


def evaluate() -> str:
    """Measure all models and compare them, and write the report; what is served stays as it is."""
    with _alone():
        return _stages("compare", "report")


def aggregate() -> str:
    """Write the interaction events that are new to the event table."""
    say("aggregate", None)
    return _last_line(_module("pipelines.event_table", "--table", str(PLACE.get().event_table)))


def retain() -> str:
    """Forget what has been kept for as long as it may be."""
    place = PLACE.get()
    say("retain", None)
    # no job is to read what is removed
    with _alone():
        where = ["--table", str(place.event_table), "--published", place.published]
        return _last_line(_module("pipelines.retention", *where, *place.kept.as_options()))


def erase() -> str:
    """Take readers who were erased out of the event table, and train and publish without them.

    Raises:
        HopelessJobError: the gate refused the bundle; what was served before is served on, and masks them.
    """
    say("erase", None)
    removed = _last_line(_module("pipelines.event_erasure", "--table", str(PLACE.get().event_table)))
    return f"{removed}; {train()}"


def sync() -> str:
    """Read what has changed in the store's services, and send it on as events.

    A service that is away is no reason to fail: what it told before stays, and the schedule asks again.

    Raises:
        HopelessJobError: a service refuses us, or answers otherwise than agreed; the others were read.
    """
    place = PLACE.get()
    if not place.services:
        raise HopelessJobError("no service is named: set upstream.inventory_url, checkout_url or users_url")
    with connect(place.redis_url) as client:
        outcomes = [
            synchronise(
                client,
                service,
                place.bounds,
                say,
                pseudonyms=place.pseudonyms,
                erase=partial(erase_closed, place.redis_url),
            )
            for service in place.services
        ]
    text = "; ".join(outcome.text for outcome in outcomes)
    if any(outcome.needs_a_person for outcome in outcomes):
        raise HopelessJobError(text)
    return text


def train(only_if_due: bool = False) -> str:
    """Run the pipeline and publish its bundle through the gate.

    Args:
        only_if_due: do nothing while little is new.

    Raises:
        HopelessJobError: the gate refused the bundle; what was served before is served on.
    """
    place = PLACE.get()
    aggregate()
    table = ["--table", str(place.event_table)]
    served = ["--published", place.published]
    why = ""
    if only_if_due:
        rule = {"share": place.retrain_share, "drift": place.retrain_drift, "age": place.retrain_age}
        bounds = [word for name, bound in rule.items() for word in (f"--{name}", str(bound))]
        try:
            why = f"; {_last_line(_module('pipelines.freshness', 'check', *table, *served, *bounds))}"
        except CommandError as error:
            if error.status == NOT_DUE:
                return _last_line(error.lines)
            raise
    knew = _last_line(_module("pipelines.freshness", "known", *table))
    with _alone():
        done = _stages()
        published = _publish()
    _module("pipelines.freshness", "trained", *table, *served, "--knew", knew)
    return f"{done}; {published}{why}"


def say(stage: str, share: float | None) -> None:
    """Note how far the job is, for who looks at it."""
    job = get_current_job()
    if job is not None:
        job.meta |= {"stage": stage, "share": share}
        job.save_meta()


def _stages(*targets: str) -> str:
    place = PLACE.get()
    say("prepare the working copy", None)
    revision = place.copy.refresh()
    # all jobs alike: else each would undo what another has made
    place.run([sys.executable, "-m", "pipelines.train_on_events", "--table", str(place.event_table)])
    count = repro(place.run, targets, say)
    return f"{count} stages of {revision[:8]} are current"


def _publish() -> str:
    place = PLACE.get()
    say("publish", None)
    try:
        return _last_line(
            place.run([sys.executable, "-m", "pipelines.bundle", "publish", "--to", place.published])
        )
    except CommandError as error:
        if any(line.startswith("nothing was published") for line in error.lines):
            raise HopelessJobError("\n".join(error.lines)) from error
        raise


@contextmanager
def _alone() -> Iterator[None]:
    say("wait for the working copy", None)
    with PLACE.get().copy.alone():
        yield


def _module(name: str, *arguments: str) -> list[str]:
    return PLACE.get().run([sys.executable, "-m", name, *arguments], in_project=True)


def _last_line(lines: Sequence[str]) -> str:
    return lines[-1] if lines else ""
