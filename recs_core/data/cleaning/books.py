"""From strings as a source has them to books; what cannot be used is set aside with its reason.

Every source goes through here, so that a mistake in the data is found at the door and named alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from recs_core.data.catalogue import SCHEMA as CATALOGUE_SCHEMA
from recs_core.data.catalogue import Catalogue
from recs_core.data.cleaning.isbn import normalise_isbns, valid_isbns
from recs_core.data.cleaning.preparation import Preparation
from recs_core.data.cleaning.quarantine import Fault, Quarantine
from recs_core.data.cleaning.text import repair
from recs_core.data.reading.parsing import numbers_of
from recs_core.data.reading.raw import RawRows

FIRST_YEAR = 1450
"""Before it nothing was printed with movable type in Europe; an earlier year is a mistake."""
AVAILABLE = {
    **dict.fromkeys(("true", "1", "yes", "in stock"), True),
    **dict.fromkeys(("false", "0", "no", "out of stock"), False),
}
"""What may stand in a column of availability."""
CONTROL = r"\p{Cc}"
"""Characters of no id: a line break shows stray quotes that join lines, and NumPy drops a NUL at the end."""
CONTROL_IN_ID = "control character in the id"
INVALID_ISBN = "no valid ISBN (data.invalid_isbn)"


@dataclass(frozen=True)
class BookIds:
    """How a source's ids of books become canonical, in its books and its interactions alike.

    Args:
        preparation: says which form ISBNs are given, and what becomes of ids that are none.
        upper: whether case has no meaning in the source's ids, so that all are upper-cased.
        name: what the source calls the id, for the reasons of the quarantine.
    """

    preparation: Preparation
    upper: bool = False
    name: str = "book_id"

    def canonical(self, written: pa.StringArray) -> pa.StringArray:
        """The ids in the one form that they are known by."""
        ids = pc.utf8_trim_whitespace(written)
        return normalise_isbns(pc.utf8_upper(ids) if self.upper else ids, self.preparation.isbn)

    def unwanted(self, ids: pa.StringArray) -> NDArray[np.bool_]:
        """Which canonical ids are set aside because they are no valid ISBN, `bool[n]`."""
        if self.preparation.invalid_isbn == "keep":
            return np.zeros(len(ids), dtype=np.bool_)
        return ~valid_isbns(ids)


def has_control(ids: pa.StringArray) -> pa.BooleanArray:
    """Which ids have a control character in them."""
    return pc.match_substring_regex(ids, CONTROL)


def clean_books(
    rows: RawRows,
    file: str,
    quarantine: Quarantine,
    ids: BookIds,
    *,
    last_year: int,
    separators: Mapping[str, str],
    say: Callable[[str], None],
) -> Catalogue:
    """Make a catalogue.

    Args:
        rows: columns of the catalogue's names; `book_id` and `title` must be there, others may be missing.
        file: where the rows come from.
        quarantine: takes the rows without id or title, those that repeat an id, those whose id is no valid ISBN where
            that is not wanted, and those whose year is no number, which shows that their columns are shifted.
        ids: how ids become canonical.
        last_year: a later year is a mistake, and unknown.
        separators: what stands between several `authors` and `genres`; a column that is not named holds one each.
        say: is told how many prices and availabilities make no sense, and so are unknown.
    """
    frame = rows.columns.to_pandas()
    canonical = ids.canonical(rows.columns["book_id"])
    book_id = canonical.to_pandas()
    title = frame["title"].map(repair)
    written = frame["year"].str.strip() if "year" in frame else pd.Series("", index=frame.index)
    year = pd.Series(numbers_of(pa.array(written, pa.string())))
    sound = quarantine.check(
        rows,
        file,
        [
            Fault("book_id", f"no {ids.name}", (book_id == "").to_numpy(dtype=np.bool_)),
            Fault("book_id", CONTROL_IN_ID, np.asarray(has_control(canonical))),
            Fault(
                "year" if "year" in frame else None,
                "year is not a number: the columns are shifted",
                (year.isna() & (written != "")).to_numpy(dtype=np.bool_),
            ),
            Fault("title", "no title", (title == "").to_numpy(dtype=np.bool_)),
            Fault("book_id", INVALID_ISBN, ids.unwanted(canonical)),
        ],
    )
    # a row that was set aside does not make a later, sound one its repetition
    repeated = book_id.where(sound).duplicated(keep="first").to_numpy(dtype=np.bool_) & sound
    keep = sound & quarantine.check(rows, file, [Fault("book_id", f"{ids.name} seen before", repeated)])
    possible = year.between(FIRST_YEAR, last_year) & (year % 1 == 0)
    clean = {
        "book_id": book_id,
        "title": title,
        "year": year.where(possible).astype("Int16"),
    }
    for name in ("authors", "genres"):
        clean[name] = (
            _lists(frame[name], separators.get(name))
            if name in frame
            else pd.Series([[]] * len(frame), index=frame.index)
        )
    for name in ("publisher", "language", "description", "cover_url"):
        text = frame[name].map(repair) if name in frame else pd.Series("", index=frame.index)
        clean[name] = text.replace("", None)
    for name, meaning in (("price", _prices), ("available", _availability)):
        clean[name] = (
            meaning(frame[name]) if name in frame else pd.Series(None, index=frame.index, dtype=object)
        )
        if name in frame:
            lost = int((clean[name].isna() & (frame[name].str.strip() != "") & keep).sum())
            if lost:
                say(f"{lost:,} books of {file} have a value in {name} that makes no sense; it is unknown")
    ordered = pd.DataFrame(clean)[keep].sort_values("book_id")
    table = pa.Table.from_pandas(ordered, schema=CATALOGUE_SCHEMA, preserve_index=False)
    return Catalogue(table.replace_schema_metadata())


def books_named(ids: pa.StringArray) -> Catalogue:
    """The books of a source that has no table of them: each is its own title.

    Args:
        ids: canonical, sorted, each once.
    """
    unknown = {
        field.name: pa.array([[]] * len(ids), field.type)
        if pa.types.is_list(field.type)
        else pa.nulls(len(ids), field.type)
        for field in CATALOGUE_SCHEMA
    }
    return Catalogue(pa.table(unknown | {"book_id": ids, "title": ids}, schema=CATALOGUE_SCHEMA))


def _lists(column: pd.Series[str], separator: str | None) -> pd.Series[str]:
    """Each value as a list of repaired, distinct, non-empty texts."""

    def of(value: str) -> list[str]:
        texts = [value] if separator is None else value.split(separator)
        return list(dict.fromkeys(text for text in map(repair, texts) if text))

    return column.map(of)


def _prices(column: pd.Series[str]) -> pd.Series[float]:
    price = pd.Series(numbers_of(pa.array(column, pa.string())), index=column.index)
    return price.where((price >= 0) & np.isfinite(price))


def _availability(column: pd.Series[str]) -> pd.Series[bool]:
    return column.str.strip().str.casefold().map(AVAILABLE).astype(object)
