"""A made-up bookstore of any size, for load and scale work only: nothing in it says anything about real readers.

Books are read by the law of Zipf and Mandelbrot (Mandelbrot, "An informational theory of the statistical structure of
language", 1953), readers read log-normally much and have tastes from a Dirichlet distribution over the genres; series
are read on, new books come and are forgotten, weeks and years have their seasons. So models find something to learn.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field

from recs_core.data.cleaning.preparation import Preparation
from recs_core.data.cleaning.quarantine import SCHEMA as QUARANTINE_SCHEMA
from recs_core.data.cleaning.users import AGE_BANDS
from recs_core.data.dictionaries import Codes
from recs_core.data.sources.base import (
    EDITIONS_SCHEMA,
    INTERACTIONS_SCHEMA,
    USERS_SCHEMA,
    SourceTables,
    takes_options,
)
from recs_core.data.sources.generated_books import Shelves, describe_books, ids_of, make_shelves
from recs_core.data.sources.generated_reading import EVENTS, activity, most_books, read, season
from recs_core.data.sources.generated_words import COUNTRIES
from recs_core.errors import ParameterError

FILE = "generated"
"""What the accounts call the rows, which stand in no file."""
AGE_SHARES = (0.08, 0.16, 0.27, 0.25, 0.16, 0.08)
SAYS_COUNTRY, SAYS_AGE = 0.9, 0.7
"""Shares of the readers."""


def _day(value: object) -> object:
    # YAML makes a date of an unquoted 2023-01-01
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return value.isoformat()
    if isinstance(value, str):
        return datetime.date.fromisoformat(value).isoformat()
    raise ValueError("must be a day such as 2023-01-01")


class Generated:
    """Makes up readers, books and interactions; the same options make the same bytes.

    Each interaction is the last event of a user with a book: "view", "add_to_cart", "purchase", or "rating", which
    alone has a value, of 1 to 5. There are no duplicates, no ISBNs and no editions for the preparation to work on.

    Args:
        users, books, interactions: how many; every user has at least one interaction, and none with more than a
            quarter of the books.
        seed: decides everything.
        days: how long the store is open.
        first_day: when it opens.

    Raises:
        ParameterError: there cannot be so many interactions.
    """

    synthetic: ClassVar[bool] = True
    name: ClassVar[str] = "generated"

    @takes_options
    def __init__(
        self,
        users: Annotated[int, Field(ge=1, le=10**8)],
        books: Annotated[int, Field(ge=1, le=10**7)],
        interactions: Annotated[int, Field(ge=1, lt=2**31)],
        seed: Annotated[int, Field(ge=0)],
        days: Annotated[int, Field(ge=7, le=36_525)] = 730,
        first_day: Annotated[str, BeforeValidator(_day)] = "2023-01-01",
    ) -> None:
        most = users * most_books(books)
        if not users <= interactions <= most:
            raise ParameterError(
                f"data.sources.{self.name}.interactions: must be from {users:,}, one a user, to {most:,}, a quarter "
                f"of the books a user (got {interactions:,})"
            )
        self.users = users
        self.books = books
        self.interactions = interactions
        self.seed = seed
        self.days = days
        self.first_day = datetime.date.fromisoformat(first_day)

    def load(self, raw_dir: Path, preparation: Preparation, *, say: Callable[[str], None]) -> SourceTables:
        """Make everything up; `raw_dir` and `preparation` have no part in it.

        Raises:
            ParameterError: readers that are made up are to get pseudonyms.
        """
        if preparation.pseudonym_key_id is not None:
            raise ParameterError(
                f"data.pseudonym_key_id: must be null for data.source {self.name}; its readers are nobody"
            )
        say(f"reading no file: {self.interactions:,} interactions of {self.users:,} users are made up")
        # each its own stream: another number of interactions leaves the books as they are
        streams = np.random.SeedSequence(self.seed).spawn(4)
        for_shelves, for_catalogue, for_users, for_reading = (np.random.default_rng(s) for s in streams)
        shelves = make_shelves(self.books, for_shelves)
        return SourceTables(
            interactions=self._interactions(shelves, for_reading),
            catalogue=describe_books(shelves, self.first_day, self.days, for_catalogue),
            users=_users(self.users, for_users),
            editions=EDITIONS_SCHEMA.empty_table(),
            quarantine=QUARANTINE_SCHEMA.empty_table(),
            interactions_file=FILE,
            rows_read={FILE: self.interactions},
            rows_kept={FILE: self.interactions},
            rows_filtered={},
        )

    def _interactions(self, shelves: Shelves, rng: np.random.Generator) -> pa.Table:
        n = self.interactions
        users, books = np.empty(n, dtype=np.int32), np.empty(n, dtype=np.int32)
        values, event = np.empty(n, dtype=np.float32), np.empty(n, dtype=np.int32)
        seconds = np.empty(n, dtype=np.int64)
        counts = activity(self.users, self.books, n, rng)
        business = season(self.days, self.first_day.weekday(), self.first_day.timetuple().tm_yday)
        done = 0
        for batch in read(counts, shelves, business, rng):
            rows = slice(done, done + batch.user_rows.size)
            users[rows], books[rows], values[rows] = batch.user_rows, batch.book_rows, batch.value
            seconds[rows], event[rows] = batch.seconds, batch.event
            done = rows.stop
        seconds += int(np.datetime64(self.first_day, "s").astype(np.int64))
        columns = [
            Codes(ids_of("u", self.users), users).array(pa.int32()),
            _named(books, ids_of("b", self.books), pa.int32()),
            pa.array(values, from_pandas=True),
            pa.array(seconds).view(INTERACTIONS_SCHEMA.field("time").type),
            _named(event, pa.array(EVENTS), pa.int8()),
            pa.DictionaryArray.from_arrays(pa.nulls(n, pa.int8()), pa.array([], pa.string())),
        ]
        return pa.Table.from_arrays(columns, schema=INTERACTIONS_SCHEMA)


def _named(rows: NDArray[np.int32], names: pa.StringArray, index: pa.DataType) -> pa.DictionaryArray:
    """Rows by name, in a dictionary of those names alone that a row has."""
    used = np.bincount(rows, minlength=len(names)) > 0
    place = np.cumsum(used, dtype=np.int32) - 1
    return Codes(names.filter(pa.array(used)), place[rows]).array(index)


def _users(count: int, rng: np.random.Generator) -> pa.Table:
    """Country and age band of each user, where they say so."""
    shares = np.array(list(COUNTRIES.values()))
    countries = rng.choice(len(COUNTRIES), count, p=shares / shares.sum())
    ages = rng.choice(len(AGE_BANDS), count, p=AGE_SHARES)
    columns = [ids_of("u", count)]
    for names, codes, says in ((COUNTRIES, countries, SAYS_COUNTRY), (AGE_BANDS, ages, SAYS_AGE)):
        chosen = pa.array(codes, mask=rng.random(count) >= says)
        columns.append(pa.array(list(names), pa.string()).take(chosen))
    return pa.Table.from_arrays(columns, schema=USERS_SCHEMA)
