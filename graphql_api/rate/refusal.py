"""What a client is told that asks for too much."""

from __future__ import annotations

from typing import Any

from graphql_api.errors import RequestError
from graphql_api.rate.bucket import Rate
from graphql_api.rate.headers import rate_limit_policy


class RateLimitedError(RequestError):
    """A client has used up what it may use.

    Args:
        rate: what that is.
        retry_after_s: seconds until there is enough for this request.
    """

    code = "RATE_LIMITED"
    status = 429

    def __init__(self, rate: Rate, retry_after_s: int) -> None:
        super().__init__(
            f"{rate.units} requests in {rate.window_s:g} s are used up, where a costly one counts as several; "
            f"try again in {retry_after_s} s"
        )
        self._retry_after_s = retry_after_s
        self._policy = rate_limit_policy(rate)

    @property
    def extensions(self) -> dict[str, Any]:
        """The code, and when to try again."""
        return {"code": self.code, "retryAfter": self._retry_after_s}

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """When to try again, in seconds, and what was used up."""
        return [(b"retry-after", str(self._retry_after_s).encode()), self._policy]
