"""Another source, and what has happened in the store since: a file of the event table beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pydantic import ValidationError

from recs_core.data.cleaning.preparation import Preparation
from recs_core.data.dictionaries import Codes
from recs_core.data.erased import ErasureDigests, read_erased
from recs_core.data.pseudonyms import Pseudonyms, is_pseudonym, required
from recs_core.data.sources.base import INTERACTIONS_SCHEMA, Source, SourceTables, takes_options
from recs_core.data.sources.forms import FORMS
from recs_core.errors import DataError, ParameterError, describe

COUNTED = ("add_to_cart", "purchase", "rating")
"""Events that say that a reader wants a book. Views and clicks say little; a dislike says the opposite."""

COLUMNS = ("user_id", "book_id", "event", "value", "time")
"""Of the file, as `pipelines.event_table` writes them."""

REPLACED = "an event of the same reader and book is later"
UNKNOWN = "the book is not in the catalogue"
ERASED = "the reader was erased"
NOT_COUNTED = "the event is no interaction (data.sources.with-events.counted)"


class WithEvents:
    """Reads a source and adds events. Of several rows of one reader and book the latest event counts.

    Args:
        form: the source.
        options: of the source.
        events: a Parquet file of events, ordered by time; named after its content, so that a change of it is a change
            of the parameters.
        counted: the events that are interactions.
        erased: a JSON file of readers who were erased, by keyed digests, named after its content as well. Nothing of
            theirs is taken from the source; the events have only what they did afterwards.

    Raises:
        ParameterError: there is no such form, or it does not take these options.
    """

    synthetic: ClassVar[bool] = False
    name: ClassVar[str] = "with-events"

    @takes_options
    def __init__(
        self,
        form: str,
        events: str,
        options: dict[str, Any] | None = None,
        counted: list[str] | None = None,
        erased: str | None = None,
    ) -> None:
        where = f"data.sources.{self.name}"
        if form not in FORMS:
            raise ParameterError(f"{where}.form is {form!r}; it must be one of {sorted(FORMS)}")
        try:
            self.source: Source = FORMS[form](**(options or {}))
        except ValidationError as error:
            raise ParameterError(describe(error, where=f"{where}.options")) from None
        self.events = Path(events)
        self.counted = COUNTED if counted is None else tuple(counted)
        self.erased = None if erased is None else Path(erased)

    def load(self, raw_dir: Path, preparation: Preparation, *, say: Callable[[str], None]) -> SourceTables:
        """Read both.

        Raises:
            DataError: one cannot be had or read.
        """
        before = self.source.load(raw_dir, preparation, say=say)
        if self.erased is not None:
            before = _without_erased(before, self.erased)
        say(f"reading {self.events}")
        events = _with_pseudonyms(_read(self.events), required(preparation.pseudonym_key_id), self.events)
        is_counted = pc.is_in(events["event"], value_set=pa.array(self.counted, pa.string()))
        is_known = pc.is_in(events["book_id"], value_set=before.catalogue.table["book_id"].combine_chunks())
        added = events.filter(pc.and_(is_counted, is_known))
        interactions, from_before = _latest(before.interactions, added)
        kept = interactions.num_rows - from_before
        filtered = {
            NOT_COUNTED: _count(pc.invert(is_counted)),
            UNKNOWN: _count(pc.and_(is_counted, pc.invert(is_known))),
            REPLACED: added.num_rows - kept,
        }
        replaced = before.interactions.num_rows - from_before
        old, new = before.interactions_file, self.events.name
        was_filtered = before.rows_filtered.get(old, {})
        return SourceTables(
            interactions=interactions,
            catalogue=before.catalogue,
            users=before.users,
            editions=before.editions,
            quarantine=before.quarantine,
            interactions_file=f"{old}, {new}",
            rows_read=before.rows_read | {new: events.num_rows},
            rows_kept=before.rows_kept | {old: before.rows_kept[old] - replaced, new: kept},
            rows_filtered=before.rows_filtered
            | ({old: was_filtered | {REPLACED: replaced}} if replaced else {})
            | {new: {reason: rows for reason, rows in filtered.items() if rows}},
            users_file=before.users_file,
        )


def _without_erased(tables: SourceTables, path: Path) -> SourceTables:
    """What a source gave without the readers who were erased.

    Raises:
        DataError: the file is missing or damaged.
        SecretKeyError: the key of the digests is no key.
    """
    if not path.exists():
        raise DataError(f"{path} is missing; `bookverse jobs run train` makes it")
    erased, digests = read_erased(path), ErasureDigests.from_environment()

    def stays(readers: pa.Array) -> pa.Array:
        return pa.array([digests.of(reader) not in erased for reader in readers.to_pylist()], pa.bool_())

    readers = Codes.of(tables.interactions["user_id"])
    kept = tables.interactions.filter(stays(readers.texts).take(pa.array(readers.codes)))
    users = tables.users.filter(stays(tables.users["user_id"]))
    gone = {tables.interactions_file: tables.interactions.num_rows - kept.num_rows}
    gone[tables.users_file] = gone.get(tables.users_file, 0) + tables.users.num_rows - users.num_rows
    gone = {file: rows for file, rows in gone.items() if rows}
    filtered = {file: tables.rows_filtered.get(file, {}) | {ERASED: rows} for file, rows in gone.items()}
    return replace(
        tables,
        interactions=kept,
        users=users,
        rows_kept={file: rows - gone.get(file, 0) for file, rows in tables.rows_kept.items()},
        rows_filtered=tables.rows_filtered | filtered,
    )


def _read(path: Path) -> pa.Table:
    try:
        return pq.read_table(path, columns=list(COLUMNS), partitioning=None)
    except (OSError, pa.ArrowInvalid, KeyError) as error:
        raise DataError(
            f"{path} is no file of events: {error}; `bookverse jobs run train` makes one"
        ) from error


def _with_pseudonyms(events: pa.Table, pseudonyms: Pseudonyms | None, path: Path) -> pa.Table:
    """Events whose readers are called as in the source; those that came from a server with the key are already."""
    readers = events["user_id"].combine_chunks().dictionary_encode()
    ids = readers.dictionary.to_pylist()
    if pseudonyms is None:
        if any(map(is_pseudonym, ids)):
            raise DataError(
                f"{path} has pseudonyms, and data.pseudonym_key_id is null: set it to the id of the servers' key"
            )
        return events
    names = pa.array([pseudonyms.settle(each) for each in ids], pa.string())
    return events.set_column(0, "user_id", names.take(readers.indices))


def _count(mask: pa.ChunkedArray) -> int:
    return int(pc.sum(mask).as_py() or 0)


def _latest(before: pa.Table, events: pa.Table) -> tuple[pa.Table, int]:
    """The last row of each reader and book, sorted by them; and how many are of the first table.

    Args:
        before: of `INTERACTIONS_SCHEMA`, each pair once.
        events: ordered by time; all later than what was before.
    """
    plain = pa.schema([(name, _plain(INTERACTIONS_SCHEMA.field(name).type)) for name in COLUMNS])
    both = pa.concat_tables(
        [before.select(COLUMNS).cast(plain), events.select(COLUMNS).cast(plain, safe=False)]
    )
    users, books = Codes.of(both["user_id"]), Codes.of(both["book_id"])
    keys: NDArray[np.int64] = users.codes.astype(np.int64) * len(books.texts) + books.codes
    order = np.argsort(keys, kind="stable")
    last = np.append(np.diff(keys[order]) != 0, True) if keys.size else np.zeros(0, dtype=np.bool_)
    chosen = order[last]
    rows = both.take(pa.array(chosen))
    columns = {name: rows[name] for name in ("value", "time")}
    for name, index in (("user_id", pa.int32()), ("book_id", pa.int32()), ("event", pa.int8())):
        columns[name] = Codes.of(rows[name]).array(index)
    part = pa.nulls(rows.num_rows, INTERACTIONS_SCHEMA.field("part").type)
    table = pa.table({**columns, "part": part}, schema=INTERACTIONS_SCHEMA).combine_chunks()
    return table, int(np.count_nonzero(chosen < before.num_rows))


def _plain(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind
