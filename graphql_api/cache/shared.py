"""L2: what servers share in Redis, and a lease on what one of them is about to make."""

from __future__ import annotations

from enum import Enum

from graphql_api.cache.connection import Connection
from graphql_api.cache.entry import MARK_LENGTH, Entry
from recs_core.online.keys import ANSWERS

LEASE_MS = 3_000
"""How long a lease holds whose owner has died."""

FIND = f"""
local kept = redis.call('GET', KEYS[1])
if kept and string.sub(kept, 1, {MARK_LENGTH}) ~= ARGV[1] then return kept end
if redis.call('SET', KEYS[2], ARGV[2], 'NX', 'PX', ARGV[3]) then return 1 end
return 0
"""
KEEP = """
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
if redis.call('GET', KEYS[2]) == ARGV[1] then redis.call('DEL', KEYS[2]) end
return 1
"""
RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"


class Lease(Enum):
    """What became of an attempt to be the one who makes an answer."""

    OURS = 1
    ANOTHERS = 0
    UNKNOWN = None
    """Redis does not answer."""


class SharedCache:
    """Bodies of any kind by name, such as documents.

    Args:
        connection: to Redis.
        ttl_s: how long a body lives.
        prefix: of its keys.
    """

    def __init__(self, connection: Connection, *, ttl_s: int, prefix: str) -> None:
        self._connection = connection
        self._ttl_s = ttl_s
        self._prefix = prefix

    async def get(self, name: str) -> bytes | None:
        """The body of a name, or None."""
        body = await self._connection.guarded(lambda: self._connection.redis.get(self._prefix + name))
        return body if isinstance(body, bytes) else None

    async def put(self, name: str, body: bytes) -> None:
        """Keep a body."""
        key = self._prefix + name
        await self._connection.guarded(lambda: self._connection.redis.set(key, body, ex=self._ttl_s))


class SharedAnswers:
    """Answers by name. Each method is one round trip; without Redis none does anything.

    Args:
        connection: to Redis.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._find = connection.redis.register_script(FIND)
        self._keep = connection.redis.register_script(KEEP)
        self._release = connection.redis.register_script(RELEASE)

    async def find(self, name: str, token: str, *, but: str = "") -> Entry | Lease:
        """The answer of a name; where there is none, the lease on it, if nobody has it.

        Args:
            name: of the answer.
            token: tells whose lease it is.
            but: the mark of an answer that counts as none.
        """
        arguments: list[str | int] = [but, token, LEASE_MS]
        found = await self.connection.guarded(lambda: self._find(_keys(name), arguments))
        return Entry.decode(found) if isinstance(found, bytes) else Lease(found)

    async def keep(self, name: str, token: str, entry: Entry, *, for_s: float) -> None:
        """Keep an answer for so many seconds, and give its lease back."""
        arguments: list[str | bytes | int] = [token, entry.encode(), max(1, int(1_000 * for_s))]
        await self.connection.guarded(lambda: self._keep(_keys(name), arguments))

    async def release(self, name: str, token: str) -> None:
        """Give a lease back without an answer."""
        await self.connection.guarded(lambda: self._release(_keys(name)[1:], [token]))


def _keys(name: str) -> list[str]:
    """Of answer and lease; the braces keep the two on one node of a cluster, which a script needs."""
    return [f"{ANSWERS}:{{{name}}}:answer", f"{ANSWERS}:{{{name}}}:lease"]
