"""Delimited text (CSV, TSV), read so that every line is accounted for."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv

from recs_core.data.quarantine import Quarantine
from recs_core.errors import DataError

LINE = "line"
"""The column that holds a row's line in its file; the header is line 1."""


@dataclass(frozen=True)
class Dialect:
    """How a file is written.

    Args:
        delimiter: what stands between values.
        encoding: of the text.
        quote: what may stand around a value; False where nothing does.
        escape: what takes the meaning from a quote inside a value; False where quotes are doubled.
    """

    delimiter: str = ","
    encoding: str = "utf-8"
    quote: str | bool = '"'
    escape: str | bool = False


def open_maybe_gzipped(path: Path) -> IO[bytes]:
    """Open a file for reading, through gzip where its name ends in .gz.

    Raises:
        DataError: there is no such file.
    """
    if not path.is_file():
        raise DataError(f"{path} is missing")
    return cast(IO[bytes], gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")


def read_delimited(stream: IO[bytes], file: str, dialect: Dialect, quarantine: Quarantine) -> pd.DataFrame:
    """Read a file with a header; every value is a string, "" where there is none.

    Args:
        stream: the file's bytes.
        file: its name, for messages.
        dialect: how it is written.
        quarantine: takes the rows of a wrong width.

    Returns:
        The rows with the header's columns and `LINE`; `attrs["rows_read"]` counts the rows, set aside or not.

    Raises:
        DataError: the file cannot be read as such text.
    """
    wrong_width: list[tuple[int, str, str]] = []

    def set_aside(row: pa_csv.InvalidRow) -> str:
        reason = f"{row.actual_columns} columns instead of {row.expected_columns}"
        wrong_width.append((row.number, reason, row.text))
        return "skip"

    try:
        header = _header(stream, dialect)
        table = pa_csv.read_csv(
            stream,
            # one thread: only then do rejected rows know their number
            read_options=pa_csv.ReadOptions(
                column_names=header, encoding=dialect.encoding, use_threads=False
            ),
            parse_options=pa_csv.ParseOptions(
                delimiter=dialect.delimiter,
                quote_char=dialect.quote,
                escape_char=dialect.escape,
                # skipping an empty line would shift the numbers of the rest
                ignore_empty_lines=False,
                invalid_row_handler=set_aside,
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=False
            ),
        )
    except (pa.ArrowInvalid, UnicodeDecodeError) as error:
        raise DataError(f"{file} cannot be read: {error}") from error
    frame: pd.DataFrame = table.to_pandas()
    rejected = {number for number, _, _ in wrong_width}
    total = len(frame) + len(rejected)
    # pyarrow numbers data rows from 1 here; the header is line 1 of the file
    frame[LINE] = [number + 1 for number in range(1, total + 1) if number not in rejected]
    for number, reason, text in wrong_width:
        quarantine.add_one(file, number + 1, reason, text)
    frame.attrs["rows_read"] = total
    return frame


def rename(frame: pd.DataFrame, columns: dict[str, str], file: str) -> pd.DataFrame:
    """Keep and rename columns.

    Args:
        frame: as `read_delimited` gives it.
        columns: new name to the file's name.
        file: the file's name, for messages.

    Raises:
        DataError: the file lacks one of them.
    """
    missing = [name for name in columns.values() if name not in frame.columns]
    if missing:
        has = [name for name in frame.columns if name != LINE]
        raise DataError(f"{file} lacks the columns {missing}; it has {has}")
    renamed = pd.DataFrame({new: frame[old] for new, old in columns.items()} | {LINE: frame[LINE]})
    renamed.attrs = dict(frame.attrs)
    return renamed


def _header(stream: IO[bytes], dialect: Dialect) -> list[str]:
    line = stream.readline().decode(dialect.encoding).lstrip("\ufeff").rstrip("\r\n")
    if isinstance(dialect.quote, str):
        line = line.replace(dialect.quote, "")
    return line.split(dialect.delimiter)
