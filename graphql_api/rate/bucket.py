"""A token bucket: so many units at once, refilled evenly over a window."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """What a client may use.

    Args:
        units: at once, and in each window.
        window_s: how long it takes to refill them all, in seconds.
    """

    units: int
    window_s: float = 60.0

    @property
    def per_s(self) -> float:
        """Units that come back in a second."""
        return self.units / self.window_s


@dataclass(slots=True)
class Bucket:
    """A client's units in this process.

    Args:
        level: units that are left; below 0 after a debt.
        at: when that was so, in seconds of a clock that only grows.
    """

    level: float
    at: float

    def take(self, units: int, rate: Rate, now: float) -> bool:
        """Take units, if they are there."""
        self.level = min(rate.units, self.level + max(0.0, now - self.at) * rate.per_s)
        self.at = now
        if self.level < units:
            return False
        self.level -= units
        return True

    def wait_s(self, units: int, rate: Rate) -> int:
        """Whole seconds until so many units are there, at least 1."""
        return max(1, math.ceil((units - self.level) / rate.per_s))


@dataclass(slots=True)
class Quota:
    """What a client has, as the `RateLimit` headers say it.

    Args:
        rate: what it may use.
        left: units that are left, about.
    """

    rate: Rate
    left: int
