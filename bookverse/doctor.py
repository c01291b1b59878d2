"""`bookverse doctor`: what is not as it should be on this machine, and what to do about it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from itertools import chain
from pathlib import Path
from typing import Any, Final, Literal

import typer
from packaging.version import Version
from redis.exceptions import RedisError
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rq.worker_registration import get_keys

from bookverse.state import State, state_of
from bookverse.upstream import ago, services
from graphql_api.settings import Settings, registry_of
from graphql_api.wiring import check_pseudonym_key
from pipelines.worker.upstream.state import read_state
from recs_core.artifacts.bundle import open_bundle
from recs_core.errors import BookverseError, ParameterError
from recs_core.online import keys
from recs_core.online.events import STREAMS
from recs_core.online.job_kinds import QUEUES, queue_named
from recs_core.online.jobs import Jobs
from recs_core.online.streams import lags

PYTHON: Final = (3, 11)
LOCKS: Final = (Path("requirements.lock"), Path("requirements-platform.lock"))
FORGETFUL: Final = "allkeys"
"""Beginning of the policies with which a full Redis forgets events."""

console = Console(highlight=False)


@dataclass(frozen=True)
class Finding:
    """What was looked at.

    Args:
        what: its name.
        state: `good`, `note` for what may be as wanted, or `bad`.
        found: how it is.
        advice: what to do; empty where there is nothing to do.
    """

    what: str
    state: Literal["good", "note", "bad"]
    found: str
    advice: str = ""


def doctor(context: typer.Context) -> None:
    """Check versions, configuration, Redis, workers, data and bundle; exit 1 where something is bad."""
    findings = list(examine(state_of(context)))
    table = Table(box=None, padding=(0, 1), show_header=False)
    colours = {"good": "green", "note": "yellow", "bad": "red"}
    for finding in findings:
        text = f"{finding.found}: {finding.advice}" if finding.advice else finding.found
        table.add_row(f"[{colours[finding.state]}]{finding.state}[/]", finding.what, escape(text))
    console.print(table)
    if any(finding.state == "bad" for finding in findings):
        raise typer.Exit(1)


def examine(state: State) -> Iterator[Finding]:
    """Look at everything; what cannot be looked at because of another fault is left out."""
    yield _python()
    yield _packages()
    try:
        settings = state.settings
    except BookverseError as error:
        yield Finding("configuration", "bad", str(error), "`bookverse serve --check-config` shows where from")
        return
    yield _configuration(settings)
    yield from _redis(state)
    yield _data()
    yield _bundle(state)


def _configuration(settings: Settings) -> Finding:
    found = f"for {settings.environment}"
    try:
        settings.insist_on_secrets_of_servers()
    except ParameterError as error:
        return Finding("configuration", "note", f"{found}, enough for a worker", f"for a server: {error}")
    return Finding("configuration", "good", found)


def _python() -> Finding:
    found = f"Python {sys.version.split()[0]}"
    if sys.version_info[:2] == PYTHON:
        return Finding("versions", "good", found)
    return Finding(
        "versions", "bad", found, f"use {'.'.join(map(str, PYTHON))}; `make setup` makes an environment"
    )


def _packages() -> Finding:
    missing = [str(lock) for lock in LOCKS if not lock.exists()]
    if missing:
        found = f"there is no {missing[0]} here"
        return Finding("packages", "note", found, "run this in the project's root to compare")
    other = []
    for line in chain.from_iterable(lock.read_text().splitlines() for lock in LOCKS):
        name, _, pinned = line.partition(" --hash")[0].partition("==")
        if line.startswith("#") or not pinned:
            continue
        try:
            found = version(name)
        except PackageNotFoundError:
            other.append(f"{name} missing instead of {pinned}")
            continue
        # a build for one kind of processor says so behind a plus
        if Version(found.split("+")[0]) != Version(pinned):
            other.append(f"{name} {found} instead of {pinned}")
    if other:
        return Finding("packages", "bad", "; ".join(other), "`make setup` installs what is pinned")
    return Finding("packages", "good", "as the locks have them")


def _redis(state: State) -> Iterator[Finding]:
    try:
        client: Any = state.redis
        info = client.info()
    except BookverseError as error:
        yield Finding("Redis", "bad", str(error))
        return
    except RedisError as error:
        yield Finding("Redis", "bad", str(error), "start it, or correct REDIS_URL")
        return
    yield Finding("Redis", "good", f"version {info['redis_version']}")
    policy = info.get("maxmemory_policy", "")
    if policy.startswith(FORGETFUL):
        advice = "set maxmemory-policy to volatile-lru or noeviction"
        yield Finding("Redis memory", "bad", f"{policy} lets it forget events", advice)
    if not info.get("aof_enabled"):
        advice = "set appendonly yes, unless this is a developer's"
        yield Finding("Redis disk", "note", "events and jobs are lost when it ends", advice)
    yield from _streams(client)
    yield from _workers(client)
    yield from (_service(client, endpoint.service) for endpoint in services(state))


def _streams(client: Any) -> Iterator[Finding]:
    consumers = len(list(client.scan_iter(keys.heartbeat("*"))))
    if consumers:
        yield Finding("consumers", "good", f"{consumers} live")
    else:
        yield Finding("consumers", "note", "none lives", "`bookverse events consume interactions inventory`")
    for stream in sorted(STREAMS):
        behind = ", ".join(f"{group} has {lag:,} to handle" for group, lag in lags(client, stream).items())
        dead = client.xlen(keys.dead_letters(stream))
        if dead:
            yield Finding(stream, "bad", f"{dead:,} dead letters", f"`bookverse events dead {stream}`")
        else:
            yield Finding(stream, "good", behind or "no events yet")


def _workers(client: Any) -> Iterator[Finding]:
    for name in QUEUES:
        queue = queue_named(client, name)
        workers = len([key for key in get_keys(queue=queue) if client.exists(key)])
        found = f"{workers} worker{'' if workers == 1 else 's'}, {queue.count} waiting"
        state: Literal["good", "note"] = "good" if workers else "note"
        yield Finding(f"queue {name}", state, found, "" if workers else f"`bookverse worker {name}`")
    dead = len(Jobs(client).dead())
    if dead:
        yield Finding("jobs", "bad", f"{dead} failed for good or were stopped", "`bookverse jobs dead`")
    if client.exists(keys.SCHEDULE_LEADER):
        yield Finding("schedule", "good", "a scheduler acts")
    else:
        yield Finding("schedule", "note", "no scheduler acts", "`bookverse schedule`")


def _service(client: Any, service: str) -> Finding:
    known = read_state(client, service)
    what, read = f"service {service}", f"read {ago(known.succeeded)}"
    if known.fault:
        found = f"{known.fault}; {read}, circuit breaker {known.breaker}"
        return Finding(what, "bad", found, "docs/upstream.md; what came before stays in force")
    if known.rows_set_aside:
        advice = f"`bookverse upstream rows {service}`"
        return Finding(what, "note", f"{read}, {known.rows_set_aside:,} rows set aside", advice)
    if known.succeeded is None:
        return Finding(what, "note", read, "`bookverse jobs run sync`, and `bookverse schedule`")
    return Finding(what, "good", read)


def _data() -> Finding:
    missing = [
        name for name in ("dvc.yaml", "dvc.lock", "params.yaml", ".dvc", ".git") if not Path(name).exists()
    ]
    if missing:
        advice = "run this, and workers, in the project's root"
        return Finding("pipeline", "note", f"{', '.join(missing)} not here", advice)
    if not Path("data/bundle").exists():
        return Finding(
            "pipeline", "note", "it has made no bundle here", "`dvc repro`, or `bookverse jobs run train`"
        )
    return Finding("pipeline", "good", "has made a bundle")


def _bundle(state: State) -> Finding:
    return _looked_at("bundle", lambda: _served(state), "`bookverse bundle list`, then publish or roll back")


def _served(state: State) -> str:
    chosen = state.settings.api.bundle
    registry = registry_of(state.settings)
    bundle = open_bundle(chosen if chosen is not None else registry.pull(registry.current()))
    check_pseudonym_key(bundle, state.settings)
    return f"{bundle.version} of {bundle.meta.model_name}, {len(bundle.users):,} readers, {len(bundle.books):,} books"


def _looked_at(what: str, look: Callable[[], str], advice: str) -> Finding:
    try:
        return Finding(what, "good", look())
    except BookverseError as error:
        return Finding(what, "bad", str(error), advice)
