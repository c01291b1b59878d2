"""Delimited text (CSV, TSV), read block by block so that every line is accounted for."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
from numpy.typing import NDArray

from recs_core.data.reading.raw import RawRows, Reject, check_columns, no_rows
from recs_core.errors import DataError

BLOCK_BYTES = 2**24
"""Read at once: bounds the memory."""


@dataclass(frozen=True)
class Dialect:
    """How a file is written.

    Args:
        delimiter: what stands between values.
        encoding: of the text.
        quote: what may stand around a value; False where nothing does.
        escape: what takes the meaning from a quote inside a value; False where quotes are doubled.
        typed_header: whether a column's name in the header is followed by a colon and its type.
    """

    delimiter: str = ","
    encoding: str = "utf-8"
    quote: str | bool = '"'
    escape: str | bool = False
    typed_header: bool = False


def open_maybe_gzipped(path: Path) -> IO[bytes]:
    """Open a file for reading, through gzip where its name ends in .gz.

    Raises:
        DataError: there is no such file.
    """
    if not path.is_file():
        raise DataError(f"{path} is missing")
    return cast(IO[bytes], gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")


@dataclass(frozen=True)
class DelimitedFile:
    """A file with a header; see `RawFile`.

    Args:
        name: what it is called.
        open: opens the stream of its bytes.
        dialect: how it is written.
        columns: name here to name in the header; others are not kept.
        block_bytes: how much is read at once; a row must fit.
    """

    name: str
    open: Callable[[], IO[bytes]]
    dialect: Dialect
    columns: Mapping[str, str]
    block_bytes: int = BLOCK_BYTES

    def batches(self, reject: Reject) -> Iterator[RawRows]:
        """See `RawFile.batches`; a row is rejected for its width.

        A quote that is opened and never closed makes one row of many: each of their lines is rejected, or, where they
        fill more than a block, the file cannot be read. A sound row with a line break in a value counts as one line,
        so that the numbers of the rows behind it are too low.
        """
        rejected: list[int] = []
        # lines beyond the first of rejected rows, which pyarrow does not count
        extra_lines = 0

        def set_aside(row: pa_csv.InvalidRow) -> str:
            nonlocal extra_lines
            reason = f"{row.actual_columns} columns instead of {row.expected_columns}"
            texts = row.text.replace("\r\n", "\n").rstrip("\n").split("\n")
            if len(texts) > 1:
                reason += " where an open quote joins lines"
            # pyarrow numbers data rows from 1 here; the header is line 1 of the file
            first = row.number + 1 + extra_lines
            for line, text in enumerate(texts, start=first):
                reject(line, reason, text)
                rejected.append(line)
            extra_lines += len(texts) - 1
            return "skip"

        try:
            with self.open() as stream:
                header = self._header(stream)
                check_columns(self.columns, header, self.name)
                line = 2
                for batch in self._reader(stream, header, set_aside) if self._has_rows() else ():
                    lines = lines_between(line, batch.num_rows, rejected)
                    line = int(lines[-1]) + 1 if lines.size else line
                    renamed = {new: batch[old] for new, old in self.columns.items()}
                    yield RawRows(pa.RecordBatch.from_pydict(renamed), lines)
                if line == 2:
                    yield no_rows(self.columns)
        except (pa.ArrowInvalid, UnicodeDecodeError, EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise DataError(f"{self.name} cannot be read: {error}") from error

    def _has_rows(self) -> bool:
        # pyarrow refuses a stream without any
        with self.open() as stream:
            stream.readline()
            return bool(stream.read(1))

    def _header(self, stream: IO[bytes]) -> list[str]:
        line = stream.readline().decode(self.dialect.encoding).lstrip("\ufeff").rstrip("\r\n")
        if isinstance(self.dialect.quote, str):
            line = line.replace(self.dialect.quote, "")
        names = line.split(self.dialect.delimiter)
        return [name.split(":")[0] for name in names] if self.dialect.typed_header else names

    def _reader(
        self, stream: IO[bytes], header: list[str], set_aside: Callable[[pa_csv.InvalidRow], str]
    ) -> pa_csv.CSVStreamingReader:
        wanted = list(dict.fromkeys(self.columns.values()))
        return pa_csv.open_csv(
            stream,
            # one thread: only then do rejected rows know their number
            read_options=pa_csv.ReadOptions(
                column_names=header,
                encoding=self.dialect.encoding,
                use_threads=False,
                block_size=self.block_bytes,
            ),
            parse_options=pa_csv.ParseOptions(
                delimiter=self.dialect.delimiter,
                quote_char=self.dialect.quote,
                escape_char=self.dialect.escape,
                # skipping an empty line would shift the numbers of the rest
                ignore_empty_lines=False,
                # else a block may end inside a value
                newlines_in_values=True,
                invalid_row_handler=set_aside,
            ),
            convert_options=pa_csv.ConvertOptions(
                include_columns=wanted,
                column_types=dict.fromkeys(wanted, pa.string()),
                strings_can_be_null=False,
            ),
        )


def lines_between(first: int, n_rows: int, rejected: list[int]) -> NDArray[np.int64]:
    """The lines of rows that follow each other but for rejected ones, `int64[n_rows]`.

    Args:
        first: the line that the rows begin with, unless it is rejected itself.
        n_rows: how many there are.
        rejected: lines, ascending, that are not among the rows.
    """
    behind = np.array(rejected, dtype=np.int64)
    behind = behind[behind >= first]
    # how many rows stand before each rejected line
    before = behind - first - np.arange(behind.size)
    places = np.arange(n_rows, dtype=np.int64)
    return first + places + np.searchsorted(before, places, side="right")
