"""Charges clients for what they ask."""

from __future__ import annotations

import asyncio
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from graphql_api.rate.bucket import Bucket, Quota, Rate
from graphql_api.rate.refusal import RateLimitedError
from graphql_api.rate.shared import SharedBuckets

CHUNK_SHARE = 0.01
"""Of a client's units that a server leases at once: what four servers hold and do not use is 4 % of the limit."""

FIRST_SHARE = 0.1
"""Of that chunk that is leased at first, and after some of a lease was lost; each lease that was used up doubles it.

Else a client that asks many servers a little would lose more than it uses.
"""

LEASE_SHARE = 0.1
"""Of the window that a server may hold leased units; then they are lost."""

MAX_CLIENTS = 50_000
"""Clients that are remembered, about half a kilobyte each; those that were not seen for longest are forgotten."""


@dataclass(slots=True)
class _Account:
    """What this server knows of a client.

    Args:
        alone: the bucket for times without Redis.
        chunk: units to lease next.
        leased: units that it may give away; below 0 where an answer cost more than was known before.
        until: when the lease ends.
        left: units of the shared bucket, when it was last asked.
    """

    alone: Bucket
    chunk: int
    leased: int = 0
    until: float = 0.0
    left: int = 0
    leasing: asyncio.Lock = field(default_factory=asyncio.Lock)


class RateLimiter:
    """Keeps clients within their rate.

    With Redis the rate is of all servers together; while it is away, each server keeps clients within it by itself.

    Args:
        rate: of each client.
        clock: seconds that only grow.
    """

    def __init__(self, rate: Rate, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate = rate
        self.shared: SharedBuckets | None = None
        """The buckets of all servers, while there is a Redis."""
        self._chunk = max(1, int(rate.units * CHUNK_SHARE))
        self._first = max(1, int(self._chunk * FIRST_SHARE))
        self._lease_s = rate.window_s * LEASE_SHARE
        self._clock = clock
        self._accounts: OrderedDict[str, _Account] = OrderedDict()

    def pay(self, who: str, units: int) -> Quota | None:
        """Take units that are leased already, as most are; None where `charge` is to see to it."""
        account = self._accounts.get(who)
        if self.shared is None or account is None or not self._is_paid(account, units):
            return None
        self._accounts.move_to_end(who)
        account.leased -= units
        return Quota(self.rate, account.left + account.leased)

    async def charge(self, who: str, units: int) -> Quota:
        """Take units from a client.

        A request that costs more than a whole window's units takes them all.

        Args:
            who: the client.
            units: at least 1.

        Raises:
            RateLimitedError: it has not as many; nothing is taken.
        """
        units = min(units, self.rate.units)
        account = self._account(who)
        if self.shared is None:
            return self._charge_alone(account, units)
        while not self._is_paid(account, units):
            async with account.leasing:
                # somebody else may have leased enough meanwhile
                if self._is_paid(account, units):
                    break
                missing = units - account.leased
                # what is owed is paid bit by bit: there may never be as much at once
                need = 1 if account.leased < 0 else missing
                leased = await self.shared.lease(who, need=need, want=max(missing, account.chunk))
                if leased is None:
                    return self._charge_alone(account, units)
                account.left = leased.left
                if not leased.units:
                    wait_s = leased.wait_ms / 1_000 + (missing - need) / self.rate.per_s
                    raise RateLimitedError(self.rate, max(1, math.ceil(wait_s)))
                account.leased += leased.units
                account.chunk = min(2 * account.chunk, self._chunk)
                account.until = self._clock() + self._lease_s
        account.leased -= units
        return Quota(self.rate, account.left + account.leased)

    def owe(self, who: str, units: int) -> None:
        """Charge what an answer cost beyond what was known before it was made: the client's next requests pay.

        Nobody owes more than all units of a window.
        """
        account, most = self._account(who), self.rate.units
        if self.shared is None:
            account.alone.level = max(account.alone.level - units, -most)
        else:
            account.leased = max(account.leased - units, -most)

    def _is_paid(self, account: _Account, units: int) -> bool:
        """Whether leased units suffice; what is leased for too long is lost, what is owed is not."""
        if account.leased > 0 and self._clock() >= account.until:
            account.leased, account.chunk = 0, self._first
        return account.leased >= units

    def _charge_alone(self, account: _Account, units: int) -> Quota:
        if not account.alone.take(units, self.rate, self._clock()):
            raise RateLimitedError(self.rate, account.alone.wait_s(units, self.rate))
        return Quota(self.rate, int(account.alone.level))

    def _account(self, who: str) -> _Account:
        account = self._accounts.get(who)
        if account is None:
            account = self._accounts[who] = _Account(Bucket(self.rate.units, self._clock()), self._first)
            if len(self._accounts) > MAX_CLIENTS:
                self._accounts.popitem(last=False)
        else:
            self._accounts.move_to_end(who)
        return account
