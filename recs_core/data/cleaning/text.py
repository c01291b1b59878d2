"""Text that was damaged on its way."""

from __future__ import annotations

import html


def repair(text: str) -> str:
    """Undo HTML entities and UTF-8 that was read as Latin-1, and squeeze white space."""
    # white space last: an à that was so read ends in a space
    return " ".join(_decoded(html.unescape(text)).split())


def _decoded(text: str) -> str:
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text
