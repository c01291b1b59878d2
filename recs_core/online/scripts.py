"""Lua scripts: what must happen in Redis as a whole or not at all.

They touch only keys of one hash tag. A server that does not know a script any more, after a restart, is given it
again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

from redis import Redis
from redis import exceptions as faults
from redis.asyncio import Redis as AsyncRedis

Argument: TypeAlias = str | bytes | int | float
Call: TypeAlias = tuple[Sequence[str], Sequence[Argument]]
"""Keys and arguments."""

TRANSIENT = (
    faults.ConnectionError,
    faults.TimeoutError,
    faults.OutOfMemoryError,
    faults.ReadOnlyError,
    faults.ClusterDownError,
    faults.TryAgainError,
    faults.MasterDownError,
)
"""Faults of Redis, not of what it was asked: the same call may succeed later."""

_FOLDER = Path(__file__).parent / "lua"


class Script:
    """A script of the folder `lua`.

    Args:
        name: the file's, without `.lua`.
    """

    def __init__(self, name: str) -> None:
        self._source = (_FOLDER / f"{name}.lua").read_bytes()
        self._sha = hashlib.sha1(self._source, usedforsecurity=False).hexdigest()

    def run(self, client: Redis, keys: Sequence[str], arguments: Sequence[Argument]) -> Any:
        """Run it and return its reply."""
        try:
            return client.evalsha(self._sha, len(keys), *keys, *arguments)
        except faults.NoScriptError:
            return client.eval(self._source.decode(), len(keys), *keys, *arguments)

    async def run_async(self, client: AsyncRedis, keys: Sequence[str], arguments: Sequence[Argument]) -> Any:
        """Run it and return its reply."""
        try:
            return await client.evalsha(self._sha, len(keys), *keys, *arguments)
        except faults.NoScriptError:
            return await client.eval(self._source.decode(), len(keys), *keys, *arguments)

    async def run_many_async(self, client: AsyncRedis, calls: Sequence[Call]) -> list[Any]:
        """Run it once a call, in two round trips; the replies.

        Raises:
            RedisError: Redis is away or full; some calls may have been run.
        """
        async with client.pipeline(transaction=False) as pipe:
            await client.script_load(self._source.decode())
            for keys, arguments in calls:
                pipe.evalsha(self._sha, len(keys), *keys, *arguments)
            return await pipe.execute()

    def run_many(self, client: Redis, calls: Sequence[Call]) -> list[Any]:
        """Run it once a call, in one round trip.

        Returns:
            A reply a call, or the `ResponseError` of a call that cannot succeed.

        Raises:
            RedisError: Redis is away or full; some calls may have been run.
        """
        replies = self._pipelined(client, calls)
        if any(isinstance(reply, faults.NoScriptError) for reply in replies):
            client.script_load(self._source.decode())
            unknown = [i for i, reply in enumerate(replies) if isinstance(reply, faults.NoScriptError)]
            again = self._pipelined(client, [calls[i] for i in unknown])
            for i, reply in zip(unknown, again, strict=True):
                replies[i] = reply
        for reply in replies:
            if isinstance(reply, Exception) and is_transient(reply):
                raise reply
        return replies

    def _pipelined(self, client: Redis, calls: Sequence[Call]) -> list[Any]:
        with client.pipeline(transaction=False) as pipe:
            for keys, arguments in calls:
                pipe.evalsha(self._sha, len(keys), *keys, *arguments)
            return pipe.execute(raise_on_error=False)


def is_transient(error: Exception) -> bool:
    """Whether the same call may succeed later."""
    # before version 7, Redis wraps what a command says inside a script in an error of its own
    return isinstance(error, TRANSIENT) or (
        isinstance(error, faults.ResponseError)
        and any(word in str(error) for word in ("-OOM", "-READONLY", "MISCONF", "NOREPLICAS"))
    )
