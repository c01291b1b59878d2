"""What clients are charged: a unit a request, and more for one that costs more."""

from __future__ import annotations

from graphql_api.caller import Caller
from graphql_api.rate.limiter import RateLimiter


class Tariff:
    """Turns the costs of operations into units.

    Args:
        limiter: takes the units; None where nobody is limited.
        unit: the cost that one unit pays for.
    """

    def __init__(self, limiter: RateLimiter | None, *, unit: int) -> None:
        self._limiter = limiter
        self._unit = unit

    @property
    def charges(self) -> bool:
        """Whether anything is charged at all."""
        return self._limiter is not None

    def is_paid(self, caller: Caller, cost: int | None) -> bool:
        """Charge who asks, where that needs no waiting; as `charge`, and False where it does."""
        if self._limiter is None:
            return True
        paid = self._limiter.pay(caller.account, self._units(cost))
        if paid is not None:
            caller.quota = paid
        return paid is not None

    async def charge(self, caller: Caller, cost: int | None) -> None:
        """Charge who asks, and note what is left.

        Args:
            caller: who asks.
            cost: of the operation; None where it is not known before it is executed: then one unit.

        Raises:
            RateLimitedError: there is not enough left.
        """
        if self._limiter is not None:
            caller.quota = await self._limiter.charge(caller.account, self._units(cost))

    def owe(self, caller: Caller, cost: int | None) -> None:
        """Charge the rest of what turned out to cost more than the unit that was taken."""
        if self._limiter is not None and self._units(cost) > 1:
            self._limiter.owe(caller.account, self._units(cost) - 1)

    def _units(self, cost: int | None) -> int:
        return 1 if cost is None else max(1, -(-cost // self._unit))
