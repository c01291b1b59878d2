"""A circuit breaker: who keeps failing is left alone for a while."""

from __future__ import annotations

import time
from collections.abc import Callable


class CircuitBreaker:
    """Closed while calls succeed; open after a run of failures; then one probe decides.

    Ask `allow` before each call and tell `succeeded` or `failed` after it.

    Args:
        failures: consecutive failures that open it.
        cooldown_s: how long it stays open before a probe.
        clock: seconds that only grow.
    """

    def __init__(
        self, *, failures: int, cooldown_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._threshold = failures
        self._cooldown_s = cooldown_s
        self._clock = clock
        self._failures = 0
        self._retry_at: float | None = None

    @property
    def is_open(self) -> bool:
        """Whether calls are held back, but for a probe."""
        return self._retry_at is not None

    def allow(self) -> bool:
        """Whether a call may be made now; when the breaker has cooled down, for one caller."""
        if self._retry_at is None:
            return True
        if self._clock() < self._retry_at:
            return False
        # the next probe may go when this one had its time, even if nobody tells what became of it
        self._retry_at = self._clock() + self._cooldown_s
        return True

    def succeeded(self) -> None:
        """A call went well: close."""
        self._failures = 0
        self._retry_at = None

    def failed(self) -> None:
        """A call failed: open if it was one too many, or a probe."""
        self._failures += 1
        if self._failures >= self._threshold:
            self._retry_at = self._clock() + self._cooldown_s
