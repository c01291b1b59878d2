"""The published version in Redis: a copy of what the registry says, and word of each change for who serves it.

The registry's own file stays what counts, for Redis may be away or begin anew: word of a change makes a server look
there at once, where it would else have looked a moment later.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

import redis
import redis.asyncio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.retry import Retry

log = logging.getLogger(__name__)

CURRENT: Final = "bookverse:published"
"""String: the version that was published last, or gone back to."""

CHANNEL: Final = "bookverse:published:changed"
"""Pub/sub channel: the same, as soon as it is."""

TIMEOUT_S = 1.0
AGAIN_AFTER_S = 1.0
"""How long to wait before Redis is tried again."""


def announce(url: str, version: str) -> bool:
    """Tell all servers that a version is to be served; whether Redis took it, which nothing depends on."""
    at_once = Retry(NoBackoff(), 0)
    try:
        with (
            redis.Redis.from_url(
                url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S, retry=at_once
            ) as client,
            client.pipeline(transaction=False) as pipeline,
        ):
            pipeline.set(CURRENT, version).publish(CHANNEL, version).execute()
    except (redis.RedisError, OSError) as error:
        log.warning("Redis was not told of %s, servers find it by themselves: %s", version, error)
        return False
    return True


async def listen(url: str, heard: Callable[[str], None]) -> None:
    """Tell `heard` each version that is announced, and after each time that Redis was away the last one; for ever."""
    while True:
        try:
            await _listen_once(url, heard)
        except (redis.RedisError, OSError) as error:
            log.info("not hearing of publications, looking for them instead: %s", error)
        await asyncio.sleep(AGAIN_AFTER_S)


async def _listen_once(url: str, heard: Callable[[str], None]) -> None:
    client = redis.asyncio.Redis.from_url(
        url,
        decode_responses=True,
        socket_connect_timeout=TIMEOUT_S,
        # there may be nothing to hear for days
        socket_timeout=None,
        retry=AsyncRetry(NoBackoff(), 0),
    )
    async with client, client.pubsub(ignore_subscribe_messages=True) as channel:
        await channel.subscribe(CHANNEL)
        # what was said before this moment is not said again
        if last := await client.get(CURRENT):
            heard(str(last))
        async for message in channel.listen():
            heard(message["data"])
