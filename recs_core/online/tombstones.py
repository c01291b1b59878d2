"""Who was erased, and when: what keeps a reader out of answers and profiles until nothing knows the reader any more.

Redis has keyed digests of names, and never a name. A tombstone stays: a bundle of before may be served again, and an
event of before may come late. Servers hear of a new one by the log of invalidations, in the same message that makes
them forget what they keep, and look for themselves besides.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.exceptions import RedisError

from recs_core.data.erased import ENVIRONMENT_VARIABLE, ErasureDigests
from recs_core.errors import ParameterError
from recs_core.online import keys
from recs_core.online.events import ALLOWED_AHEAD, Interaction
from recs_core.online.scripts import Script

log = logging.getLogger(__name__)

TAG: Final = "erased:"
"""Before a digest, the tag of every answer about a reader: see `recs_core.online.invalidations`."""

LOOK_EVERY_S: Final = 1.0
"""How long a lost message may go unnoticed."""

PATIENCE_S: Final = 2.0
PAGE: Final = 1_000

_ENTOMB: Final = Script("entomb")
_ANOTHER_KEY: Final = (
    f"{ENVIRONMENT_VARIABLE} is another than the one that readers were erased with: set the same on all servers and "
    "workers, or those who were erased would come back"
)
_AHEAD_MS: Final = round(ALLOWED_AHEAD.total_seconds() * 1_000)


def is_before(time_ms: int, erased_ms: int) -> bool:
    """Whether an event may be of before an erasure, by a sender's clock that is as far ahead as it may be."""
    return time_ms <= erased_ms + _AHEAD_MS


def in_time(events: Iterable[Interaction], erased: Mapping[str, int]) -> list[Interaction]:
    """Events without those that may be of before the erasure of their readers.

    Args:
        erased: reader to when, as `erased_ms` says it.
    """
    return [
        event
        for event in events
        if event.user_id not in erased or not is_before(event.time_ms, erased[event.user_id])
    ]


async def entomb(client: AsyncRedis, digests: ErasureDigests, name: str) -> int:
    """Note that a reader is erased, whichever name is given; when, in milliseconds since 1970.

    Raises:
        ParameterError: those who were erased before were noted with another key.
        RedisError: Redis does not answer.
    """
    arguments = [digests.key_id, digests.of(name)]
    reply = await _ENTOMB.run_async(client, [keys.ERASED, keys.ERASED_KEY], arguments)
    if reply is None:
        raise ParameterError(_ANOTHER_KEY)
    return int(reply) // 1_000


def check_key(client: Redis, digests: ErasureDigests) -> None:
    """Make sure that this process would know who was erased.

    Raises:
        ParameterError: its key is another.
    """
    found: Any = client.get(keys.ERASED_KEY)
    if found is not None and found.decode() != digests.key_id:
        raise ParameterError(_ANOTHER_KEY)


def erased_ms(client: Redis, digests: ErasureDigests, names: Iterable[str]) -> dict[str, int]:
    """Of some names those that were erased, with when, in milliseconds since 1970; in one round trip."""
    wanted = list(names)
    return _times(
        wanted, client.zmscore(keys.ERASED, [digests.of(name) for name in wanted]) if wanted else []
    )


async def erased_ms_async(
    client: AsyncRedis, digests: ErasureDigests, names: Iterable[str]
) -> dict[str, int]:
    """As `erased_ms`, from an event loop."""
    wanted = list(names)
    return _times(
        wanted, await client.zmscore(keys.ERASED, [digests.of(name) for name in wanted]) if wanted else []
    )


def _times(names: Sequence[str], scores: Any) -> dict[str, int]:
    return {name: int(score) // 1_000 for name, score in zip(names, scores, strict=True) if score is not None}


def all_erased(client: Redis) -> dict[str, int]:
    """Every digest with when its reader was erased, in milliseconds since 1970."""
    found: Any = client.zrange(keys.ERASED, 0, -1, withscores=True)
    return {digest.decode(): int(score) // 1_000 for digest, score in found}


class ErasedReaders:
    """What a server knows of who was erased. Of one event loop; any thread may ask.

    Args:
        digests: of names.
    """

    def __init__(self, digests: ErasureDigests) -> None:
        self.digests = digests
        self._known: set[str] = set()
        self._newest = 0

    def covers(self, name: str) -> bool:
        """Whether a reader was erased."""
        return bool(self._known) and self.digests.of(name) in self._known

    def hear(self, tag: str) -> None:
        """Know of the reader of a tag, if it is the tag of one who was erased."""
        if tag.startswith(TAG):
            self._known.add(tag.removeprefix(TAG))

    def covers_any(self, tags: Iterable[str]) -> bool:
        """Whether one of some tags, such as `user:42`, is that of a reader who was erased."""
        return bool(self._known) and not self._known.isdisjoint(
            tag.removeprefix(TAG) for tag in self.tags(tags)
        )

    def tags(self, tags: Iterable[str]) -> frozenset[str]:
        """The tags by which answers are dropped when a reader that they are about is erased."""
        about = "user:"
        return frozenset(
            TAG + self.digests.of(tag.removeprefix(about)) for tag in tags if tag.startswith(about)
        )

    async def look(self, client: AsyncRedis) -> None:
        """Read who was erased since the last look; who is known stays known, should Redis have lost it.

        Raises:
            ParameterError: this process has another key.
            RedisError: Redis does not answer.
        """
        key: Any = await client.get(keys.ERASED_KEY)
        if key is not None and key.decode() != self.digests.key_id:
            raise ParameterError(_ANOTHER_KEY)
        while True:
            # the last one again, so that the end is known by a page that is not full
            found: Any = await client.zrangebyscore(
                keys.ERASED, self._newest, "+inf", start=0, num=PAGE, withscores=True
            )
            self._known.update(digest.decode() for digest, _ in found)
            if found:
                self._newest = int(found[-1][1])
            if len(found) < PAGE:
                return

    @asynccontextmanager
    async def followed(self, client: AsyncRedis) -> AsyncIterator[None]:
        """Look now, and again and again while this context is open; where Redis is away, when it is back.

        Raises:
            ParameterError: this process has another key.
        """
        await self._try_to_look(client)
        stopping = asyncio.Event()
        looking = asyncio.create_task(self._keep_looking(client, stopping))
        try:
            yield
        finally:
            stopping.set()
            await looking

    async def _keep_looking(self, client: AsyncRedis, stopping: asyncio.Event) -> None:
        trouble = ""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await stopping.wait()
            if stopping.is_set():
                return
            try:
                await self._try_to_look(client)
                trouble = ""
            except ParameterError as error:
                # once, not each second
                if str(error) != trouble:
                    trouble = str(error)
                    log.error("%s", trouble)

    async def _try_to_look(self, client: AsyncRedis) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self.look(client)
        except (RedisError, OSError, TimeoutError) as error:
            # the way to Redis says so already; for who reads why an erasure is not heard of
            log.debug("it is not known who was erased since: %s", error)
