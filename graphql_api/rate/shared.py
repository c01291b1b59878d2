"""The buckets that servers share, in Redis: units are leased in chunks, so that few requests go there."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

from graphql_api.cache.connection import Connection
from graphql_api.rate.bucket import Rate

PREFIX = "bookverse:rate:1:"

LEASE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local units, per_ms, need, want = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local kept = redis.call('HMGET', KEYS[1], 'level', 'at')
local level, at = tonumber(kept[1]) or units, tonumber(kept[2]) or now
level = math.min(units, level + math.max(0, now - at) * per_ms)
local granted = math.min(want, math.floor(level))
if granted < need then granted = 0 end
level = level - granted
redis.call('HSET', KEYS[1], 'level', string.format('%.6f', level), 'at', string.format('%.3f', now))
redis.call('PEXPIRE', KEYS[1], ARGV[5])
local missing = granted > 0 and 0 or need - level
return {granted, math.floor(level), math.ceil(missing / per_ms)}
"""
"""As `Bucket.take`, by the clock of Redis: whatever the servers' clocks say, time goes on once."""


@dataclass(frozen=True, slots=True)
class Leased:
    """What came of asking for units.

    Args:
        units: that are the server's now; 0 where there are not as many as it needs.
        left: whole units that are left in the bucket.
        wait_ms: until there are as many as it needs.
    """

    units: int
    left: int
    wait_ms: int


class SharedBuckets:
    """Buckets of all clients.

    Args:
        connection: to Redis.
        rate: of each client.
    """

    def __init__(self, connection: Connection, rate: Rate) -> None:
        self._connection = connection
        self._rate = rate
        self._script = connection.redis.register_script(LEASE)

    async def lease(self, who: str, *, need: int, want: int) -> Leased | None:
        """Take units of a client; None where Redis does not answer.

        Args:
            who: the client; in Redis there is only its digest, until its bucket is full again.
            need: with fewer none are taken.
            want: more are not taken.
        """
        rate = self._rate
        key = PREFIX + blake2b(who.encode(), digest_size=16).hexdigest()
        arguments = [rate.units, rate.per_s / 1_000, need, want, int(2_000 * rate.window_s)]
        found = await self._connection.guarded(lambda: self._script(keys=[key], args=arguments))
        return None if found is None else Leased(*found)
