"""Tables of figures as Markdown, and the figures as JSON beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from recs_core.data.arrays import canonical_json, replacing_file


def print_table(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print rows of the same keys, text to the left, figures to the right."""
    if not rows:
        return
    marks = ["---" if isinstance(value, str) else "---:" for value in rows[0].values()]
    print(f"| {' | '.join(rows[0])} |\n|{'|'.join(marks)}|")
    for row in rows:
        print(f"| {' | '.join(_cell(value) for value in row.values())} |")


def _cell(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int | float) else str(value)


def write_result(path: Path, result: Mapping[str, Any]) -> None:
    """Write figures as JSON."""
    with replacing_file(path) as temporary:
        temporary.write_bytes(canonical_json(result))
