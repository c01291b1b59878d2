"""What this process knows of the log of invalidations, and how it follows it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TypeAlias

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from graphql_api.cache.entry import Entry
from recs_core.online.invalidations import LOG, Message, Position, message, message_id, parse

log = logging.getLogger(__name__)

MAX_KNOWN = 100_000
"""Tags that are remembered; what is older than the last one forgotten counts as invalidated."""

SILENCE_S = 0.5
"""How long a message is waited for before the log is looked at again."""

BLIND_AFTER_S = 2.0
"""After so long without a look at the log, something may have been missed."""

BLIND_TTL_S = 10.0
"""How long an answer is good to a process that cannot see the log."""

RETRY_S = 0.5
PATIENCE_S = 1.0
"""With one command, beside what it waits for a message."""

BEGINNING: Position = (0, 0)

CatchUp: TypeAlias = Callable[[Sequence[Message]], Awaitable[None]]
"""Given messages that are new: gets hold of what they say has changed."""


class Invalidations:
    """What was invalidated when.

    Args:
        told: is told of each tag that is invalidated.
        clock: seconds that only grow.
    """

    def __init__(
        self, told: Callable[[str], None] | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._told = told
        self._clock = clock
        self._known: OrderedDict[str, Position] = OrderedDict()
        self._floor = BEGINNING
        self._seen_at: float | None = None
        self.is_followed = False
        """Whether there is a log; where there is none, nothing is ever invalidated."""
        self.position = BEGINNING
        """Of the last message that is known."""
        self.generation = 0
        """Grows with each message: who found an answer good in this generation need not look again."""
        self.received = 0
        """Tags that were invalidated since the start."""

    def begin(self, messages: Iterable[Message]) -> None:
        """Know the whole log; what was made before it is taken for invalidated."""
        self._known.clear()
        self.position = BEGINNING
        first = True
        for place, tags in messages:
            if first:
                self._floor, first = place, False
            self.add(place, tags)
        self.seen()

    def add(self, place: Position, tags: Iterable[str]) -> None:
        """Know one more message."""
        for tag in tags:
            self._known[tag] = place
            self._known.move_to_end(tag)
            self.received += 1
            if self._told is not None:
                self._told(tag)
        while len(self._known) > MAX_KNOWN:
            self._floor = self._known.popitem(last=False)[1]
        self.position = place
        self.generation += 1

    def seen(self) -> None:
        """The log was looked at: there is nothing in it now that is not known."""
        self._seen_at = self._clock()

    @property
    def is_blind(self) -> bool:
        """Whether a message may have been missed, because the log was not looked at for long."""
        if not self.is_followed:
            return False
        return self._seen_at is None or self._clock() - self._seen_at > BLIND_AFTER_S

    def allow(self, entry: Entry, now: float) -> bool:
        """Whether an answer is still good, as far as this process can know.

        Args:
            entry: the answer.
            now: the wall clock's time.
        """
        if entry.generation != self.generation:
            if entry.position < self._floor:
                return False
            known, made = self._known, entry.position
            if any(known.get(tag, BEGINNING) > made for tag in entry.tags):
                return False
            entry.generation = self.generation
        return not self.is_blind or now - entry.made_at <= BLIND_TTL_S


@asynccontextmanager
async def followed(url: str, known: Invalidations, catch_up: CatchUp) -> AsyncIterator[None]:
    """Follow the log of a Redis while this context is open.

    Args:
        url: where Redis is.
        known: is told of the messages.
        catch_up: is awaited before messages are known, for what is computed after that must see the changes. Where it
            raises `RedisError`, they are not known yet, and it is tried again.
    """
    follower = _Follower(url, known, catch_up)
    known.is_followed = True
    await follower.begin()
    running = asyncio.create_task(follower.run())
    try:
        yield
    finally:
        follower.stopping = True
        running.cancel()
        await asyncio.wait({running})
        await follower.close()


class _Follower:
    """Follows the log on a connection of its own.

    Args:
        url: where Redis is.
        known: is told of the messages.
        catch_up: is awaited before.
    """

    def __init__(self, url: str, known: Invalidations, catch_up: CatchUp) -> None:
        self._redis = Redis.from_url(url, retry=Retry(NoBackoff(), 0), single_connection_client=True)
        self._known = known
        self._catch_up = catch_up
        self.stopping = False
        """Ends `run` also where the client takes a cancellation for an answer that came at the same moment."""

    async def begin(self) -> None:
        """Read the log for the first time, if Redis answers."""
        with suppress(RedisError, OSError, TimeoutError):
            # where it does not, `run` goes on trying, and says so
            await self._look()

    async def run(self) -> None:
        """Follow; where Redis fails, come back to it again and again."""
        failing = False
        while not self.stopping:
            try:
                await self._look()
                failing = False
                await self._wait()
            except (RedisError, OSError, TimeoutError) as error:
                if not failing:
                    log.warning("invalidations cannot be followed: %s: %s", type(error).__name__, error)
                failing = True
                await self._redis.connection_pool.disconnect()
                await asyncio.sleep(RETRY_S)

    async def close(self) -> None:
        """Close the connection."""
        await self._redis.aclose()

    async def _look(self) -> None:
        """Know what there is; where the last known message is gone, some may have been missed: begin anew."""
        known = self._known
        messages = await self._messages(message_id(known.position))
        if messages and messages[0][0] == known.position:
            await self._catch_up(messages[1:])
            for place, tags in messages[1:]:
                known.add(place, tags)
            known.seen()
            return
        messages = await self._messages("-")
        if not messages:
            async with asyncio.timeout(PATIENCE_S):
                await self._redis.xadd(LOG, message(()))
            messages = await self._messages("-")
        await self._catch_up(messages)
        known.begin(messages)

    async def _messages(self, start: str) -> list[Message]:
        async with asyncio.timeout(PATIENCE_S):
            return parse(await self._redis.xrange(LOG, min=start))

    async def _wait(self) -> None:
        """Until there is another message, or for a while."""
        last = message_id(self._known.position)
        async with asyncio.timeout(SILENCE_S + PATIENCE_S):
            await self._redis.xread({LOG: last}, block=int(1_000 * SILENCE_S), count=1)
