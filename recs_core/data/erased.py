"""Readers who were erased, by keyed digests of their names: enough to pass over them, too little to tell who it was.

The key is that of the pseudonyms, and the digests are none: a digest among the tombstones is no user id of a bundle.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
from pathlib import Path
from typing import Final

from recs_core.data.pseudonyms import Pseudonyms
from recs_core.data.secret_key import key_from_environment, key_id
from recs_core.errors import DataError

ENVIRONMENT_VARIABLE: Final = "BOOKVERSE_PSEUDONYM_KEY"

DEVELOPMENT_KEY: Final = hashlib.sha256(b"bookverse development pseudonyms").digest()
"""Where no key is set, which a server of production does not allow: whoever reads this can tell who was erased."""

DIGEST_BYTES: Final = 16


def pseudonym_key() -> bytes:
    """The key of the environment, or that of development where none is set.

    Raises:
        SecretKeyError: what is set is no key.
    """
    return (
        key_from_environment(ENVIRONMENT_VARIABLE)
        if os.environ.get(ENVIRONMENT_VARIABLE)
        else DEVELOPMENT_KEY
    )


class ErasureDigests:
    """Digests of readers, who are called by the store's id or by its pseudonym.

    Args:
        key: 32 secret bytes, the same for servers, workers and the pipeline.
    """

    def __init__(self, key: bytes) -> None:
        self._key = hmac.digest(key, b"bookverse erasure", hashlib.sha256)
        self._pseudonyms = Pseudonyms(key)
        self.key_id = key_id(key)

    @classmethod
    def from_environment(cls) -> ErasureDigests:
        """With the key of `pseudonym_key`."""
        return cls(pseudonym_key())

    def of(self, name: str) -> str:
        """The digest of one name, the same for a store's id and its pseudonym: 22 letters, digits, `-` and `_`."""
        digest = hmac.digest(self._key, self._pseudonyms.settle(name).encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest[:DIGEST_BYTES]).rstrip(b"=").decode()


def read_erased(path: Path) -> dict[str, int]:
    """Digest to when the reader was erased, in milliseconds since 1970; empty where there is no file.

    Raises:
        DataError: the file is damaged.
    """
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise DataError(f"{path} is damaged: {error}; `bookverse jobs run erase` writes it anew") from error
    if not isinstance(content, dict) or not all(isinstance(at, int) for at in content.values()):
        raise DataError(f"{path} is damaged: it must hold digests and times")
    return content
