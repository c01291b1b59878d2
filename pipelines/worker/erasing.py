"""Erasing readers whose accounts the store has closed: as `eraseUser` does, with no person and no receipt."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from redis.asyncio import Redis

from pipelines.worker.upstream.services import Closed
from recs_core.data.erased import ErasureDigests, pseudonym_key
from recs_core.data.pseudonyms import Pseudonyms
from recs_core.online.erasure import remove
from recs_core.online.invalidations import LOG, MAX_MESSAGES, message
from recs_core.online.keys import TEXTS
from recs_core.online.tombstones import TAG, entomb, erased_ms_async

AT_ONCE = 100
"""Readers for whom Redis looks through its streams together; each may have two names."""


def erase_closed(redis_url: str, accounts: Sequence[Closed]) -> int:
    """Erase the readers of closed accounts; how many there were to erase.

    Who was erased since the account was closed is not erased again: what came later is a new reader's. Everything is
    removed before the reader is noted as erased, so an interruption leaves at most what came in that moment.

    Args:
        redis_url: of the Redis that workers and servers share.
        accounts: closed ones; readers are called by the store's id or the pseudonym.

    Raises:
        ParameterError: readers were erased with another key before.
        RedisError: Redis does not answer; read the same again.
    """
    parts = [accounts[start : start + AT_ONCE] for start in range(0, len(accounts), AT_ONCE)]
    return sum(asyncio.run(_erase(redis_url, part)) for part in parts)


async def _erase(redis_url: str, accounts: Sequence[Closed]) -> int:
    digests, pseudonyms = ErasureDigests.from_environment(), Pseudonyms(pseudonym_key())
    async with Redis.from_url(redis_url) as redis:
        known = await erased_ms_async(redis, digests, {each.user_id for each in accounts})
        due = [
            each.user_id for each in accounts if known.get(each.user_id, 0) < each.time.timestamp() * 1_000
        ]
        if due:
            names = list(dict.fromkeys([*due, *map(pseudonyms.settle, due)]))
            await remove(redis, names, kept=TEXTS)
            for user_id in due:
                await entomb(redis, digests, user_id)
            tags = [TAG + digests.of(user_id) for user_id in due]
            await redis.xadd(LOG, message(tags), maxlen=MAX_MESSAGES)
            # what came in between
            await remove(redis, names, kept=TEXTS)
        return len(due)
