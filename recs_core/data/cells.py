"""Single values of an Arrow table, read where they lie: a request needs few columns of few books.

Arrow's own kernels are made for whole columns; `take` of one row costs thirty times what reading its bytes does. What
is read here is the columnar format of https://arrow.apache.org/docs/format/Columnar.html.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias

import pyarrow as pa

Cell: TypeAlias = Callable[[int], Any]
"""From a row, from 0 to below the table's length, to a column's value there; None where it is null."""

Kind: TypeAlias = Literal["h", "i", "B", "d"]

NUMBERS: Mapping[pa.DataType, Kind] = {pa.int16(): "h", pa.float64(): "d"}
"""How Python's memory views name the types of numbers."""


def cells(table: pa.Table) -> Mapping[str, Cell]:
    """Readers of a table's values, by column. They hold on to the table's memory and copy none of it.

    Raises:
        TypeError: a column is not of strings, lists of strings, 16-bit integers, doubles or truths.
    """
    return {name: _cell(_whole(table[name])) for name in table.column_names}


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks)


def _cell(array: pa.Array) -> Cell:
    if pa.types.is_list(array.type):
        return _unless_null(array, _lists(array))
    if pa.types.is_string(array.type):
        return _unless_null(array, _texts(array))
    if pa.types.is_boolean(array.type):
        return _unless_null(array, _bits(array.buffers()[1], array.offset))
    if array.type in NUMBERS:
        numbers, start = _view(array.buffers()[1], NUMBERS[array.type]), array.offset
        return _unless_null(array, numbers.__getitem__ if start == 0 else lambda row: numbers[row + start])
    raise TypeError(f"cells cannot read a column of {array.type}")


def _texts(array: pa.Array) -> Cell:
    _, offsets, data = array.buffers()
    starts, text, start = _view(offsets, "i"), _view(data, "B"), array.offset

    def cell(row: int) -> str:
        at = row + start
        return str(text[starts[at] : starts[at + 1]], "utf-8")

    return cell


def _lists(array: pa.Array) -> Cell:
    starts, item, start = _view(array.buffers()[1], "i"), _cell(array.values), array.offset

    def cell(row: int) -> list[Any]:
        at = row + start
        return [item(place) for place in range(starts[at], starts[at + 1])]

    return cell


def _unless_null(array: pa.Array, cell: Cell) -> Cell:
    if array.null_count == 0:
        return cell
    is_known = _bits(array.buffers()[0], array.offset)
    return lambda row: cell(row) if is_known(row) else None


def _bits(buffer: pa.Buffer, start: int) -> Cell:
    bits = _view(buffer, "B")
    return lambda row: bool(bits[(row + start) >> 3] >> ((row + start) & 7) & 1)


def _view(buffer: pa.Buffer | None, kind: Kind) -> memoryview[Any]:
    # an empty column may have no memory at all
    return memoryview(buffer if buffer is not None else b"").cast("B").cast(kind)
