"""Erasing a reader: masked at once, removed from Redis, and then from what the worker has."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial

from redis.asyncio import Redis
from redis.exceptions import RedisError

from graphql_api.auth.key_pairs import Jwk
from graphql_api.fresh import EventsUnavailableError, Fresh
from graphql_api.privacy.errors import PrivacyUnavailableError
from graphql_api.privacy.names import names_of
from graphql_api.privacy.receipts import sign
from graphql_api.snapshots import Snapshot, Snapshots
from graphql_api.types.node import global_id
from recs_core.data.pseudonyms import Pseudonyms
from recs_core.errors import ParameterError
from recs_core.online.erasure import Removed, quoted, remove
from recs_core.online.events import Interaction
from recs_core.online.invalidations import LOG, MAX_MESSAGES, message
from recs_core.online.keys import TEXTS
from recs_core.online.tombstones import TAG, ErasedReaders, entomb, erased_ms_async, in_time

RECEIPT_KEPT_S = 600.0
"""How long the receipt of an erasure is kept that took longer than the request for it."""


@dataclass(frozen=True)
class Erasure:
    """What was done.

    Args:
        pseudonym: of the reader.
        at: when.
        request_id: of the request that asked for it.
        masked: books of the reader's history in the served bundle, which no answer has any more.
        removed: what was removed from Redis.
        receipt: all of it, signed.
    """

    pseudonym: str
    at: datetime
    request_id: str
    masked: int
    removed: Removed
    receipt: str


class Erasing:
    """Erases readers.

    Args:
        erased: who was erased.
        pseudonyms: what readers are called in receipts.
        receipt_key: finds the key that signs them; raises `PrivacyUnavailableError` where there is none.
    """

    def __init__(self, erased: ErasedReaders, pseudonyms: Pseudonyms, receipt_key: Callable[[], Jwk]) -> None:
        self._erased = erased
        self._pseudonyms = pseudonyms
        self._receipt_key = receipt_key
        self._under_way: dict[str, asyncio.Task[Erasure]] = {}

    async def erase(
        self, user_id: str, redis: Redis | None, snapshots: Snapshots, request_id: str
    ) -> Erasure:
        """Erase a reader, known or not. What an interruption left undone, asking again does.

        A long stream takes longer to look through than a request may take: the erasure goes on without the request,
        and who asks again is given its receipt.

        Raises:
            PrivacyUnavailableError: there is no Redis or no key to sign with, and nothing was done; or Redis fails.
        """
        task = self._under_way.get(user_id)
        if task is None:
            task = asyncio.create_task(self._erase(user_id, redis, snapshots, request_id))
            self._under_way[user_id] = task
            task.add_done_callback(partial(self._ended, user_id))
        done = await asyncio.shield(task)
        self._forget(user_id, task)
        return done

    def _ended(self, user_id: str, task: asyncio.Task[Erasure]) -> None:
        if task.cancelled() or task.exception() is not None:
            self._forget(user_id, task)
        else:
            # whose request is over asks again for the receipt, or never
            asyncio.get_running_loop().call_later(RECEIPT_KEPT_S, self._forget, user_id, task)

    def _forget(self, user_id: str, task: asyncio.Task[Erasure]) -> None:
        if self._under_way.get(user_id) is task:
            del self._under_way[user_id]

    async def _erase(
        self, user_id: str, redis: Redis | None, snapshots: Snapshots, request_id: str
    ) -> Erasure:
        if redis is None:
            raise PrivacyUnavailableError("eraseUser needs Redis, and this server has none: nothing was done")
        key = self._receipt_key()
        names = names_of(user_id, self._pseudonyms)
        masked = sum(snapshots.current.recommender.history_rows(name).size for name in names)
        try:
            at_ms = await entomb(redis, self._erased.digests, names[-1])
            await self._tell(redis, names, snapshots.all)
            also = [*quoted([f"user:{name}" for name in names]), *(global_id("User", name) for name in names)]
            removed = await remove(redis, names, kept=TEXTS, other_names=also)
        except ParameterError as error:
            raise PrivacyUnavailableError(f"nothing was done: {error}") from error
        except (RedisError, OSError) as error:
            raise PrivacyUnavailableError(
                "the reader may not be erased everywhere yet, since Redis does not answer: ask again"
            ) from error
        at, pseudonym = datetime.fromtimestamp(at_ms / 1_000, UTC), names[-1]
        content = {
            "erased": pseudonym,
            "at": at.isoformat(timespec="milliseconds"),
            "request": request_id,
            "masked": masked,
            "removed": asdict(removed),
            "retraining": "asked for",
        }
        return Erasure(pseudonym, at, request_id, masked, removed, sign(content, key))

    async def without_late(self, events: Sequence[Interaction], fresh: Fresh) -> list[Interaction]:
        """Events without those of erased readers that may be of before the erasure, sent late or again.

        Raises:
            EventsUnavailableError: it cannot be told, since Redis does not answer.
        """
        suspects = {event.user_id for event in events if self._erased.covers(event.user_id)}
        if not suspects or fresh.connection is None:
            return list(events)
        try:
            erased = await erased_ms_async(fresh.connection.redis, self._erased.digests, suspects)
        except (RedisError, OSError):
            raise EventsUnavailableError("events cannot be taken now; send them again") from None
        return in_time(events, erased)

    async def _tell(self, redis: Redis, names: Sequence[str], served: Sequence[Snapshot]) -> None:
        """Have every server mask the reader, and forget what it keeps about the reader, in one."""
        # one digest stands for all names
        tags = [TAG + self._erased.digests.of(names[-1])]
        self._erased.hear(tags[0])
        # lists of readers to try the API with say of whom they are by the bundle alone
        shown = [each for each in served if not set(names).isdisjoint(each.readers)]
        tags += [f"bundle:{each.version}" for each in shown]
        await redis.xadd(LOG, message(tags), maxlen=MAX_MESSAGES)
