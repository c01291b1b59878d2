"""When something is due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_core.errors import ParameterError
from recs_core.online.timetable import Timetable

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "last", "after"),
    [
        ("0 * * * *", NOON, NOON + timedelta(hours=1)),
        ("15 3 * * *", datetime(2026, 3, 1, 3, 15, tzinfo=UTC), datetime(2026, 3, 2, 3, 15, tzinfo=UTC)),
        ("0 0 29 2 *", datetime(2024, 2, 29, tzinfo=UTC), datetime(2028, 2, 29, tzinfo=UTC)),
        (86_400, datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)),
        (1, NOON, NOON + timedelta(seconds=1)),
    ],
)
def test_the_last_and_the_next_moment(value: int | str, last: datetime, after: datetime) -> None:
    timetable = Timetable.parse(value)
    assert (timetable.last(NOON), timetable.after(NOON)) == (last, after)


@given(
    st.sampled_from(["*/7 * * * *", "15 3 * * *", "0 5 * * 1-5", 60, 3_601]),
    st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2030, 1, 1), timezones=st.just(UTC)),
)
def test_moments_follow_each_other_without_gap_or_repetition(value: int | str, moment: datetime) -> None:
    timetable = Timetable.parse(value)
    last, after = timetable.last(moment), timetable.after(moment)
    assert last <= moment < after
    assert timetable.after(last) == after
    assert timetable.last(after) == after


def test_a_moment_of_another_zone_is_taken_in_utc() -> None:
    there = timezone(timedelta(hours=5))
    assert Timetable.parse("0 12 * * *").last(NOON.astimezone(there)) == NOON


@pytest.mark.parametrize(
    "value", [0, -5, "", "often", "60 * * * *", "* * * *", "* * * * * *", "@daily", "0 0 30 2 *"]
)
def test_what_is_no_timetable_is_refused(value: int | str) -> None:
    with pytest.raises(ParameterError, match="must be"):
        Timetable.parse(value)
