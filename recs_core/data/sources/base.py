"""What a source of interactions gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

import pyarrow as pa
from pydantic import ConfigDict, validate_call

from recs_core.data.catalogue import Catalogue
from recs_core.data.cleaning.preparation import Preparation
from recs_core.errors import ParameterError

PARTS = ("train", "validation", "test")
"""What `part` of `INTERACTIONS_SCHEMA` may say; a part's code in `InteractionRows.parts` is its position."""

INTERACTIONS_SCHEMA = pa.schema(
    [
        pa.field("user_id", pa.dictionary(pa.int32(), pa.string()), nullable=False),
        pa.field("book_id", pa.dictionary(pa.int32(), pa.string()), nullable=False),
        pa.field("value", pa.float32()),
        pa.field("time", pa.timestamp("s", tz="UTC")),
        pa.field("event", pa.dictionary(pa.int8(), pa.string()), nullable=False),
        pa.field("part", pa.dictionary(pa.int8(), pa.string())),
    ]
)
"""One row an interaction. `value` is the rating where one was given; `time` is null where the source has none;
`event` is "rating" or "implicit", or what the source says that happened; `part` is one of `PARTS`, null where the
source is not split already. Each dictionary is sorted, holds each text once, and holds nothing that no row names."""

USERS_SCHEMA = pa.schema(
    [
        pa.field("user_id", pa.string(), nullable=False),
        pa.field("country", pa.string()),
        pa.field("age_band", pa.string()),
    ]
)
"""One row a reader of whom something is known, for cohorts alone: nothing finer than country and age band."""

EDITIONS_SCHEMA = pa.schema(
    [pa.field(name, pa.string(), nullable=False) for name in ("book_id", "edition_of", "title", "authors")]
)
"""One row a book that was merged into another, which is the edition that is most read."""

takes_options = validate_call(config=ConfigDict(strict=True))
"""Decorator of a source's `__init__`: its arguments are options of params.yaml, checked for name and type."""


@dataclass(frozen=True)
class SourceTables:
    """What a source read. For each file, rows kept, rows filtered and rows in quarantine add up to `rows_read`.

    Args:
        interactions: table of `INTERACTIONS_SCHEMA`, sorted by user and book, unique pairs.
        catalogue: every well-formed book.
        users: table of `USERS_SCHEMA`, sorted by user; empty where the source knows nothing of readers.
        editions: table of `EDITIONS_SCHEMA`; empty where no editions are merged.
        quarantine: table of `recs_core.data.cleaning.quarantine.SCHEMA`.
        interactions_file: the file that the interactions are from.
        rows_read: file name to number of data rows.
        rows_kept: file name to number of rows that are in one of the tables.
        rows_filtered: file name to reason to number of rows that are sound, but not wanted twice.
        users_file: the file that the readers are from; empty where there is none.
    """

    interactions: pa.Table
    catalogue: Catalogue
    users: pa.Table
    editions: pa.Table
    quarantine: pa.Table
    interactions_file: str
    rows_read: dict[str, int]
    rows_kept: dict[str, int]
    rows_filtered: dict[str, dict[str, int]]
    users_file: str = ""


class Source(Protocol):
    """A place where interactions come from. One whose data is made up sets `synthetic`."""

    name: ClassVar[str]
    synthetic: ClassVar[bool] = False

    def load(self, raw_dir: Path, preparation: Preparation, *, say: Callable[[str], None]) -> SourceTables:
        """Read everything.

        Args:
            raw_dir: where downloads are kept.
            preparation: what is done to ids and repeated interactions.
            say: called with one line before anything that takes time.

        Raises:
            DataError: the data cannot be had or read.
        """
        ...


def check_names(columns: Mapping[str, str], needed: set[str], optional: set[str], *, where: str) -> None:
    """Compare a mapping of columns with what there can be.

    Args:
        columns: name here to name in a file.
        needed: names that it must have.
        optional: names that it may have.
        where: the mapping's path in params.yaml, for the message.

    Raises:
        ParameterError: one is missing or unknown.
    """
    for name in sorted(needed - columns.keys()):
        raise ParameterError(f"{where}.{name} is missing")
    for name in sorted(columns.keys() - needed - optional):
        raise ParameterError(f"{where}.{name} is no column; it must be one of {sorted(needed | optional)}")
