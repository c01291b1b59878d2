"""A file of the user's own, in whatever form it is: CSV, TSV, Parquet or Arrow."""

from __future__ import annotations

import codecs
import gzip
import zlib
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from recs_core.data.reading.columnar import SUFFIXES, ColumnarFile
from recs_core.data.reading.delimited import DelimitedFile, Dialect, open_maybe_gzipped
from recs_core.data.reading.raw import RawFile
from recs_core.errors import DataError

DELIMITERS = ",;\t|"
SNIFFED_BYTES = 2**20


def file_at(
    path: Path,
    columns: Mapping[str, str],
    *,
    where: str,
    delimiter: str | None = None,
    encoding: str | None = None,
) -> RawFile:
    """The file at a path, of the form that its ending says; CSV and TSV may be gzipped.

    Args:
        path: the file.
        columns: name here to name in the file.
        where: the parameters that say how files are written, for messages.
        delimiter: of CSV and TSV; found out from the header where None.
        encoding: of CSV and TSV; found out where None: UTF-8 if the first megabyte is, Latin-1 otherwise.

    Raises:
        DataError: there is no such file, it is empty, damaged or UTF-16, or the delimiter is not in its header.
    """
    if path.suffix in SUFFIXES:
        return ColumnarFile(path, columns)
    dialect = _dialect(path, delimiter, encoding, where)
    return DelimitedFile(path.name, partial(open_maybe_gzipped, path), dialect, columns)


def _dialect(path: Path, delimiter: str | None, encoding: str | None, where: str) -> Dialect:
    try:
        with open_maybe_gzipped(path) as stream:
            start = stream.read(SNIFFED_BYTES)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path.name} cannot be read: {error}") from error
    if not start:
        raise DataError(f"{path.name} is empty: it has no header")
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise DataError(f"{path.name} is UTF-16; save it as UTF-8")
    encoding = encoding or sniff_encoding(start)
    header = start.partition(b"\n")[0].decode(encoding, errors="replace")
    delimiter = delimiter or max(DELIMITERS, key=header.count)
    if delimiter not in header:
        raise DataError(
            f"{path.name}: {delimiter!r} does not stand in the header {header.strip()!r}; "
            f"{where}.delimiter can say what separates the columns"
        )
    return Dialect(delimiter=delimiter, encoding=encoding)


def sniff_encoding(start: bytes) -> str:
    """UTF-8 if the bytes are, but for a character that the end may cut; Latin-1 otherwise."""
    try:
        start.decode("utf-8")
    except UnicodeDecodeError as error:
        cut_at_the_end = error.start >= len(start) - 3 and error.reason == "unexpected end of data"
        return "utf-8" if cut_at_the_end else "latin-1"
    return "utf-8"
