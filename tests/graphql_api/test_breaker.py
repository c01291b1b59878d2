"""The circuit breaker, step by step."""

from __future__ import annotations

from graphql_api.cache.breaker import CircuitBreaker


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def opened(clock: Clock) -> CircuitBreaker:
    breaker = CircuitBreaker(failures=3, cooldown_s=1.0, clock=clock)
    for _ in range(3):
        assert breaker.allow()
        breaker.failed()
    return breaker


def test_it_opens_after_a_run_of_failures() -> None:
    breaker = opened(Clock())
    assert breaker.is_open
    assert not breaker.allow()


def test_a_success_ends_the_run() -> None:
    breaker = CircuitBreaker(failures=3, cooldown_s=1.0)
    for _ in range(10):
        breaker.failed()
        breaker.failed()
        breaker.succeeded()
    assert breaker.allow()


def test_after_the_cooldown_one_probe_may_go() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now = 1.0
    assert [breaker.allow() for _ in range(3)] == [True, False, False]
    breaker.succeeded()
    assert [breaker.allow() for _ in range(3)] == [True, True, True]


def test_a_failed_probe_opens_it_again() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now = 1.0
    assert breaker.allow()
    breaker.failed()
    assert not breaker.allow()
    clock.now = 2.0
    assert breaker.allow()


def test_a_probe_that_never_reports_does_not_hold_it_open() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now = 1.0
    assert breaker.allow()
    clock.now = 2.0
    assert breaker.allow()
