"""What a table looks like, small enough to commit: a change of the data shows in a diff."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from recs_core.data.dictionaries import Codes


def describe_table(table: pa.Table, *, digest: str) -> dict[str, Any]:
    """Rows, columns and digest of a table, as JSON-able facts.

    Args:
        table: the table.
        digest: SHA-256 of the file that holds it.

    Returns:
        `rows`, `sha256`, and for each column its `dtype`, the number of `nulls`, and where values have an order
        and the column is no list, `min` and `max` as text; of a dictionary also how many texts are `distinct`.
    """
    columns = {}
    for field in table.schema:
        column = table[field.name]
        facts: dict[str, Any] = {"dtype": str(field.type), "nulls": column.null_count}
        if pa.types.is_dictionary(field.type):
            texts = Codes.of(column).texts
            facts["distinct"] = len(texts)
            if len(texts):
                facts |= {"min": texts[0].as_py(), "max": texts[-1].as_py()}
        elif not pa.types.is_list(field.type) and column.null_count < len(column):
            ends = pc.min_max(column)
            facts |= {"min": str(ends["min"].as_py()), "max": str(ends["max"].as_py())}
        columns[field.name] = facts
    return {"rows": table.num_rows, "sha256": digest, "columns": columns}
