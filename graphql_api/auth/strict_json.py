"""JSON objects as tokens and key sets must have them: no name twice, no NaN, no deep nesting that is not ours."""

from __future__ import annotations

import json
from typing import Any, NoReturn


def json_object(text: bytes) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        ValueError: it is no JSON in UTF-8, no object, repeats a name, or holds NaN or Infinity.
    """
    try:
        value = json.loads(text.decode(), object_pairs_hook=_without_repeats, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(value, dict):
        raise ValueError("no object")
    return value


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        # which of the two counts differs between parsers, so that two of them may read two tokens in one
        raise ValueError("a name is there twice")
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
