"""Exporting a reader: everything that is held, a page at a time.

The first page has what is bounded by itself: the profile, the history and the ready list of the served bundle. Then
come the events that lie in the stream, those that could not be handled, and those of the event table.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import anyio.to_thread
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from redis.asyncio import Redis
from redis.exceptions import RedisError

from graphql_api.errors import BadUserInputError
from graphql_api.fresh import Fresh
from graphql_api.privacy.errors import PrivacyUnavailableError
from graphql_api.privacy.names import names_of
from graphql_api.snapshots import Snapshot
from recs_core.data.idmap import PAD
from recs_core.data.pseudonyms import Pseudonyms
from recs_core.online import keys
from recs_core.online.erasure import STREAM, entries_of

MAX_RECORDS: Final = 1_000
"""Events of a page, at most."""

LONGEST_LIST: Final = 100

_PLACE = re.compile(r"(events|deadLetters|eventTable):(\d{1,16}(-\d{1,16})?)?")


@dataclass
class Page:
    """A part of an export.

    Args:
        content: what is held, by where it is held.
        after: where the next page begins; None after the last.
    """

    content: dict[str, Any] = field(default_factory=dict)
    after: str | None = None

    @property
    def document(self) -> str:
        """The content as JSON."""
        return orjson.dumps(self.content, option=orjson.OPT_INDENT_2).decode()


class Exporting:
    """Exports readers.

    Args:
        pseudonyms: what readers may be called in what is held.
        event_table: the folder of the event table, which may be on another machine.
    """

    def __init__(self, pseudonyms: Pseudonyms, event_table: Path) -> None:
        self._pseudonyms = pseudonyms
        self._event_table = event_table

    async def page(self, user_id: str, after: str | None, fresh: Fresh, snapshot: Snapshot) -> Page:
        """A page of what is held of a reader.

        Args:
            user_id: the reader, known or not.
            after: what the page before said; None for the first.
            fresh: the way to the profile and the events.
            snapshot: of the served bundle.

        Raises:
            BadUserInputError: `after` is of no page.
            PrivacyUnavailableError: there is no Redis, or it does not answer: an export without it would lack a part.
        """
        names = names_of(user_id, self._pseudonyms)
        if fresh.connection is None:
            raise PrivacyUnavailableError("exportUser needs Redis, and this server has none")
        redis = fresh.connection.redis
        try:
            if after is None:
                content = {
                    "userId": user_id,
                    "profile": await self._profile(names, fresh),
                    "bundle": _in_bundle(names, snapshot),
                }
                return Page(content, after="events:")
            found = _PLACE.fullmatch(after)
            if found is None:
                raise BadUserInputError("after must be what the page before it said (got something else)")
            return await self._page_of(found[1], found[2] or "", names, redis)
        except (RedisError, OSError) as error:
            raise PrivacyUnavailableError(
                "the export lacks a part: Redis or the event table; ask again"
            ) from error

    async def _page_of(self, part: str, place: str, names: Sequence[str], redis: Redis) -> Page:
        match part:
            case "events":
                return await _entries(redis, keys.stream(STREAM), part, place, names, then="deadLetters:")
            case "deadLetters":
                return await _entries(
                    redis, keys.dead_letters(STREAM), part, place, names, then="eventTable:"
                )
            case _:
                return await anyio.to_thread.run_sync(self._rows, int(place.partition("-")[0] or "0"), names)

    async def _profile(self, names: Sequence[str], fresh: Fresh) -> list[dict[str, Any]]:
        profiles = [await fresh.profile(name) for name in names]
        return [asdict(event) for profile in profiles for event in profile.events]

    def _rows(self, begin: int, names: Sequence[str]) -> Page:
        """The reader's rows of the event table from one on; null where no table is on this machine."""
        if not self._event_table.is_dir():
            return Page({"eventTable": None})
        parts = sorted(self._event_table.glob("day=*/*.parquet"))
        tables = [self._rows_of(part, names[-1]) for part in parts]
        if not tables:
            return Page({"eventTable": []})
        rows = pa.concat_tables(tables)
        page = Page({"eventTable": rows.slice(begin, MAX_RECORDS).to_pylist()})
        if begin + MAX_RECORDS < rows.num_rows:
            page.after = f"eventTable:{begin + MAX_RECORDS}"
        return page

    def _rows_of(self, part: Path, pseudonym: str) -> pa.Table:
        """The reader's rows of one file, those of before there were pseudonyms as well."""
        ids = pc.unique(pq.read_table(part, columns=["user_id"], partitioning=None)["user_id"])
        own = [user_id for user_id in ids.to_pylist() if self._pseudonyms.settle(user_id) == pseudonym]
        return pq.read_table(
            part, filters=pc.field("user_id").isin(pa.array(own, pa.string())), partitioning=None
        )


async def _entries(redis: Redis, key: str, part: str, place: str, names: Sequence[str], *, then: str) -> Page:
    events: list[Any] = []
    last = place
    async for entry_id, event in _each(redis, key, names, place):
        if len(events) == MAX_RECORDS:
            return Page({part: events}, after=f"{part}:{last}")
        events.append(_as_json(event))
        last = entry_id
    return Page({part: events}, after=then)


async def _each(redis: Redis, key: str, names: Sequence[str], place: str) -> AsyncIterator[tuple[str, bytes]]:
    async for found in entries_of(redis, key, names, after=place):
        for each in found:
            yield each


def _as_json(event: bytes) -> Any:
    try:
        return orjson.loads(event)
    except orjson.JSONDecodeError:
        return event.decode(errors="replace")


def _in_bundle(names: Sequence[str], snapshot: Snapshot) -> dict[str, Any]:
    recommender, bundle = snapshot.recommender, snapshot.recommender.bundle
    held: dict[str, Any] = {"version": snapshot.version, "history": [], "readyList": []}
    for name in names:
        row = recommender.user_row(name)
        if row == PAD:
            continue
        held["history"] += bundle.books.ids(recommender.history_rows(name)).tolist()
        ready = bundle.precomputed.of(row, k=min(LONGEST_LIST, bundle.precomputed.lists.k))
        if ready is not None:
            listed = ready.books[0]
            held["readyList"] += bundle.books.ids(listed[listed != PAD]).tolist()
    return held
