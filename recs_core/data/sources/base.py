"""What a source of interactions gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

import pyarrow as pa
from pydantic import ConfigDict, validate_call

from recs_core.data.catalogue import Catalogue

INTERACTIONS_SCHEMA = pa.schema(
    [
        pa.field("user_id", pa.string(), nullable=False),
        pa.field("book_id", pa.string(), nullable=False),
        pa.field("value", pa.float32()),
        pa.field("time", pa.timestamp("s", tz="UTC")),
        pa.field("event", pa.string(), nullable=False),
    ]
)
"""One row an interaction. `value` is the rating where one was given, `time` null where the source has none."""


USERS_SCHEMA = pa.schema(
    [
        pa.field("user_id", pa.string(), nullable=False),
        pa.field("country", pa.string()),
        pa.field("age_band", pa.string()),
    ]
)
"""One row a reader of whom something is known, for cohorts alone: nothing finer than country and age band."""

takes_options = validate_call(config=ConfigDict(strict=True))
"""Decorator of a source's `__init__`: its arguments are options of params.yaml, checked for name and type."""


@dataclass(frozen=True)
class SourceTables:
    """What a source read. For each file, `rows_kept` and what is in quarantine add up to `rows_read`.

    Args:
        interactions: table of `INTERACTIONS_SCHEMA`, sorted by user and book, unique pairs.
        catalogue: every well-formed book.
        users: table of `USERS_SCHEMA`, sorted by user; empty where the source knows nothing of readers.
        quarantine: table of `recs_core.data.quarantine.SCHEMA`.
        rows_read: file name to number of data rows.
        rows_kept: file name to number of rows that are in one of the tables.
    """

    interactions: pa.Table
    catalogue: Catalogue
    users: pa.Table
    quarantine: pa.Table
    rows_read: dict[str, int]
    rows_kept: dict[str, int]


class Source(Protocol):
    """A place where interactions come from."""

    name: ClassVar[str]

    def load(self, raw_dir: Path, *, say: Callable[[str], None]) -> SourceTables:
        """Read everything.

        Args:
            raw_dir: where downloads are kept.
            say: called with one line before anything that takes time.

        Raises:
            DataError: the data cannot be had or read.
        """
        ...
