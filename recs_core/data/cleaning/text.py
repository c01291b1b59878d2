"""Text that was damaged on its way."""

from __future__ import annotations

import html


def repair(text: str) -> str:
    """Undo HTML entities and UTF-8 that was read as Latin-1, and squeeze white space."""
    text = " ".join(html.unescape(text).split())
    if text.isascii():
        return text
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text
