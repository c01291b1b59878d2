"""Pseudonyms: the same person is the same name in every run, and without the key nobody says who it was.

A pseudonym is `~` and HMAC-SHA256 of the user id under a secret key, cut to 128 bits. A hash without a key would not
do: user ids are few enough to hash them all and look. The mark in front tells pseudonyms from the ids of a store.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import Final

from recs_core.data.secret_key import KEY_BYTES, SecretKeyError, key_from_environment, key_id, parse_keys

ENVIRONMENT_VARIABLE: Final = "BOOKVERSE_PSEUDONYM_KEY"

MARK: Final = "~"

PSEUDONYM_BYTES = 16
PSEUDONYM_CHARS = 23
"""The mark, and letters of base64url without padding."""

_PSEUDONYM = re.compile(rf"{MARK}[A-Za-z0-9_-]{{{PSEUDONYM_CHARS - 2}}}[AQgw]")


def is_pseudonym(user_id: str) -> bool:
    """Whether an id has the form of a pseudonym, of whatever key."""
    return _PSEUDONYM.fullmatch(user_id) is not None


class Pseudonyms:
    """Gives user ids their pseudonyms.

    Args:
        key: 32 secret bytes. Whoever has it can tell whether a pseudonym is a given user's; with another one,
            everybody is somebody else.

    Raises:
        SecretKeyError: the key has another length.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise SecretKeyError(f"a pseudonym key has {KEY_BYTES} bytes (got {len(key)})")
        self._key = key
        self.key_id = key_id(key)

    @classmethod
    def from_environment(cls) -> Pseudonyms:
        """With the key of `BOOKVERSE_PSEUDONYM_KEY`.

        Raises:
            SecretKeyError: it is missing, or no 64 hexadecimal digits.
        """
        return cls(key_from_environment(ENVIRONMENT_VARIABLE))

    @classmethod
    def parse(cls, text: str) -> Pseudonyms:
        """With the key of a text, of the form of `BOOKVERSE_PSEUDONYM_KEY`.

        Raises:
            SecretKeyError: it is of another form.
        """
        (key,) = parse_keys(text, ENVIRONMENT_VARIABLE, most=1)
        return cls(key)

    def __repr__(self) -> str:
        return f"Pseudonyms(key_id={self.key_id!r})"

    def of(self, user_id: str) -> str:
        """The pseudonym of one user: `~` and 22 letters, digits, `-` and `_`."""
        digest = hmac.digest(self._key, user_id.encode(), hashlib.sha256)
        return MARK + base64.urlsafe_b64encode(digest[:PSEUDONYM_BYTES]).rstrip(b"=").decode()

    def settle(self, name: str) -> str:
        """The pseudonym of who is called by it already, or by a user id: a second time changes nothing.

        Not for ids that people choose themselves: one of this form would be somebody else's.
        """
        return name if is_pseudonym(name) else self.of(name)


def required(key_id: str | None) -> Pseudonyms | None:
    """Those of `BOOKVERSE_PSEUDONYM_KEY`, which must be the key that is named; None where none is.

    Raises:
        SecretKeyError: the key is missing, of another form, or another one.
    """
    if key_id is None:
        return None
    pseudonyms = Pseudonyms.from_environment()
    if pseudonyms.key_id != key_id:
        raise SecretKeyError(
            f"{ENVIRONMENT_VARIABLE} has the id {pseudonyms.key_id}, and data.pseudonym_key_id asks for {key_id}: "
            "with another key everybody is somebody else"
        )
    return pseudonyms
