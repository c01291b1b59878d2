"""How every source hands its rows in: checked, counted and made one set of tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from recs_core.data.catalogue import Catalogue
from recs_core.data.cleaning.books import BookIds, books_named, clean_books
from recs_core.data.cleaning.duplicates import merge_repeats, sort_pairs
from recs_core.data.cleaning.editions import merged_editions
from recs_core.data.cleaning.interactions import Gathered, InteractionCleaner, InteractionRules
from recs_core.data.cleaning.preparation import Preparation
from recs_core.data.cleaning.quarantine import Quarantine, without_content
from recs_core.data.cleaning.users import clean_users
from recs_core.data.pseudonyms import Pseudonyms, required
from recs_core.data.reading.raw import RawFile, RawRows, joined
from recs_core.data.sources.base import (
    EDITIONS_SCHEMA,
    INTERACTIONS_SCHEMA,
    USERS_SCHEMA,
    SourceTables,
)

MERGED_EDITION = "merged into another edition (data.merge_editions)"


def merged_repeats(policy: str) -> str:
    """Why a row is filtered whose user and book stand in another."""
    return f"merged with another of the same user and book (data.duplicates: {policy})"


class Intake:
    """Takes a source's books, interactions and readers, and keeps account of every row of every file.

    Call `read` and `add_books` where there are books, then `add_interactions` once, then `add_users` where there are
    readers, and `tables` in the end.

    Args:
        preparation: what is done to ids and repeated interactions.
        say: called with one line where something in the data should be known and is no reason to set a row aside.
        ids: how ids of books become canonical, where the source has a way of its own.

    Raises:
        SecretKeyError: readers are to get pseudonyms, and the key for them is not the one that is set.
    """

    def __init__(
        self, preparation: Preparation, *, say: Callable[[str], None], ids: BookIds | None = None
    ) -> None:
        self.preparation = preparation
        self.ids = ids or BookIds(preparation)
        self.say = say
        self._pseudonyms = required(preparation.pseudonym_key_id)
        self.quarantine = Quarantine()
        self._interactions: pa.Table | None = None
        self._interactions_file = ""
        self._users_file = ""
        self._rows_read: dict[str, int] = defaultdict(int)
        self._rows_kept: dict[str, int] = defaultdict(int)
        self._filtered: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self._catalogue: Catalogue | None = None
        self._books_file: str | None = None
        self._editions = EDITIONS_SCHEMA.empty_table()
        self._users = USERS_SCHEMA.empty_table()

    def read(self, file: RawFile) -> RawRows:
        """All rows of a file, for one of books or readers."""
        return joined(self._batches(file))

    def _batches(self, file: RawFile) -> Iterator[RawRows]:
        """The rows of a file, block by block; rows of a wrong width are set aside."""

        def reject(line: int, reason: str, text: str) -> None:
            self._rows_read[file.name] += 1
            self.quarantine.add_one(file.name, line, reason, text)

        for rows in file.batches(reject):
            self._rows_read[file.name] += len(rows)
            yield rows

    def add_books(self, rows: RawRows, file: str, *, last_year: int, separators: Mapping[str, str]) -> None:
        """Make the catalogue; see `clean_books`. Without this every book of the interactions is one, with its id
        for a title."""
        self._catalogue = clean_books(
            rows,
            file,
            self.quarantine,
            self.ids,
            last_year=last_year,
            separators=separators,
            say=self.say,
        )
        self._books_file = file

    def add_users(self, file: RawFile, change: Callable[[RawRows], RawRows] = lambda rows: rows) -> None:
        """Make the table of readers; see `clean_users`.

        Args:
            file: columns `user_id`, and where the source has them `country` and `age`.
            change: what is done to the rows before they are judged.
        """
        self._users = clean_users(change(self.read(file)), file.name, self.quarantine)
        if self._pseudonyms is not None:
            named = _named(self._users["user_id"].combine_chunks(), self._pseudonyms)
            self._users = (
                self._users.set_column(0, USERS_SCHEMA.field(0), named).sort_by("user_id").combine_chunks()
            )
        self._users_file = file.name
        self._rows_kept[file.name] = self._users.num_rows

    def add_interactions(self, file: RawFile, rules: InteractionRules) -> None:
        """Make the table of interactions.

        Args:
            file: columns `user_id` and `book_id`, and where the source has them `value`, `time` and `event`.
            rules: what must be so.
        """
        known = None if self._catalogue is None else self._catalogue.table["book_id"].combine_chunks()
        cleaner = InteractionCleaner(self.quarantine, self.ids, known=known, rules=rules)
        for rows in self._batches(file):
            cleaner.add(rows, file.name)
        gathered = cleaner.finish()
        del cleaner
        if self._pseudonyms is not None:
            gathered.users = gathered.users.renamed(_named(gathered.users.texts, self._pseudonyms))
        catalogue = self._catalogue or books_named(gathered.books.texts)
        if self.preparation.merge_editions:
            catalogue = self._merge_editions(catalogue, gathered)
        sort_pairs(gathered)
        merged = merge_repeats(gathered, self.preparation.duplicates)
        if merged:
            self._filtered[file.name][merged_repeats(self.preparation.duplicates)] = merged
        self._rows_kept[file.name] = len(gathered)
        if self._books_file:
            self._rows_kept[self._books_file] = len(catalogue)
        self._catalogue = catalogue
        self._interactions = _table(gathered)
        self._interactions_file = file.name

    def tables(self) -> SourceTables:
        """What the source gives.

        Raises:
            AssertionError: a row is in no account.
        """
        for file, read in self._rows_read.items():
            accounts = self._rows_kept[file], self.quarantine.count(file), sum(self._filtered[file].values())
            if sum(accounts) != read:
                raise AssertionError(
                    f"{file}: {read:,} rows read, but kept, set aside and filtered {accounts}"
                )
        if self._catalogue is None or self._interactions is None:
            raise AssertionError("a source must hand in interactions")
        aside = self.quarantine.table()
        return SourceTables(
            interactions=self._interactions,
            catalogue=self._catalogue,
            users=self._users,
            editions=self._editions,
            quarantine=aside if self._pseudonyms is None else without_content(aside, but=self._books_file),
            interactions_file=self._interactions_file,
            rows_read=dict(self._rows_read),
            rows_kept={file: self._rows_kept[file] for file in self._rows_read},
            rows_filtered={file: dict(reasons) for file, reasons in self._filtered.items() if reasons},
            users_file=self._users_file,
        )

    def _merge_editions(self, catalogue: Catalogue, gathered: Gathered) -> Catalogue:
        reads = np.zeros(len(catalogue) + 1, dtype=np.int64)
        counts = np.bincount(gathered.books.codes, minlength=len(gathered.books.texts))
        reads[_positions(gathered.books.texts, catalogue.table["book_id"])] = counts
        self._editions = merged_editions(catalogue.table, reads[:-1])
        into = _positions(gathered.books.texts, self._editions["book_id"])
        merged = pa.array(into >= 0)
        edition_of = self._editions["edition_of"].take(pa.array(into[into >= 0]))
        gathered.books = gathered.books.renamed(
            pc.replace_with_mask(gathered.books.texts, merged, edition_of.combine_chunks())
        )
        stays = pc.invert(pc.is_in(catalogue.table["book_id"], value_set=self._editions["book_id"]))
        if self._books_file and self._editions.num_rows:
            self._filtered[self._books_file][MERGED_EDITION] += self._editions.num_rows
        return Catalogue(catalogue.table.filter(stays).combine_chunks())


def _positions(wanted: pa.StringArray, among: pa.ChunkedArray) -> NDArray[np.int64]:
    """Where each text stands; -1 where it does not."""
    return np.asarray(pc.fill_null(pc.index_in(wanted, value_set=among), -1)).astype(np.int64)


def _named(user_ids: pa.StringArray, pseudonyms: Pseudonyms) -> pa.StringArray:
    return pa.array([pseudonyms.of(user_id) for user_id in user_ids.to_pylist()], pa.string())


def _table(gathered: Gathered) -> pa.Table:
    kinds = {field.name: field.type for field in INTERACTIONS_SCHEMA}
    n_rows = len(gathered)
    if gathered.time is None:
        time = pa.nulls(n_rows, kinds["time"])
    else:
        time = pa.array(gathered.time.view("datetime64[s]"), pa.timestamp("s")).cast(kinds["time"])
    columns = {
        "user_id": gathered.users.array(pa.int32()),
        "book_id": gathered.books.array(pa.int32()),
        "value": pa.array(gathered.value, from_pandas=True),
        "time": time,
        "event": pa.DictionaryArray.from_arrays(pa.array(gathered.event), gathered.event_names),
        "part": pa.nulls(n_rows, kinds["part"]),
    }
    return pa.table(columns, schema=INTERACTIONS_SCHEMA)
