"""Small JSON, encrypted: what Redis, its backups and its wires hold of a user tells nobody anything.

AES-256-GCM. A sealed object says which key it was sealed with, so that keys can be changed while old objects are
still opened; and it opens only for the name that it was sealed for: one user's is not passed off as another's.
Nonces are random: a key must be changed before it has sealed 2**32 objects.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from recs_core.data.secret_key import KEY_BYTES, SecretKeyError, key_id, keys_from_environment, parse_keys
from recs_core.errors import BookverseError

ENVIRONMENT_VARIABLE: Final = "BOOKVERSE_PROFILE_KEYS"

MAX_SEALED_BYTES = 2**20

Json: TypeAlias = dict[str, Any] | list[Any]

_FORM = b"\x01"
_KEY_ID_BYTES, _NONCE_BYTES, _TAG_BYTES = 8, 12, 16
_NONCE_AT = len(_FORM) + _KEY_ID_BYTES
_TEXT_AT = _NONCE_AT + _NONCE_BYTES


class SealError(BookverseError):
    """A sealed object cannot be opened, or an object cannot be sealed."""


class SealingKeys:
    """The key that seals, and those that only open what they sealed before.

    Args:
        keys: 32 secret bytes each, the one that seals first.

    Raises:
        SecretKeyError: there is none, one has another length, or one is there twice.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys or any(len(key) != KEY_BYTES for key in keys):
            raise SecretKeyError(f"sealing takes at least one key, each of {KEY_BYTES} bytes")
        self._ciphers = {key_id(key): AESGCM(key) for key in keys}
        if len(self._ciphers) != len(keys):
            raise SecretKeyError("a sealing key is there twice")
        self.current = key_id(keys[0])

    @classmethod
    def from_environment(cls) -> SealingKeys:
        """With the keys of `BOOKVERSE_PROFILE_KEYS`, separated by commas, the one that seals first.

        Raises:
            SecretKeyError: it is missing or of another form.
        """
        return cls(keys_from_environment(ENVIRONMENT_VARIABLE))

    @classmethod
    def parse(cls, text: str) -> SealingKeys:
        """With the keys of a text, of the form of `BOOKVERSE_PROFILE_KEYS`.

        Raises:
            SecretKeyError: it is of another form.
        """
        return cls(parse_keys(text, ENVIRONMENT_VARIABLE))

    def __repr__(self) -> str:
        return f"SealingKeys({', '.join(self._ciphers)})"

    def cipher(self, name: str) -> AESGCM | None:
        """The cipher of a key id; None where that key has been given up."""
        return self._ciphers.get(name)

    @property
    def sealing(self) -> AESGCM:
        """The cipher that seals."""
        return self._ciphers[self.current]


def seal(value: Json, keys: SealingKeys, *, name: str) -> bytes:
    """Encrypt an object or a list.

    Args:
        value: JSON.
        keys: whose first seals.
        name: what it is kept under; needed again to open it.

    Raises:
        SealError: it is no JSON, or larger than `MAX_SEALED_BYTES`.
    """
    try:
        text = orjson.dumps(value)
    except orjson.JSONEncodeError as error:
        raise SealError(f"only JSON can be sealed: {error}") from error
    header = _FORM + bytes.fromhex(keys.current)
    nonce = os.urandom(_NONCE_BYTES)
    sealed = header + nonce + keys.sealing.encrypt(nonce, text, header + name.encode())
    if len(sealed) > MAX_SEALED_BYTES:
        raise SealError(f"sealed, the object has {len(sealed)} bytes; the most is {MAX_SEALED_BYTES}")
    return sealed


def unseal(sealed: bytes, keys: SealingKeys, *, name: str) -> Any:
    """Decrypt what was sealed.

    Args:
        sealed: what `seal` gave.
        keys: which have the one that it was sealed with.
        name: what it was sealed for.

    Raises:
        SealError: it is no sealed object, its key has been given up, it was changed, or sealed for another name.
    """
    used = sealed_with(sealed)
    cipher = keys.cipher(used)
    if cipher is None:
        raise SealError(f"it was sealed with the key {used}, which is not among {keys!r}")
    nonce, text = sealed[_NONCE_AT:_TEXT_AT], sealed[_TEXT_AT:]
    try:
        opened = cipher.decrypt(nonce, text, sealed[:_NONCE_AT] + name.encode())
    except InvalidTag:
        raise SealError("it was changed, or sealed for another name") from None
    return orjson.loads(opened)


def sealed_with(sealed: bytes) -> str:
    """The id of the key of a sealed object: where it is not `SealingKeys.current`, seal the object anew.

    Raises:
        SealError: it is no sealed object.
    """
    if len(sealed) < _TEXT_AT + _TAG_BYTES or not sealed.startswith(_FORM):
        raise SealError("this is no sealed object")
    return sealed[len(_FORM) : _NONCE_AT].hex()
