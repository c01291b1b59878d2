"""Receipts of erasures: who can read one knows what was removed and when, and that nobody has changed it since.

A receipt is a compact JWS (RFC 7515) signed with Ed25519. Its type keeps it from being taken for an access token.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import jwt

from graphql_api.auth.key_files import PRIVATE, read_private_keys
from graphql_api.auth.key_pairs import Algorithm, Jwk
from graphql_api.auth.key_set import KeySet, KeySetError, parse_key_set
from graphql_api.auth.strict_json import json_object
from recs_core.data.arrays import canonical_json
from recs_core.errors import BookverseError

ALGORITHM: Final[Algorithm] = "EdDSA"
TYPE: Final = "bookverse-erasure+jws"
MAX_CHARS: Final = 8_192

_JWS = jwt.PyJWS(algorithms=[ALGORITHM])


class ReceiptError(BookverseError):
    """A text is no receipt of ours, or was changed."""


def signing_key(folder: Path) -> Jwk:
    """The newest Ed25519 key of a folder.

    Raises:
        KeySetError: it has none.
    """
    for key in read_private_keys(folder):
        if key.get("alg") == ALGORITHM:
            return key
    raise KeySetError(
        f"{folder / PRIVATE} has no {ALGORITHM} key; make one with: python -m graphql_api.auth.keys {folder}"
    )


def public_keys(path: Path) -> KeySet:
    """The keys that receipts are verified with.

    Raises:
        KeySetError: the file is missing or no key set.
    """
    try:
        return parse_key_set(path.read_bytes(), algorithms={ALGORITHM})
    except OSError as error:
        raise KeySetError(f"{path} cannot be read: {error.strerror}") from error


def sign(content: Mapping[str, Any], key: Jwk) -> str:
    """Make a receipt of what was done."""
    headers = {"kid": key["kid"], "typ": TYPE}
    return _JWS.encode(canonical_json(content), jwt.PyJWK(key), algorithm=ALGORITHM, headers=headers)


def verify(receipt: str, keys: KeySet) -> dict[str, Any]:
    """What a receipt says.

    Raises:
        ReceiptError: it is none, was changed, or was signed with a key that is not among `keys`.
    """
    if len(receipt) > MAX_CHARS:
        raise ReceiptError(f"a receipt has at most {MAX_CHARS} characters (got {len(receipt)})")
    try:
        header = _JWS.get_unverified_header(receipt)
    except jwt.PyJWTError as error:
        raise ReceiptError("this is no receipt: it has not the three parts of a signed text") from error
    if header.get("typ") != TYPE:
        raise ReceiptError("this is no receipt: it is a signed text of another type")
    key = keys.get(str(header.get("kid")))
    if key is None:
        raise ReceiptError("the receipt was signed with a key that is not in the key set")
    try:
        return json_object(_JWS.decode(receipt, key=key, algorithms=[ALGORITHM]))
    except jwt.InvalidSignatureError as error:
        raise ReceiptError("the receipt was changed, or signed by somebody else") from error
    except (jwt.PyJWTError, ValueError) as error:
        raise ReceiptError("this is no receipt: what is signed is not of its form") from error
