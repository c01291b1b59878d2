"""What is usually short is done at once, what is not goes to a thread."""

from __future__ import annotations

from graphql_api.pace import SHORT_S, Pace


def test_what_nobody_has_seen_is_not_short() -> None:
    assert not Pace().is_short("rank")


def test_one_short_run_is_enough_and_names_are_apart() -> None:
    pace = Pace()
    pace.note("rank", SHORT_S / 10)
    assert pace.is_short("rank")
    assert not pace.is_short("explain")


def test_one_long_run_does_not_count_for_all_and_many_do() -> None:
    pace = Pace()
    pace.note("rank", SHORT_S / 10)
    pace.note("rank", 2 * SHORT_S)
    assert pace.is_short("rank")
    for _ in range(20):
        pace.note("rank", 2 * SHORT_S)
    assert not pace.is_short("rank")
    for _ in range(20):
        pace.note("rank", SHORT_S / 10)
    assert pace.is_short("rank")
