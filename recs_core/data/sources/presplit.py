"""A split that somebody published: its parts lie in files of their own, and stay as they are."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import pyarrow as pa
from pydantic import ValidationError

from recs_core.data.catalogue import Catalogue
from recs_core.data.cleaning.preparation import Preparation
from recs_core.data.dictionaries import Codes
from recs_core.data.sources.base import (
    EDITIONS_SCHEMA,
    INTERACTIONS_SCHEMA,
    PARTS,
    Source,
    SourceTables,
    takes_options,
)
from recs_core.data.sources.forms import FORMS
from recs_core.errors import DataError, ParameterError, describe


class Presplit:
    """Reads each part of a split as a source of its own, and says of every interaction which part it is of.

    Books and readers are those of all parts; where several describe one, the description of the first counts. A part
    that has no table of books, where the others have one, knows the books that it names.

    Args:
        form: the source that reads a part.
        common: that source's options for all parts.
        parts: "train", "test" and where there is one "validation" to the options of that part alone.

    Raises:
        ParameterError: there is no such form, a part is missing, or the form does not take the options of one.
    """

    synthetic: ClassVar[bool] = False
    name: ClassVar[str] = "presplit"

    @takes_options
    def __init__(
        self,
        form: str,
        parts: dict[Literal["train", "validation", "test"], dict[str, Any]],
        common: dict[str, Any] | None = None,
    ) -> None:
        where = f"data.sources.{self.name}"
        if form not in FORMS:
            raise ParameterError(f"{where}.form is {form!r}; it must be one of {sorted(FORMS)}")
        for part in ("train", "test"):
            if part not in parts:
                raise ParameterError(f"{where}.parts.{part} is missing")
        self.parts: dict[str, Source] = {
            part: _part_source(form, common or {}, parts[part], where=where, part=part)
            for part in PARTS
            if part in parts
        }

    def load(self, raw_dir: Path, preparation: Preparation, *, say: Callable[[str], None]) -> SourceTables:
        """Read all parts. A pair that stands in several is kept in the first of them, and filtered from the others.

        Raises:
            DataError: a part cannot be had or read; it is named.
            ParameterError: editions should be merged, which would change the split.
        """
        if preparation.merge_editions:
            raise ParameterError(
                f"data.merge_editions: must be false for data.source {self.name}; merging editions would change the "
                "split that is to be evaluated"
            )
        loaded = {}
        for part, source in self.parts.items():
            try:
                loaded[part] = source.load(raw_dir, preparation, say=say)
            except DataError as error:
                raise DataError(f"data.sources.{self.name}.parts.{part}: {error}") from error
        accounts = _Accounts.of(loaded)
        return SourceTables(
            interactions=_together(loaded, accounts),
            catalogue=Catalogue(_first_of_each([t.catalogue.table for t in loaded.values()], "book_id")),
            users=_first_of_each([t.users for t in loaded.values()], "user_id"),
            editions=EDITIONS_SCHEMA.empty_table(),
            quarantine=accounts.quarantine,
            interactions_file=", ".join(accounts.interactions_file.values()),
            rows_read=accounts.read,
            rows_kept=accounts.kept,
            rows_filtered={file: dict(reasons) for file, reasons in accounts.filtered.items()},
        )


def _part_source(
    form: str, common: Mapping[str, Any], own: Mapping[str, Any], *, where: str, part: str
) -> Source:
    try:
        return FORMS[form](**{**common, **own})
    except ValidationError as error:
        lines = []
        for line in describe(error, where="").splitlines():
            option = line.split(":")[0].split(".")[0]
            shared = option in common and option not in own
            lines.append(f"{where}.common.{line}" if shared else f"{where}.parts.{part}.{line}")
        raise ParameterError("\n".join(lines)) from None


@dataclass(frozen=True)
class _Accounts:
    """The accounts of all parts; a file's name is preceded by its part where several parts have one of that name."""

    read: dict[str, int]
    kept: dict[str, int]
    filtered: dict[str, Counter[str]]
    quarantine: pa.Table
    interactions_file: dict[str, str]
    """Part to the file that its interactions are from."""

    @classmethod
    def of(cls, loaded: Mapping[str, SourceTables]) -> _Accounts:
        often = Counter(file for tables in loaded.values() for file in tables.rows_read)
        read: dict[str, int] = {}
        kept: dict[str, int] = {}
        filtered: dict[str, Counter[str]] = defaultdict(Counter)
        quarantine = []
        interactions_file = {}
        for part, tables in loaded.items():
            names = {file: f"{part}/{file}" if often[file] > 1 else file for file in tables.rows_read}
            read |= {names[file]: rows for file, rows in tables.rows_read.items()}
            kept |= {names[file]: rows for file, rows in tables.rows_kept.items()}
            for file, reasons in tables.rows_filtered.items():
                filtered[names[file]].update(reasons)
            aside = tables.quarantine
            files = pa.array([names[file] for file in aside["file"].to_pylist()], pa.string())
            quarantine.append(aside.set_column(0, aside.schema.field("file"), files))
            interactions_file[part] = names[tables.interactions_file]
        everything = pa.concat_tables(quarantine).sort_by([("file", "ascending"), ("line", "ascending")])
        return cls(read, kept, filtered, everything.combine_chunks(), interactions_file)

    def filter(self, part: str, reason: str, rows: int) -> None:
        """Count rows of a part that are kept no more."""
        file = self.interactions_file[part]
        self.kept[file] -= rows
        self.filtered[file][reason] += rows


def _together(loaded: Mapping[str, SourceTables], accounts: _Accounts) -> pa.Table:
    """The interactions of all parts, labelled and sorted; each pair once, in the first part that has it."""
    table = pa.concat_tables([tables.interactions for tables in loaded.values()])
    users, books = Codes.of(table["user_id"]), Codes.of(table["book_id"])
    sizes = [tables.interactions.num_rows for tables in loaded.values()]
    part = np.repeat(np.array([PARTS.index(name) for name in loaded], dtype=np.int32), sizes)
    keys = users.codes.astype(np.int64) * len(books.texts) + books.codes
    order = np.argsort(keys, kind="stable")
    keys, part = keys[order], part[order]
    starts = np.flatnonzero(np.append(True, keys[1:] != keys[:-1])) if keys.size else keys
    first = np.repeat(part[starts], np.diff(np.append(starts, keys.size)))
    for late, early in sorted(
        set(zip(part[part != first].tolist(), first[part != first].tolist(), strict=True))
    ):
        rows = int(np.count_nonzero((part == late) & (first == early)))
        accounts.filter(PARTS[late], f"user and book stand in {PARTS[early]} too", rows)
    chosen = table.take(pa.array(order[starts]))
    codes = Codes.of(
        pa.chunked_array([pa.DictionaryArray.from_arrays(pa.array(part[starts]), pa.array(PARTS))])
    )
    columns = {name: chosen[name] for name in ("value", "time")}
    for name, index in (("user_id", pa.int32()), ("book_id", pa.int32()), ("event", pa.int8())):
        columns[name] = Codes.of(chosen[name]).array(index)
    return pa.table({**columns, "part": codes.array(pa.int8())}, schema=INTERACTIONS_SCHEMA).combine_chunks()


def _first_of_each(tables: list[pa.Table], key: str) -> pa.Table:
    """The rows of all tables, sorted by an id; of several rows of one id the first."""
    everything = pa.concat_tables(tables)
    positions = pa.array(np.arange(everything.num_rows))
    ids = pa.table({key: everything[key], "position": positions})
    first = ids.group_by(key).aggregate([("position", "min")]).sort_by(key)
    return everything.take(first["position_min"].combine_chunks()).combine_chunks()
