"""How a worker reaches Redis."""

from __future__ import annotations

from typing import Final

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

TIMEOUT_S: Final = 5.0


def connect(url: str, *, timeout_s: float = TIMEOUT_S) -> Redis:
    """A client that fails soon and does not try twice: a worker decides itself what comes after a fault.

    Args:
        url: `redis://`, `rediss://` or `unix://`.
        timeout_s: patience with one operation.
    """
    return Redis.from_url(
        url,
        retry=Retry(NoBackoff(), 0),
        socket_timeout=timeout_s,
        socket_connect_timeout=timeout_s,
    )
