"""Up to where each service was read, how that went, and which of its rows are not as agreed. It lies in Redis."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import orjson
from redis import Redis
from redis.client import Pipeline

from pipelines.worker.upstream.breaker import breaker_state
from pipelines.worker.upstream.services import SERVICES
from recs_core.online import keys

MAX_ROWS: Final = 1_000
"""Rows of a service that are set aside. More are no exceptions: then the service, or our reading, is at fault."""

MAX_ROW_BYTES: Final = 10_000
MAX_REASON: Final = 2_000


@dataclass(frozen=True)
class UpstreamState:
    """A service as we know it.

    Args:
        position: from where it is asked the next time; None for everything.
        etag: of its last answer from there.
        succeeded: when it was last read to the end.
        fault: what has gone wrong since; empty where nothing has.
        not_before: when it wants to be asked again.
        breaker: state of its circuit breaker.
        rows_set_aside: how many of its rows are not as agreed.
    """

    position: str | None
    etag: str | None
    succeeded: datetime | None
    fault: str
    not_before: datetime | None
    breaker: str
    rows_set_aside: int


@dataclass(frozen=True)
class RowSetAside:
    """A row that is not as agreed.

    Args:
        row_id: its id, or a digest where it has none.
        reason: field and rule.
        row: its JSON as it came; empty where it may be personal.
        time: when it was last seen.
    """

    row_id: str
    reason: str
    row: str
    time: datetime


def read_state(client: Redis, service: str) -> UpstreamState:
    """What is known of a service."""
    stored: Any = client.hgetall(keys.upstream_state(service))
    found = {name.decode(): value.decode() for name, value in stored.items()}
    return UpstreamState(
        position=found.get("position"),
        etag=found.get("etag"),
        succeeded=_time(found.get("succeeded")),
        fault=found.get("fault", ""),
        not_before=_time(found.get("not_before")),
        breaker=breaker_state(client, service),
        rows_set_aside=int(client.hlen(keys.upstream_rows(service))),
    )


def signs(client: Redis) -> dict[str, dict[str, Any]]:
    """How each service that was ever asked is doing, for who watches heartbeats."""
    now = datetime.now(UTC)
    found = {}
    for service in SERVICES:
        known = read_state(client, service)
        if known.succeeded is not None or known.fault:
            found[service] = {
                "breaker": known.breaker,
                "read_s_ago": None
                if known.succeeded is None
                else round((now - known.succeeded).total_seconds()),
                "fault": known.fault,
                "rows_set_aside": known.rows_set_aside,
            }
    return found


def note_success(
    client: Redis, service: str, position: str | None, etag: str | None, *, asked: str | None
) -> None:
    """Note that a service was read to the end, in one: what was wrong before is over.

    Args:
        position: from where it is asked the next time, unless a person chose another meanwhile.
        etag: of its last answer from there.
        asked: from where it was read.
    """
    key = keys.upstream_state(service)

    def write(pipe: Pipeline) -> None:
        known: Any = pipe.hget(key, "position")
        written: dict[str, str | None] = {"succeeded": datetime.now(UTC).isoformat()}
        gone = ["fault", "not_before"]
        if asked == (None if known is None else known.decode()):
            written |= {"position": position, "etag": etag}
            gone += ["position", "etag"]
        pipe.multi()
        _put(pipe, service, written, gone)

    client.transaction(write, key)


def note_fault(client: Redis, service: str, fault: str, not_before: datetime | None) -> None:
    """Note that a service could not be read: its position stays."""
    written = {"fault": fault, "not_before": None if not_before is None else not_before.isoformat()}
    _replace(client, service, written, gone=("not_before",))


def begin_at(client: Redis, service: str, position: str | None) -> None:
    """Have the next job ask from a position; None for everything."""
    _replace(client, service, {"position": position}, gone=("position", "etag", "not_before"))


def set_aside(client: Redis, service: str, rows: Collection[RowSetAside], good: Collection[str]) -> int:
    """Keep the rows that are not as agreed, and drop those that are now.

    Args:
        rows: the bad ones.
        good: ids of the others.

    Returns:
        How many are set aside now.
    """
    key = keys.upstream_rows(service)
    with client.pipeline() as pipe:
        if good:
            pipe.hdel(key, *good)
        if rows:
            pipe.hset(
                key,
                mapping={
                    row.row_id: orjson.dumps(
                        {
                            "reason": row.reason[:MAX_REASON],
                            "row": row.row[:MAX_ROW_BYTES],
                            "time": row.time.isoformat(),
                        }
                    )
                    for row in rows
                },
            )
        pipe.hlen(key)
        return int(pipe.execute()[-1])


def rows_set_aside(client: Redis, service: str) -> list[RowSetAside]:
    """The rows of a service that are not as agreed, the last seen first."""
    stored: Any = client.hgetall(keys.upstream_rows(service))
    found = [(row_id.decode(), orjson.loads(value)) for row_id, value in stored.items()]
    rows = [
        RowSetAside(row_id, each["reason"], each["row"], datetime.fromisoformat(each["time"]))
        for row_id, each in found
    ]
    return sorted(rows, key=lambda row: (row.time, row.row_id), reverse=True)


def _replace(client: Redis, service: str, written: Mapping[str, str | None], gone: Collection[str]) -> None:
    with client.pipeline() as pipe:
        _put(pipe, service, written, gone)
        pipe.execute()


def _put(pipe: Pipeline, service: str, written: Mapping[str, str | None], gone: Collection[str]) -> None:
    known: Any = {name: value for name, value in written.items() if value is not None}
    pipe.hdel(keys.upstream_state(service), *gone)
    if known:
        pipe.hset(keys.upstream_state(service), mapping=known)


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
