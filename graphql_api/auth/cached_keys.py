"""Keys at hand: got when they are needed, renewed while they are used, kept when the issuer is away."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Set

import jwt

from graphql_api.auth.key_set import KeySet, KeySetError, parse_key_set
from graphql_api.auth.key_source import FetchKeySet

log = logging.getLogger(__name__)


class KeysUnavailableError(KeySetError):
    """There are no keys, or none that are fresh enough to be trusted."""


class CachedKeys:
    """A key set with its age.

    A key that is known is given at once, and an old set is renewed beside that. Only for a key that is not known does
    a request wait, since the issuer may just have begun to use it. However many ask, and for whatever keys, the
    issuer is asked once at a time and no more often than `retry_s` allows.

    Args:
        fetch: gets the set.
        algorithms: those that keys may be for.
        fresh_s: the age, in seconds, from which a set is renewed.
        stale_s: the age from which it is no longer used, the issuer being away.
        retry_s: the shortest time between two attempts to get the set.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        fetch: FetchKeySet,
        *,
        algorithms: Set[str],
        fresh_s: float = 300,
        stale_s: float = 86_400,
        retry_s: float = 10,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.algorithms = algorithms
        self._fetch = fetch
        self._fresh_s, self._stale_s, self._retry_s = fresh_s, stale_s, retry_s
        self._clock = clock
        self._keys: KeySet = {}
        self._fetched_at: float | None = None
        self._tried_at: float | None = None
        self._attempt: asyncio.Task[None] | None = None

    async def key(self, key_id: str) -> jwt.PyJWK | None:
        """The key of an id; None where the issuer has none.

        Raises:
            KeysUnavailableError: no set could be got, or not for longer than `stale_s`.
        """
        if not self._is_younger_than(self._fresh_s) or key_id not in self._keys:
            attempt = self._renew()
            # whoever waits may go away; the others still want the keys
            if attempt and not (key_id in self._keys and self._is_younger_than(self._stale_s)):
                await asyncio.shield(attempt)
        if not self._is_younger_than(self._stale_s):
            raise KeysUnavailableError("there are no keys to verify tokens with")
        return self._keys.get(key_id)

    async def load(self) -> None:
        """Get the set now, before anybody asks.

        Raises:
            KeySetError: it cannot be got or used; says why.
        """
        self._tried_at = self._clock()
        await self._take()

    async def close(self) -> None:
        """Give up an attempt that is under way."""
        if self._attempt is not None:
            self._attempt.cancel()
            await asyncio.gather(self._attempt, return_exceptions=True)

    def _is_younger_than(self, age_s: float) -> bool:
        return self._fetched_at is not None and self._clock() - self._fetched_at < age_s

    def _renew(self) -> asyncio.Task[None] | None:
        """The attempt under way, or a new one; None where it is too soon for another."""
        if self._attempt is not None and not self._attempt.done():
            return self._attempt
        if self._tried_at is not None and self._clock() - self._tried_at < self._retry_s:
            return None
        self._tried_at = self._clock()
        self._attempt = asyncio.create_task(self._try())
        return self._attempt

    async def _try(self) -> None:
        try:
            await self._take()
        except KeySetError as error:
            log.error("the key set was not renewed: %s", error)

    async def _take(self) -> None:
        keys = parse_key_set(await self._fetch(), algorithms=self.algorithms)
        if keys.keys() != self._keys.keys():
            log.info("tokens are verified with the keys %s", ", ".join(sorted(keys)))
        self._keys, self._fetched_at = keys, self._clock()
