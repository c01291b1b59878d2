"""The circuit breaker of each service. Its state lies in Redis, for a job is a process of its own and soon over."""

from __future__ import annotations

from typing import Any, Final

from pybreaker import STATE_CLOSED, CircuitBreaker, CircuitRedisStorage
from redis import Redis

from pipelines.worker.upstream.errors import ThrottledError, UnavailableError, UpstreamError
from recs_core.online import keys

FAILURES: Final = 5
"""So many tries in a row that failed open it."""

OPEN_S: Final = 60.0
"""Then nothing is asked for so long, and after that once: what becomes of it decides."""


def breaker(client: Redis, service: str) -> CircuitBreaker:
    """The circuit breaker of a service."""
    return CircuitBreaker(
        fail_max=FAILURES,
        reset_timeout=OPEN_S,
        exclude=[_lives],
        state_storage=CircuitRedisStorage(STATE_CLOSED, client, namespace=keys.upstream_breaker(service)),
        throw_new_error_on_trip=False,
    )


def breaker_state(client: Redis, service: str) -> str:
    """`closed`, `open` or `half-open`, without any effect."""
    stored: Any = client.get(f"{keys.upstream_breaker(service)}:{CircuitRedisStorage.BASE_NAMESPACE}:state")
    return STATE_CLOSED if stored is None else str(stored.decode())


def _lives(fault: BaseException) -> bool:
    """Whether a service that refuses, asks for a pause or answers otherwise than agreed has answered at all."""
    return isinstance(fault, UpstreamError) and (
        isinstance(fault, ThrottledError) or not isinstance(fault, UnavailableError)
    )
