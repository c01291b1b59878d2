"""Keys that are kept out of files: 256 bits from the environment."""

from __future__ import annotations

import hashlib
import hmac
import os
import re

from recs_core.errors import BookverseError

KEY_BYTES = 32
MOST_KEYS = 16
"""Of one variable."""

_HEXADECIMAL = re.compile(rf"[0-9a-fA-F]{{{2 * KEY_BYTES}}}")

HOW_TO_MAKE_ONE = "python -c 'import secrets; print(secrets.token_hex(32))'"


class SecretKeyError(BookverseError):
    """A key is missing, or not of its form."""


def key_from_environment(variable: str) -> bytes:
    """Read one key.

    Args:
        variable: the environment variable that holds it as 64 hexadecimal digits.

    Raises:
        SecretKeyError: it is missing or of another form; the message does not show it.
    """
    (key,) = parse_keys(_set(variable), variable, most=1)
    return key


def keys_from_environment(variable: str) -> list[bytes]:
    """Read several keys, separated by commas: the first is the one to use, the others are being given up.

    Args:
        variable: the environment variable that holds them, each as 64 hexadecimal digits.

    Raises:
        SecretKeyError: it is missing or of another form; the message does not show it.
    """
    return parse_keys(_set(variable), variable)


def key_id(key: bytes) -> str:
    """Sixteen hexadecimal digits that name a key and tell nothing of it."""
    return hmac.digest(key, b"bookverse key id", hashlib.sha256)[:8].hex()


def parse_keys(text: str, variable: str, *, most: int = MOST_KEYS) -> list[bytes]:
    """The keys in a variable's value.

    Args:
        text: 64 hexadecimal digits each, separated by commas.
        variable: what the message names.
        most: how many there may be.

    Raises:
        SecretKeyError: it is of another form; the message does not show it.
    """
    parts = text.split(",")
    if len(parts) > most or not all(map(_HEXADECIMAL.fullmatch, parts)):
        number = "" if most == 1 else f", or up to {most} of them separated by commas"
        raise SecretKeyError(
            f"{variable} must be {2 * KEY_BYTES} hexadecimal digits{number}: {HOW_TO_MAKE_ONE}"
        )
    return [bytes.fromhex(part) for part in parts]


def _set(variable: str) -> str:
    text = os.environ.get(variable, "")
    if not text:
        raise SecretKeyError(f"{variable} is not set; make a key with: {HOW_TO_MAKE_ONE}")
    return text
