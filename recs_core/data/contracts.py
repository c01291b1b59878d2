"""What must be true of the canonical tables as they lie on disk: the last gate before anything is learnt from them.

The checks of `recs_core.data.cleaning` find faults at the door, where a row still has its line, and set them aside. A
contract does not trust them: it reads what was written and proves that nothing bad got through. It knows no lines and
sets nothing aside: a breach is a mistake in a source or in this library, and fails the stage.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pandera.errors import SchemaErrors

from recs_core.data.catalogue import SCHEMA as BOOKS_SCHEMA
from recs_core.data.catalogue import Catalogue
from recs_core.data.cleaning.quarantine import SCHEMA as QUARANTINE_SCHEMA
from recs_core.data.contract_rules import BOOKS, EDITIONS, INTERACTIONS, QUARANTINE, USERS
from recs_core.data.sources.base import EDITIONS_SCHEMA, INTERACTIONS_SCHEMA, PARTS, USERS_SCHEMA
from recs_core.errors import DataError

NULL_RULE = {"not_nullable": "must not be null"}
"""The rules that pandera names itself."""

STORED_INTERACTIONS = INTERACTIONS_SCHEMA.set(
    INTERACTIONS_SCHEMA.get_field_index("time"), pa.field("time", pa.timestamp("ms", tz="UTC"))
)
"""Parquet has no unit of seconds."""

BATCH = 2**20
"""Interactions that are checked at a time."""

LONGEST_EXAMPLE = 200


@dataclass(frozen=True)
class Breach:
    """Rows of a table that break one rule.

    Args:
        column: the column that is wrong.
        rule: what must be true of it.
        rows: how many rows break it.
        first: the first of them, counted from 0.
        example: what stands there.
    """

    column: str
    rule: str
    rows: int
    first: int
    example: str

    def __str__(self) -> str:
        count = "1 row" if self.rows == 1 else f"{self.rows:,} rows"
        return f"{self.column} {self.rule}: {count}, first row {self.first:,}, {self.example}"


def check_interim(folder: Path) -> dict[str, int]:
    """Check every table that the ingest stage writes.

    Args:
        folder: holds `books.arrow`, `users.parquet`, `editions.parquet`, `quarantine.parquet` and
            `interactions.parquet`.

    Returns:
        File name to the rows that were checked.

    Raises:
        DataError: a table breaks its contract; every rule that it breaks is named, with an example.
        ArtifactError: the catalogue is missing or is no Arrow file.
    """
    books = Catalogue.load(folder / "books.arrow").table
    check_books(books, "books.arrow")
    ids = books["book_id"].combine_chunks()
    users, editions, quarantine = (
        pq.read_table(folder / f"{name}.parquet") for name in ("users", "editions", "quarantine")
    )
    check_users(users, "users.parquet")
    check_editions(editions, "editions.parquet", ids)
    check_quarantine(quarantine, "quarantine.parquet")
    return {
        "books.arrow": books.num_rows,
        "users.parquet": users.num_rows,
        "editions.parquet": editions.num_rows,
        "quarantine.parquet": quarantine.num_rows,
        "interactions.parquet": check_interactions(folder / "interactions.parquet", ids),
    }


def check_books(table: pa.Table, name: str) -> None:
    """Ids ascending and unique, titles said, years and prices possible, no blank text; `DataError` where not."""
    _check_types(table.schema, BOOKS_SCHEMA, name)
    plain = [field.name for field in BOOKS_SCHEMA if not pa.types.is_list(field.type)]
    frame = table.select(plain).to_pandas()
    # a NaN must not pass for a price that is unknown
    frame["price"] = _numbers(table["price"])
    for lists in ("authors", "genres"):
        frame[lists] = _blanks(table[lists].combine_chunks())
    _raise(name, _breaches(BOOKS, frame, table))


def check_users(table: pa.Table, name: str) -> None:
    """Ids ascending and unique, country said or null, age bands of the list; `DataError` where not."""
    _check_types(table.schema, USERS_SCHEMA, name)
    _raise(name, _breaches(USERS, table.to_pandas(), table))


def check_editions(table: pa.Table, name: str, book_ids: pa.StringArray) -> None:
    """Books that were merged are gone, and those they were merged into are there; `DataError` where not."""
    _check_types(table.schema, EDITIONS_SCHEMA, name)
    frame = pd.DataFrame({column: _rows_in(table[column], book_ids) for column in ("book_id", "edition_of")})
    _raise(name, _breaches(EDITIONS, frame, table))


def check_quarantine(table: pa.Table, name: str) -> None:
    """Every row with its file, line and reason; `DataError` where not."""
    _check_types(table.schema, QUARANTINE_SCHEMA, name)
    _raise(name, _breaches(QUARANTINE, table.to_pandas(), table))


def check_interactions(path: Path, book_ids: pa.StringArray, *, batch_rows: int = BATCH) -> int:
    """Check a file of interactions in batches, so that memory does not grow with the file.

    Args:
        path: a Parquet file.
        book_ids: the ids of the catalogue, ascending.
        batch_rows: how many rows are checked at a time.

    Returns:
        The number of rows.

    Raises:
        DataError: ids are blank, of unknown books, not ascending or repeated; a value is infinite or NaN, a time
            impossible, an event blank, a part unknown; or the columns are others. Rows are counted over all batches.
    """
    found: dict[tuple[str, str], Breach] = {}
    rows = 0
    last: tuple[str, str] | None = None
    with pq.ParquetFile(path) as file:
        _check_types(file.schema_arrow, STORED_INTERACTIONS, path.name)
        for batch in file.iter_batches(batch_size=batch_rows):
            for breach in _breaches(INTERACTIONS, _interactions_frame(batch, book_ids, last), batch):
                key = breach.column, breach.rule
                moved = replace(breach, first=rows + breach.first)
                found[key] = (
                    replace(found[key], rows=found[key].rows + breach.rows) if key in found else moved
                )
            last = _pair(batch, batch.num_rows - 1)
            rows += batch.num_rows
    _raise(path.name, list(found.values()))
    return rows


def _interactions_frame(
    batch: pa.RecordBatch, book_ids: pa.StringArray, last: tuple[str, str] | None
) -> pd.DataFrame:
    """What the rules for interactions are checked on; `last` is the pair that stands before the batch."""
    users, books, events, parts = (batch[name] for name in ("user_id", "book_id", "event", "part"))
    pairs = _ranks(users) * (len(books.dictionary) + 1) + _ranks(books)
    follows = np.r_[True, pairs[1:] > pairs[:-1]]
    if last is not None:
        follows[0] = _pair(batch, 0) > last
    return pd.DataFrame(
        {
            "user_id": _per_row(users, _lengths(users.dictionary)),
            "book_id": _per_row(books, _rows_in(books.dictionary, book_ids)),
            "user_id and book_id": follows,
            "value": _numbers(batch["value"]),
            "time": batch["time"].cast(pa.int64()).fill_null(0).to_numpy() / 1000,
            "event": _per_row(events, _lengths(events.dictionary)),
            "part": _per_row(parts, _rows_in(parts.dictionary, pa.array(PARTS))),
        }
    )


def _per_row(column: pa.DictionaryArray, facts: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each row the fact of its text; 0 where it is null, as only a part can be."""
    codes = column.indices.cast(pa.int64()).fill_null(len(facts)).to_numpy()
    return np.asarray(np.append(facts, 0)[codes])


def _ranks(column: pa.DictionaryArray) -> NDArray[np.int64]:
    """Numbers that are ordered as the texts are, and equal where they are."""
    names = column.dictionary
    if pc.all(pc.less(names.slice(0, max(0, len(names) - 1)), names.slice(1))).as_py() is False:
        ranks = pc.rank(names, tiebreaker="dense").to_numpy().astype(np.int64)
    else:
        ranks = np.arange(len(names))
    return _per_row(column, ranks)


def _lengths(texts: pa.StringArray) -> NDArray[np.int64]:
    """How many characters each text has without white space around it."""
    return np.asarray(pc.utf8_length(pc.utf8_trim_whitespace(texts)).to_numpy(), dtype=np.int64)


def _rows_in(ids: pa.Array, known: pa.Array) -> NDArray[np.int64]:
    """The position of each id in `known`, -1 where it is not."""
    return np.asarray(pc.fill_null(pc.index_in(ids, value_set=known), -1).to_numpy(), dtype=np.int64)


def _numbers(column: pa.Array) -> NDArray[np.float64]:
    """0 where null: pandas has one NaN for what is unknown and for what is no number, and only one is allowed."""
    return np.asarray(pc.fill_null(column, 0).to_numpy(), dtype=np.float64)


def _blanks(lists: pa.ListArray) -> NDArray[np.int64]:
    """How many null or blank texts each list holds; 1 where the list itself is null."""
    texts = pc.utf8_trim_whitespace(pc.list_flatten(lists))
    blank = pc.fill_null(pc.equal(texts, ""), True)
    counts = np.bincount(pc.list_parent_indices(lists).filter(blank).to_numpy(), minlength=len(lists))
    return np.asarray(counts + lists.is_null().to_numpy(zero_copy_only=False))


def _pair(batch: pa.RecordBatch, row: int) -> tuple[str, str]:
    return batch["user_id"][row].as_py(), batch["book_id"][row].as_py()


def _breaches(
    schema: pandera.DataFrameSchema, frame: pd.DataFrame, rows: pa.Table | pa.RecordBatch
) -> list[Breach]:
    """What pandera finds wrong with `frame`, told of the `rows` that it was made of."""
    try:
        schema.validate(frame, lazy=True)
    except SchemaErrors as error:
        cases = error.failure_cases.groupby(["column", "check"], sort=False)["index"].agg(["size", "min"])
        return [
            Breach(column, NULL_RULE.get(rule, rule), int(size), int(first), _example(rows, int(first)))
            for (column, rule), (size, first) in zip(cases.index, cases.to_numpy(), strict=True)
        ]
    return []


def _example(rows: pa.Table | pa.RecordBatch, row: int) -> str:
    """What stands in a row, shortened: enough to find it again."""
    record = rows.slice(row, 1)
    # a time that cannot be is none that Python can show: in milliseconds
    texts = {
        name: column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column
        for name, column in zip(record.schema.names, record.columns, strict=True)
    }
    said = [f"{name}={text[0].as_py()!r}" for name, text in texts.items() if text[0].is_valid]
    shown = ", ".join(said)
    return shown if len(shown) <= LONGEST_EXAMPLE else f"{shown[:LONGEST_EXAMPLE]}..."


def _check_types(found: pa.Schema, expected: pa.Schema, name: str) -> None:
    if found.equals(expected):
        return
    wrong = [
        f"{field.name} must be {_type(field)}, not "
        + (_type(found.field(field.name)) if field.name in found.names else "missing")
        for field in expected
        if field.name not in found.names or not found.field(field.name).equals(field)
    ]
    wrong += [f"{field} is no column of it" for field in found.names if field not in expected.names]
    wrong = wrong or [f"columns must stand in the order {expected.names}"]
    raise DataError(f"{name} breaks its contract:\n  " + "\n  ".join(wrong))


def _type(field: pa.Field) -> str:
    return f"{field.type}{'' if field.nullable else ' not null'}"


def _raise(name: str, breaches: list[Breach]) -> None:
    if breaches:
        raise DataError(f"{name} breaks its contract:\n  " + "\n  ".join(map(str, breaches)))
