"""From interactions as a source has them, block by block, to columns of codes and numbers.

No row is ever an object of its own: ids are judged once each and not once a row, and what is kept of a row is a few
numbers. What cannot be used is set aside with its reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from recs_core.data.cleaning.books import CONTROL_IN_ID, INVALID_ISBN, BookIds, has_control
from recs_core.data.cleaning.growing import GrowingArray
from recs_core.data.cleaning.quarantine import Fault, Quarantine
from recs_core.data.dictionaries import Codes, CodesBuilder
from recs_core.data.reading.parsing import numbers_of, seconds_of
from recs_core.data.reading.raw import RawRows
from recs_core.errors import DataError

NO_TIME = np.iinfo(np.int64).min
"""The seconds of an interaction without a time; NumPy's NaT has the same bits."""
LAST_SECOND = 5e9
"""From the first computers with clocks to a century from now: a time that is outside is in another unit."""
MAX_EVENTS = 100
"""More kinds of events than that are no kinds."""
IMPLICIT = "implicit"


@dataclass(frozen=True)
class ValueRule:
    """What an interaction's value may be.

    Args:
        low, high: the scale, both included; None where anything goes.
        zero_is_unrated: 0 says that nothing was said: the interaction's value is unknown.
        whole: only whole numbers.
        optional: an empty value says that nothing was said, too; otherwise it is a fault.
    """

    low: float | None = None
    high: float | None = None
    zero_is_unrated: bool = False
    whole: bool = False
    optional: bool = False

    def describe(self) -> str:
        """The rule in words, for the quarantine."""
        kind = "whole number" if self.whole else "number"
        low = 0 if self.zero_is_unrated else self.low
        return f"not a {kind} from {low:g} to {self.high:g}" if self.high is not None else f"not a {kind}"

    def broken_by(self, value: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which values break the rule, `bool[n]`; one that is no number, or too large for a float32, does."""
        sound = np.abs(value) <= np.finfo(np.float32).max
        if self.low is not None and self.high is not None:
            sound &= ((value >= self.low) & (value <= self.high)) | (self.zero_is_unrated & (value == 0))
        if self.whole:
            sound &= np.where(sound, value, 0) % 1 == 0
        return ~sound


@dataclass(frozen=True)
class InteractionRules:
    """What a source's interactions must be.

    Args:
        value: what a value may be.
        event: what an interaction with a value is called where there is no column of events; one without is
            "implicit".
        numbered_users: whether ids of users are whole numbers.
    """

    value: ValueRule = field(default_factory=ValueRule)
    event: str = "rating"
    numbered_users: bool = False


@dataclass
class Gathered:
    """Sound interactions as columns, in the order in which they were read.

    Args:
        users, books: codes of the canonical ids.
        event_names: the kinds of events, sorted.
        value: `float32[n]`, NaN where unknown.
        time: `int64[n]`, seconds since 1970, `NO_TIME` where unknown; None where no interaction has one.
        event: `int8[n]`, positions in `event_names`.
    """

    users: Codes
    books: Codes
    event_names: pa.StringArray
    value: NDArray[np.float32]
    time: NDArray[np.int64] | None
    event: NDArray[np.int8]

    def __len__(self) -> int:
        return int(self.value.size)


class InteractionCleaner:
    """Takes raw rows, block by block, and keeps what is sound in them.

    Args:
        quarantine: takes the rows without ids, of unknown books, or with a value, time or event that cannot be.
        ids: how ids of books become canonical.
        known: the ids of the catalogue; None where every book is one.
        rules: what else must be so.
    """

    def __init__(
        self,
        quarantine: Quarantine,
        ids: BookIds,
        *,
        known: pa.StringArray | None,
        rules: InteractionRules,
    ) -> None:
        self.quarantine = quarantine
        self.ids = ids
        self.known = known
        self.rules = rules
        self._timed = False
        self._codes = {name: CodesBuilder() for name in ("user_id", "book_id", "event")}
        self._values = GrowingArray(np.float32)
        self._times = GrowingArray(np.int64)

    def add(self, rows: RawRows, file: str) -> None:
        """Judge some rows and keep what is sound.

        Args:
            rows: the columns `user_id` and `book_id`, and where the source has them `value`, `time` and `event`.
            file: what the file that they come from is called.

        Raises:
            DataError: there are too many kinds of events.
        """
        users, books = (_encoded(rows.columns[name]) for name in ("user_id", "book_id"))
        user_ids = pc.utf8_trim_whitespace(users.dictionary)
        book_ids = self.ids.canonical(books.dictionary)
        faults = [
            *self._faults_of_users(user_ids, users),
            Fault("book_id", "no book id", _where(pc.equal(book_ids, ""), books)),
            Fault("user_id", CONTROL_IN_ID, _where(has_control(user_ids), users)),
            Fault("book_id", CONTROL_IN_ID, _where(has_control(book_ids), books)),
        ]
        values = self._value_column(rows, faults)
        times = self._time_column(rows, faults)
        event_names, events = self._event_column(rows, np.isnan(values), faults)
        faults.append(Fault("book_id", INVALID_ISBN, _where(self.ids.unwanted(book_ids), books)))
        if self.known is not None:
            unknown = pc.invert(pc.is_in(book_ids, value_set=self.known))
            faults.append(Fault("book_id", "book is not in the catalogue", _where(unknown, books)))
        keep = self.quarantine.check(rows, file, faults)
        chosen = slice(None) if keep.all() else keep
        encoded = {
            "user_id": (user_ids, np.asarray(users.indices)),
            "book_id": (book_ids, np.asarray(books.indices)),
            "event": (event_names, events),
        }
        for name, (texts, codes) in encoded.items():
            self._codes[name].add(texts, codes[chosen])
        self._values.append(values[chosen])
        self._times.append(times[chosen])

    def finish(self) -> Gathered:
        """Everything that was kept; nothing more can be added afterwards."""
        users, books, events = (self._codes.pop(name).finish() for name in ("user_id", "book_id", "event"))
        _check_events(events.texts)
        return Gathered(
            users,
            books,
            events.texts,
            self._values.array(),
            self._times.array() if self._timed else None,
            events.codes.astype(np.int8),
        )

    def _faults_of_users(self, ids: pa.StringArray, users: pa.DictionaryArray) -> Iterator[Fault]:
        yield Fault("user_id", "no user id", _where(pc.equal(ids, ""), users))
        if self.rules.numbered_users:
            odd = pc.invert(pc.match_substring_regex(ids, "^[0-9]+$"))
            yield Fault("user_id", "user id is not a number", _where(odd, users))

    def _value_column(self, rows: RawRows, faults: list[Fault]) -> NDArray[np.float32]:
        if "value" not in rows:
            return np.broadcast_to(np.float32(np.nan), len(rows))
        column, rule = _encoded(rows.columns["value"]), self.rules.value
        values = numbers_of(column.dictionary)
        unknown = broken = rule.broken_by(values)
        if rule.optional:
            broken = broken & ~_empty(column.dictionary)
        faults.append(Fault("value", rule.describe(), _where(broken, column)))
        if rule.zero_is_unrated:
            unknown = unknown | (values == 0)
        return np.asarray(np.where(unknown, np.nan, values).astype(np.float32)[column.indices])

    def _time_column(self, rows: RawRows, faults: list[Fault]) -> NDArray[np.int64]:
        if "time" not in rows:
            return np.broadcast_to(np.int64(NO_TIME), len(rows))
        self._timed = True
        seconds = seconds_of(rows.columns["time"])
        possible = (seconds >= 0) & (seconds <= LAST_SECOND)
        # an empty time is unknown; seldom is one not possible, and only then is it looked for
        late = ~possible if possible.all() else ~(possible | _empty(rows.columns["time"]))
        faults.append(Fault("time", "not seconds since 1970", late))
        times = np.where(possible, seconds, 0).astype(np.int64)
        times[~possible] = NO_TIME
        return times

    def _event_column(
        self, rows: RawRows, unrated: NDArray[np.bool_], faults: list[Fault]
    ) -> tuple[pa.StringArray, NDArray[np.int16]]:
        """The names of the events, and for each row a position among them."""
        if "event" not in rows:
            return pa.array([self.rules.event, IMPLICIT]), unrated.astype(np.int16)
        column = _encoded(rows.columns["event"])
        names = pc.utf8_lower(pc.utf8_trim_whitespace(column.dictionary))
        _check_events(names.unique())
        faults.append(Fault("event", "no event", _where(pc.equal(names, ""), column)))
        return names, np.asarray(column.indices).astype(np.int16)


def _encoded(column: pa.StringArray) -> pa.DictionaryArray:
    return column.dictionary_encode()


def _empty(texts: pa.StringArray) -> NDArray[np.bool_]:
    return np.asarray(pc.equal(pc.utf8_trim_whitespace(texts), ""))


def _where(distinct: pa.BooleanArray | NDArray[np.bool_], column: pa.DictionaryArray) -> NDArray[np.bool_]:
    """From what is so of distinct values to the rows of which it is so."""
    flags = np.asarray(distinct)
    if not flags.any():
        return np.zeros(len(column), dtype=np.bool_)
    return np.asarray(flags[column.indices])


def _check_events(names: pa.StringArray) -> None:
    if len(names) > MAX_EVENTS:
        some = ", ".join(map(repr, names.to_pylist()[:3]))
        raise DataError(
            f"the column of events holds more than {MAX_EVENTS} different ones, such as {some}; "
            "it must say what kind of event an interaction is"
        )
