"""How a worker reaches Redis."""

from __future__ import annotations

from typing import Final

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

TIMEOUT_S: Final = 5.0


def connect(url: str) -> Redis:
    """A client that fails soon and does not try twice: a worker decides itself what comes after a fault.

    Args:
        url: `redis://`, `rediss://` or `unix://`.
    """
    return Redis.from_url(
        url,
        retry=Retry(NoBackoff(), 0),
        socket_timeout=TIMEOUT_S,
        socket_connect_timeout=TIMEOUT_S,
    )
