"""Progress bars, alike in notebooks and terminals, for anything that takes more than two seconds."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TypeVar

from tqdm import tqdm as terminal_bar
from tqdm.auto import tqdm as fitting_bar

T = TypeVar("T")


def progress(items: Iterable[T], what: str, *, total: int | None = None) -> Iterable[T]:
    """Show how far an iteration is, from the third second on.

    `BOOKVERSE_PROGRESS` is how the pipeline asks for what suits it: "terminal" writes to stderr even inside a
    notebook's kernel, "off" writes nothing. Otherwise the bar fits where it is shown.
    """
    wanted = os.environ.get("BOOKVERSE_PROGRESS")
    bar = terminal_bar if wanted == "terminal" else fitting_bar
    return bar(items, desc=what, total=total, delay=2, disable=wanted == "off", file=sys.stderr)
