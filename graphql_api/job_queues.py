"""The queues of jobs, as the server reaches them: on threads of their own, for RQ waits for Redis where it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeVar

import anyio.to_thread
from anyio import CapacityLimiter
from redis import Redis
from redis.exceptions import RedisError

from graphql_api.errors import PublicError
from recs_core.online.connection import connect

if TYPE_CHECKING:
    from recs_core.online.jobs import Jobs

T = TypeVar("T")

THREADS: Final = 4
TIMEOUT_S: Final = 1.0


class JobsUnavailableError(PublicError):
    """The queues cannot be reached at this moment."""

    code = "UNAVAILABLE"


class JobQueues:
    """The way to the queues; it is there between `open` and `close`."""

    def __init__(self) -> None:
        self._client: Redis | None = None
        self._threads = CapacityLimiter(THREADS)

    def open(self, url: str) -> None:
        """Name the Redis that has the queues; nothing is asked of it yet."""
        self._client = connect(url, timeout_s=TIMEOUT_S)

    def close(self) -> None:
        """Let go of it."""
        if self._client is not None:
            self._client.close()
            self._client = None

    async def ask(self, question: Callable[[Jobs], T]) -> T:
        """What a question to the queues gives.

        Raises:
            JobsUnavailableError: Redis does not answer.
            ParameterError: there is no such job, or it is over.
        """
        client = self._client
        if client is None:
            raise JobsUnavailableError("jobs need Redis, and this server has none")

        def asked() -> T:
            # RQ is for whom asks of jobs alone: no server starts later because of it
            from recs_core.online.jobs import Jobs

            return question(Jobs(client))

        try:
            return await anyio.to_thread.run_sync(asked, limiter=self._threads)
        except (RedisError, OSError):
            raise JobsUnavailableError("the queues of jobs cannot be reached now; ask again") from None
