"""Cells of Arrow tables have the values that Arrow gives."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_core.data.catalogue import SCHEMA
from recs_core.data.cells import cells

VALUES = {
    pa.string(): st.text(),
    pa.list_(pa.string()): st.lists(st.none() | st.text(), max_size=4),
    pa.int16(): st.integers(-(2**15), 2**15 - 1),
    pa.float64(): st.floats(allow_nan=False),
    pa.bool_(): st.booleans(),
}


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    """Columns of all types, in chunks, a slice of something longer."""
    rows = draw(st.integers(0, 20))
    columns = {}
    for kind, values in VALUES.items():
        known = st.lists(values, min_size=rows, max_size=rows)
        some = st.lists(st.none() | values, min_size=rows, max_size=rows)
        column = pa.chunked_array([pa.array(draw(known | some), kind)], kind)
        columns[str(kind)] = column
    table = pa.table(columns)
    if rows and draw(st.booleans()):
        table = pa.concat_tables([table.slice(0, rows // 2), table.slice(rows // 2)])
    start = draw(st.integers(0, rows))
    return table.slice(start, draw(st.integers(0, rows)))


@given(table=tables())
def test_a_cell_is_what_arrow_reads(table: pa.Table) -> None:
    read = cells(table)
    for name in table.column_names:
        found: list[Any] = [read[name](row) for row in range(table.num_rows)]
        assert found == table[name].to_pylist()
        assert list(map(type, found)) == list(map(type, table[name].to_pylist()))


def test_a_catalogue_has_no_other_types() -> None:
    assert set(SCHEMA.types) <= set(VALUES)


def test_another_type_is_named() -> None:
    with pytest.raises(TypeError, match="int64"):
        cells(pa.table({"n": pa.array([1], pa.int64())}))
