"""Cursors cannot be made up, changed, or taken to another list."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphql_api.cursors import CursorSigner, Position, scope_of
from graphql_api.errors import BadCursorError

SIGNER = CursorSigner(b"a key")
SCOPE = scope_of("recommendations", {"userId": "u001", "filter": None})
VERSIONS = st.text("0123456789abcdef", min_size=16, max_size=16)


@given(VERSIONS, st.integers(0, 2**32 - 1))
def test_what_is_written_is_read(version: str, rank: int) -> None:
    position = Position(version, rank)
    assert SIGNER.read(SIGNER.write(position, SCOPE), SCOPE) == position


@given(st.integers(0, 37), st.characters(min_codepoint=32, max_codepoint=126))
def test_a_changed_cursor_is_refused(place: int, letter: str) -> None:
    cursor = SIGNER.write(Position("0123456789abcdef", 10), SCOPE)
    changed = cursor[:place] + letter + cursor[place + 1 :]
    if changed != cursor:
        with pytest.raises(BadCursorError):
            SIGNER.read(changed, SCOPE)


@pytest.mark.parametrize("cursor", ["", "10", "x" * 37, "x" * 38, "x" * 39, "ä" * 38, "=" * 38, "x" * 10_000])
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(BadCursorError):
        SIGNER.read(cursor, SCOPE)


@pytest.mark.parametrize(
    "scope",
    [
        scope_of("recommendations", {"userId": "u002", "filter": None}),
        scope_of("recommendations", {"userId": "u001", "filter": {"in_stock": True}}),
        scope_of("personalized", {"userId": "u001", "filter": None}),
    ],
)
def test_a_cursor_of_another_list_is_refused(scope: bytes) -> None:
    cursor = SIGNER.write(Position("0123456789abcdef", 10), SCOPE)
    with pytest.raises(BadCursorError, match="for the same arguments"):
        SIGNER.read(cursor, scope)


def test_a_cursor_of_another_key_is_refused() -> None:
    cursor = CursorSigner(b"another").write(Position("0123456789abcdef", 10), SCOPE)
    with pytest.raises(BadCursorError):
        SIGNER.read(cursor, SCOPE)


def test_the_order_of_arguments_does_not_matter() -> None:
    assert scope_of("search", {"text": "a", "filter": None}) == scope_of(
        "search", {"filter": None, "text": "a"}
    )
