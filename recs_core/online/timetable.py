"""When something that comes again is due: every so many seconds, or by a cron line. All times are UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from croniter import CroniterBadDateError, croniter

from recs_core.errors import ParameterError

FIELDS = 5
"""Minute, hour, day of the month, month, day of the week: no seconds, no years."""


@dataclass(frozen=True)
class Timetable:
    """Moments without end.

    Args:
        period: the time between two moments, counted from 1970; None where there is a cron line.
        line: the cron line; empty where there is a period.
    """

    period: timedelta | None
    line: str

    @classmethod
    def parse(cls, value: int | str) -> Timetable:
        """Read what a setting says.

        Args:
            value: seconds, at least one, or a cron line of five fields such as "15 3 * * *".

        Raises:
            ParameterError: it is neither.
        """
        if isinstance(value, int):
            if value < 1:
                raise ParameterError(f"must be at least 1 second (got {value})")
            return cls(timedelta(seconds=value), "")
        if len(value.split()) != FIELDS or not croniter.is_valid(value):
            raise ParameterError(
                f"must be a number of seconds, or a cron line of {FIELDS} fields such as '15 3 * * *' (got {value!r})"
            )
        try:
            croniter(value, datetime.fromtimestamp(0, UTC)).get_next(datetime)
        except CroniterBadDateError:
            raise ParameterError(f"must be a cron line of days that there are (got {value!r})") from None
        return cls(None, value)

    def after(self, moment: datetime) -> datetime:
        """The first moment after another."""
        if self.period is None:
            found: datetime = croniter(self.line, moment.astimezone(UTC)).get_next(datetime)
            return found
        return self.last(moment) + self.period

    def last(self, moment: datetime) -> datetime:
        """The latest moment that is not after another."""
        if self.period is None:
            # croniter looks strictly before, and cron knows whole minutes
            at = moment.astimezone(UTC) + timedelta(microseconds=1)
            found: datetime = croniter(self.line, at).get_prev(datetime)
            return found
        start = datetime.fromtimestamp(0, UTC)
        return start + (moment - start) // self.period * self.period

    def __str__(self) -> str:
        return self.line or f"every {self.period}"
