"""Reads what has changed in the services, and sends it on as events; of closed accounts it has the readers erased.

A position moves only when all that came before it is in its stream. Whatever ends a synchronisation, the next one
reads the same again, and the same rows are the same events: they change nothing.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

from redis import Redis
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from pipelines.worker.upstream.breaker import breaker
from pipelines.worker.upstream.client import Bounds, Endpoint, UpstreamClient
from pipelines.worker.upstream.errors import (
    ContractError,
    HeldBackError,
    PositionGoneError,
    UnavailableError,
    UpstreamError,
)
from pipelines.worker.upstream.services import SERVICES, Closed, Service, said_by
from pipelines.worker.upstream.state import (
    MAX_ROWS,
    RowSetAside,
    UpstreamState,
    begin_at,
    note_fault,
    note_success,
    read_state,
    set_aside,
)
from pipelines.worker.upstream.wire import Page
from recs_core.data.erased import ErasureDigests
from recs_core.data.pseudonyms import Pseudonyms
from recs_core.errors import DataError
from recs_core.online.events import Event, Interaction, under_pseudonym
from recs_core.online.streams import MAX_BATCH, BackPressureError, EventProducer
from recs_core.online.tombstones import check_key, erased_ms, in_time

log = logging.getLogger(__name__)

BACK_PRESSURE_PATIENCE_S: Final = 60.0
"""How long a job waits for consumers to catch up, before it fails and is tried again."""

Say = Callable[[str, float | None], object]


@dataclass(frozen=True)
class Outcome:
    """What came of reading a service.

    Args:
        text: for people.
        fault: why it could not be read; None where it was read.
    """

    text: str
    fault: UpstreamError | None = None

    @property
    def needs_a_person(self) -> bool:
        """Whether trying again will not mend it."""
        return self.fault is not None and not isinstance(self.fault, UnavailableError | HeldBackError)


def synchronise(
    client: Redis,
    endpoint: Endpoint,
    bounds: Bounds,
    say: Say = lambda stage, share: None,
    *,
    pseudonyms: Pseudonyms | None = None,
    erase: Callable[[Sequence[Closed]], object],
) -> Outcome:
    """Read what has changed in a service since the last time, and send it on.

    Args:
        client: of the Redis that workers and servers share.
        endpoint: the service.
        bounds: what its requests may take.
        say: is told how far it is.
        pseudonyms: of readers; None where their ids are used as they are.
        erase: erases the readers of closed accounts.

    Raises:
        BackPressureError: consumers do not catch up; nothing is lost.
        RedisError: Redis is away; nothing is lost.
    """
    service = SERVICES[endpoint.service]
    state = read_state(client, service.name)
    try:
        if state.not_before is not None and state.not_before > datetime.now(UTC):
            raise HeldBackError(f"it asked for a pause until {state.not_before:%Y-%m-%d %H:%M:%S} UTC")
        with UpstreamClient(endpoint, service.path, bounds, breaker(client, service.name)) as upstream:
            done = _Reading(client, service, say, pseudonyms, erase).read(upstream, state)
    except UpstreamError as fault:
        return _failed(client, service, state, fault)
    return Outcome(f"{service.name}: {done}")


def _failed(client: Redis, service: Service, state: UpstreamState, fault: UpstreamError) -> Outcome:
    if isinstance(fault, HeldBackError):
        # it was not asked: what is noted of its last answer says more
        text = f"{service.name}: not asked: {fault}"
    else:
        not_before = fault.not_before if isinstance(fault, UnavailableError) else None
        note_fault(client, service.name, str(fault), not_before)
        text = f"{service.name}: not read: {fault}"
    since = (
        "nothing yet"
        if state.succeeded is None
        else f"what came until {state.succeeded:%Y-%m-%d %H:%M:%S} UTC"
    )
    log.warning("%s; in force stays %s", text, since)
    return Outcome(text, fault)


class _Reading:
    """One synchronisation of one service."""

    def __init__(
        self,
        client: Redis,
        service: Service,
        say: Say,
        pseudonyms: Pseudonyms | None,
        erase: Callable[[Sequence[Closed]], object],
    ) -> None:
        self._client = client
        self._service = service
        self._say = say
        self._pseudonyms = pseudonyms
        self._erase = erase
        self._rows = self._bad = 0

    def read(self, upstream: UpstreamClient, state: UpstreamState) -> str:
        """Read all pages; what came, for people."""
        asked = state.position
        try:
            first = upstream.first(asked, state.etag)
        except PositionGoneError:
            if asked is None:
                raise ContractError("it answers 410 Gone to a question without a position") from None
            log.warning("%s does not know our position any more: everything is read", self._service.name)
            begin_at(self._client, self._service.name, None)
            asked = None
            first = upstream.first(None, None)
        if first.page is None:
            note_success(self._client, self._service.name, asked, state.etag, asked=asked)
            return "nothing has changed"
        for number, page in enumerate(_pages(upstream, first.page), start=1):
            self._say(f"{self._service.name}: page {number}", None)
            self._take(page)
        # what an ETag belongs to is the answer from this position: it is worth keeping while nothing comes
        stays = first.etag is not None and self._rows == 0
        position = asked if stays else first.page.position
        etag = first.etag if stays else None
        note_success(self._client, self._service.name, position, etag, asked=asked)
        aside = (
            f", {self._bad:,} set aside: `bookverse upstream rows {self._service.name}`" if self._bad else ""
        )
        return f"{self._rows:,} row{'' if self._rows == 1 else 's'}{aside}"

    def _take(self, page: Page) -> None:
        """Pass on what the good rows say, and set the others aside."""
        now = datetime.now(UTC)
        events: list[Event] = []
        closed: list[Closed] = []
        good: list[str] = []
        bad: list[RowSetAside] = []
        for row in page.items:
            try:
                said = said_by(self._service, row, now)
                good.append(_row_id(row))
            except DataError as error:
                kept = "" if self._service.personal else json.dumps(row)
                bad.append(RowSetAside(_row_id(row), str(error), kept, now))
            else:
                if isinstance(said, Closed):
                    closed.append(said)
                elif said is not None:
                    events.append(under_pseudonym(said, self._pseudonyms))
        wanted = self._in_time(events) if self._service.personal else events
        for start in range(0, len(wanted), MAX_BATCH):
            self._send(wanted[start : start + MAX_BATCH])
        if closed:
            self._erase(closed)
        self._rows += len(page.items)
        self._bad += len(bad)
        aside = set_aside(self._client, self._service.name, bad, good)
        if bad and aside > MAX_ROWS:
            raise ContractError(f"{aside:,} of its rows are not as agreed, such as one with {bad[0].reason}")

    def _in_time(self, events: Sequence[Event]) -> Sequence[Event]:
        """Events without those of readers who were erased after them: a service may tell of them for ever."""
        digests = ErasureDigests.from_environment()
        check_key(self._client, digests)
        interactions = [event for event in events if isinstance(event, Interaction)]
        return in_time(interactions, erased_ms(self._client, digests, {e.user_id for e in interactions}))

    def _send(self, events: Sequence[Event]) -> None:
        patiently = Retrying(
            retry=retry_if_exception_type(BackPressureError),
            wait=wait_fixed(1),
            stop=stop_after_delay(BACK_PRESSURE_PATIENCE_S),
            reraise=True,
        )
        patiently(EventProducer(self._client).send, events)


def _pages(upstream: UpstreamClient, first: Page) -> Iterator[Page]:
    yield first
    yield from upstream.rest(first)


def _row_id(row: Any) -> str:
    given = row.get("id") if isinstance(row, dict) else None
    if isinstance(given, str) and 0 < len(given) <= 256:
        return given
    return f"sha256:{sha256(json.dumps(row, sort_keys=True).encode()).hexdigest()[:16]}"
