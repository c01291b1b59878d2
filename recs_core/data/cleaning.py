"""From strings as a source has them to the canonical tables; what cannot be used is set aside with its reason.

Every source goes through here, so that a mistake in the data is found at the door and named alike.
"""

from __future__ import annotations

import html
from collections.abc import Collection
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from recs_core.data.catalogue import SCHEMA as CATALOGUE_SCHEMA
from recs_core.data.catalogue import Catalogue
from recs_core.data.delimited import LINE
from recs_core.data.quarantine import Fault, Quarantine
from recs_core.data.sources.base import INTERACTIONS_SCHEMA, USERS_SCHEMA

AGE_ENDS = [0, 18, 25, 35, 50, 65, 200]
AGE_BANDS = ["under 18", "18-24", "25-34", "35-49", "50-64", "65 and over"]
POSSIBLE_AGES = (5, 100)
FIRST_YEAR = 1450
"""Before it nothing was printed with movable type in Europe; an earlier year is a mistake."""


@dataclass(frozen=True)
class ValueRule:
    """What an interaction's value may be.

    Args:
        low, high: the scale, both included; None where anything goes.
        zero_is_unrated: 0 says that nothing was said: the interaction's value is unknown.
        whole: only whole numbers.
    """

    low: float | None = None
    high: float | None = None
    zero_is_unrated: bool = False
    whole: bool = False

    def describe(self) -> str:
        """The rule in words, for the quarantine."""
        kind = "whole number" if self.whole else "number"
        low = 0 if self.zero_is_unrated else self.low
        return f"not a {kind} from {low:g} to {self.high:g}" if self.high is not None else f"not a {kind}"

    def broken_by(self, value: pd.Series[float]) -> pd.Series[bool]:
        """Which values break the rule; one that is no number does."""
        sound = value.notna()
        if self.low is not None and self.high is not None:
            sound &= value.between(self.low, self.high) | (self.zero_is_unrated & (value == 0))
        if self.whole:
            sound &= value % 1 == 0
        return ~sound


def clean_books(
    frame: pd.DataFrame, file: str, quarantine: Quarantine, *, last_year: int, id_name: str = "book_id"
) -> Catalogue:
    """Make a catalogue.

    Args:
        frame: strings in columns of the catalogue's names; `authors` and `genres` may be lists. `book_id` and
            `title` must be there, others may be missing.
        file: where the rows come from.
        quarantine: takes the rows without id or title, those that repeat an id, and those whose year is no
            number, which shows that their columns are shifted.
        last_year: a later year is a mistake, and unknown.
        id_name: what the source calls the id, for the reasons.
    """
    book_id = frame["book_id"].str.strip()
    written = frame["year"].str.strip() if "year" in frame else pd.Series("", index=frame.index)
    year = pd.to_numeric(written, errors="coerce")
    sound = quarantine.check(
        frame,
        file,
        [
            Fault("book_id", f"no {id_name}", book_id == ""),
            Fault(
                "year" if "year" in frame else None,
                "year is not a number: the columns are shifted",
                year.isna() & (written != ""),
            ),
            Fault("title", "no title", frame["title"].str.strip() == ""),
        ],
    )
    # a row that was set aside does not make a later, sound one its repetition
    repeated = book_id.where(sound).duplicated(keep="first") & sound
    keep = sound & quarantine.check(frame, file, [Fault("book_id", f"{id_name} seen before", repeated)])
    possible = year.between(FIRST_YEAR, last_year) & (year % 1 == 0)
    clean = {
        "book_id": book_id,
        "title": frame["title"].map(repair),
        "year": year.where(possible).astype("Int16"),
    }
    for name in ("authors", "genres"):
        clean[name] = (
            _lists(frame[name]) if name in frame else pd.Series([[]] * len(frame), index=frame.index)
        )
    for name in ("publisher", "language", "description", "cover_url"):
        text = frame[name].map(repair) if name in frame else pd.Series("", index=frame.index)
        clean[name] = text.replace("", None)
    ordered = pd.DataFrame(clean)[keep].sort_values("book_id")
    return Catalogue(
        pa.Table.from_pandas(ordered, schema=CATALOGUE_SCHEMA, preserve_index=False).replace_schema_metadata()
    )


def books_named_in(interactions: pd.DataFrame) -> pd.DataFrame:
    """Books for `clean_books` where a source has no table of them: each id once, as its own title.

    Args:
        interactions: strings in the column `book_id`; a book has the line that first names it.
    """
    book_id = interactions["book_id"].str.strip()
    named = interactions[[LINE]].assign(book_id=book_id, title=book_id)
    return named[book_id != ""].drop_duplicates("book_id")


def clean_interactions(
    frame: pd.DataFrame,
    file: str,
    quarantine: Quarantine,
    *,
    known: Collection[str],
    rule: ValueRule,
    event: str,
) -> pa.Table:
    """Make the table of interactions, sorted by user and book.

    Args:
        frame: strings in the columns `user_id` and `book_id`, and where the source has them `value`, and `time`
            in seconds since 1970.
        file: where the rows come from.
        quarantine: takes the rows without ids, of unknown books, with a value or time that cannot be, and those
            that repeat a user and book.
        known: the ids of the catalogue.
        rule: what a value may be.
        event: what an interaction with a value is called; one without is "implicit".
    """
    user_id, book_id = frame["user_id"].str.strip(), frame["book_id"].str.strip()
    nothing = pd.Series(float("nan"), index=frame.index)
    value = pd.to_numeric(frame["value"], errors="coerce") if "value" in frame else nothing
    seconds = pd.to_numeric(frame["time"], errors="coerce") if "time" in frame else nothing
    faults = [
        Fault("user_id", "no user id", user_id == ""),
        Fault("book_id", "no book id", book_id == ""),
    ]
    if "value" in frame:
        faults.append(Fault("value", rule.describe(), rule.broken_by(value)))
    if "time" in frame:
        # from the first computers with clocks to a century from now: whatever is outside is another unit
        faults.append(Fault("time", "not seconds since 1970", ~seconds.between(0, 5e9)))
    faults.append(Fault("book_id", "book is not in the catalogue", ~book_id.isin(known)))
    sound = quarantine.check(frame, file, faults)
    pairs = pd.DataFrame({"user": user_id.where(sound), "book": book_id})
    repeated = pairs.duplicated(keep="first") & sound
    keep = sound & quarantine.check(frame, file, [Fault(None, "user and book seen before", repeated)])
    given = value.notna() & ~(rule.zero_is_unrated & (value == 0))
    clean = pd.DataFrame(
        {
            "user_id": user_id,
            "book_id": book_id,
            "value": value.where(given).astype("float32"),
            "time": pd.to_datetime(seconds.where(keep), unit="s", utc=True).astype("datetime64[s, UTC]"),
            "event": given.map({True: event, False: "implicit"}),
        }
    )
    ordered = clean[keep].sort_values(["user_id", "book_id"])
    table = pa.Table.from_pandas(ordered, schema=INTERACTIONS_SCHEMA, preserve_index=False)
    return table.replace_schema_metadata()


def clean_users(frame: pd.DataFrame, file: str, quarantine: Quarantine) -> pa.Table:
    """Make the table of readers, sorted by id; an age that cannot be is unknown.

    Args:
        frame: strings in the column `user_id`, and where the source has them `country` and `age`, in years.
        file: where the rows come from.
        quarantine: takes the rows without an id and those that repeat one.
    """
    user_id = frame["user_id"].str.strip()
    repeated = user_id.duplicated(keep="first") & (user_id != "")
    faults = [
        Fault("user_id", "no user id", user_id == ""),
        Fault("user_id", "user id seen before", repeated),
    ]
    keep = quarantine.check(frame, file, faults)
    nothing = pd.Series("", index=frame.index)
    country = frame["country"].map(repair).str.casefold() if "country" in frame else nothing
    age = pd.to_numeric(frame.get("age", nothing), errors="coerce")
    bands = pd.cut(age.where(age.between(*POSSIBLE_AGES)), AGE_ENDS, labels=AGE_BANDS, right=False)
    clean = pd.DataFrame(
        {
            "user_id": user_id,
            "country": country.where(country.str.fullmatch(r"[^\W\d_][\w .'-]+")),
            "age_band": bands.astype(object),
        }
    )
    ordered = clean[keep].sort_values("user_id")
    table = pa.Table.from_pandas(ordered, schema=USERS_SCHEMA, preserve_index=False)
    return table.replace_schema_metadata()


def repair(text: str) -> str:
    """Undo HTML entities and UTF-8 that was read as Latin-1, and squeeze white space."""
    text = " ".join(html.unescape(text).split())
    if text.isascii():
        return text
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def _lists(column: pd.Series[str]) -> pd.Series[str]:
    """Each value as a list of repaired, distinct, non-empty texts; a plain string is a list of one."""

    def of(value: str | list[str]) -> list[str]:
        texts = [value] if isinstance(value, str) else value
        return list(dict.fromkeys(text for text in map(repair, texts) if text))

    return column.map(of)
