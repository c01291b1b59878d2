"""Cursors: a place in one list of one bundle, which nobody can make up or take to another list."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass

import orjson

from graphql_api.errors import BadCursorError

VERSION_BYTES, RANK_BYTES, MAC_BYTES = 8, 4, 16
"""A bundle's version, a rank, and as much of an HMAC-SHA256 as 128 bits of security need (RFC 2104, section 5)."""

_ENCODED = 4 * (VERSION_BYTES + RANK_BYTES + MAC_BYTES) // 3
_LENGTHS = range(_ENCODED, _ENCODED + 2)


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a list.

    Args:
        version: of the bundle that the list was made of, 16 hexadecimal digits.
        rank: of the item, from 1.
    """

    version: str
    rank: int


class CursorSigner:
    """Writes and reads cursors.

    Args:
        key: the secret that all servers share.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def write(self, position: Position, scope: bytes) -> str:
        """The cursor of a place.

        Args:
            position: the place.
            scope: what tells the list from every other, see `scope_of`; it is signed and not in the cursor.
        """
        said = bytes.fromhex(position.version) + position.rank.to_bytes(RANK_BYTES, "big")
        return base64.urlsafe_b64encode(said + self._mac(said, scope)).rstrip(b"=").decode()

    def read(self, cursor: str, scope: bytes) -> Position:
        """The place that a cursor names.

        Raises:
            BadCursorError: it was not made by these servers, or for another list.
        """
        said, mac = _taken_apart(cursor)
        if not hmac.compare_digest(mac, self._mac(said, scope)):
            raise BadCursorError(
                "after is no cursor of this list: give one that this field returned for the same arguments"
            )
        return Position(said[:VERSION_BYTES].hex(), int.from_bytes(said[VERSION_BYTES:], "big"))

    def _mac(self, said: bytes, scope: bytes) -> bytes:
        return hmac.new(self._key, scope + said, hashlib.sha256).digest()[:MAC_BYTES]


def scope_of(field: str, arguments: dict[str, object]) -> bytes:
    """What tells one list from another: the field and its arguments, but for the page.

    Args:
        field: the field's name.
        arguments: JSON values; equal lists have equal ones.
    """
    canonical = orjson.dumps([field, arguments], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(canonical).digest()


def _taken_apart(cursor: str) -> tuple[bytes, bytes]:
    """What a cursor says, and its signature."""
    if len(cursor) not in _LENGTHS:
        raise BadCursorError("after is no cursor: give one that this server returned, as it was")
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise BadCursorError("after is no cursor: give one that this server returned, as it was") from None
    return raw[: VERSION_BYTES + RANK_BYTES], raw[VERSION_BYTES + RANK_BYTES :]
