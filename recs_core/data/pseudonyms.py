"""Pseudonyms: the same person is the same name in every run, and without the key nobody says who it was.

A pseudonym is HMAC-SHA256 of the user id under a secret key, cut to 128 bits. A hash without a key would not do: user
ids are few enough to hash them all and look.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recs_core.data.secret_key import KEY_BYTES, SecretKeyError, key_from_environment, key_id, parse_keys

ENVIRONMENT_VARIABLE: Final = "BOOKVERSE_PSEUDONYM_KEY"

PSEUDONYM_BYTES = 16
PSEUDONYM_CHARS = 22
"""Letters of base64url, without padding."""


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
        """The pseudonym of one user: 22 letters, digits, `-` and `_`."""
        digest = hmac.digest(self._key, user_id.encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest[:PSEUDONYM_BYTES]).rstrip(b"=").decode()

    def of_each(self, user_ids: NDArray[np.str_]) -> NDArray[np.str_]:
        """The pseudonyms of many users.

        Args:
            user_ids: `str[n]`; give each once, as a dictionary of a column or an id map has them.

        Returns:
            `str[n]`, in the same order.
        """
        each = (self.of(user_id) for user_id in user_ids.tolist())
        return np.fromiter(each, dtype=np.dtype((np.str_, PSEUDONYM_CHARS)), count=user_ids.size)
