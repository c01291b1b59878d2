"""How things look as the last value of a notebook's cell: small tables, made without pandas."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

ROWS = 10
"""Rows of a long table that are shown."""


def facts_table(facts: Iterable[tuple[str, object]]) -> str:
    """Two columns: what, and how much."""
    rows = "".join(f"<tr><th>{escape(name)}</th><td>{escape(str(value))}</td></tr>" for name, value in facts)
    return f"<table>{rows}</table>"


def rows_table(head: Sequence[str], rows: Iterable[Sequence[object]], *, total: int) -> str:
    """A table with a heading; under it how many rows there are, if not all of them are shown.

    Args:
        head: the names of the columns.
        rows: those that are shown.
        total: how many there are.
    """
    lines = [f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in row)}</tr>" for row in rows]
    more = f"<p>{len(lines)} of {total:,} rows</p>" if len(lines) < total else ""
    top = "".join(f"<th>{escape(name)}</th>" for name in head)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{''.join(lines)}</tbody></table>{more}"
