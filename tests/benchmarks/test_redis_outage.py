"""What the benchmark of a Redis outage reads from the server's log."""

from __future__ import annotations

import math
from datetime import datetime

from benchmarks.redis_outage import CLOSED, OPENED, after, said

LOG = f"""\
2026-11-24 12:00:01,250 WARNING graphql_api.cache.connection [-] {OPENED}: ConnectionError: gone
2026-11-24 12:00:05,500 INFO graphql_api.cache.connection [r1] {CLOSED}
2026-11-24 12:00:09,750 WARNING graphql_api.cache.connection [-] {OPENED}: ConnectionError: gone
"""


def moment(second: float) -> float:
    return datetime(2026, 11, 24, 12, 0, 0).astimezone().timestamp() + second


def test_each_moment_is_that_of_its_line() -> None:
    assert said(LOG, OPENED) == [moment(1.25), moment(9.75)]
    assert said(LOG, CLOSED) == [moment(5.5)]


def test_a_wait_ends_with_the_first_line_that_follows() -> None:
    assert after(said(LOG, OPENED), moment(1)) == 250
    assert after(said(LOG, OPENED), moment(2)) == 7_750
    assert math.isnan(after(said(LOG, CLOSED), moment(6)))
