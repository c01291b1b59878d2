"""A token's JOSE header, read before anything in it is believed."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import Any

from graphql_api.auth.refusals import Refusal, TokenRefused
from graphql_api.auth.strict_json import json_object

_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*")

_TYPES = frozenset({"jwt", "at+jwt", "application/at+jwt"})
"""What `typ` may be, in small letters: a plain token or one of RFC 9068. Not, say, an id token for logging out."""

_EMBEDDED = ("jwk", "jku", "x5c", "x5u")
_CRITICAL = ("crit", "b64")

MAX_KEY_ID_CHARS = 128


@dataclass(frozen=True, slots=True)
class TokenHeader:
    """What of a header takes part in verification.

    Args:
        algorithm: how the token says it is signed.
        key_id: which key the token says it is signed with.
    """

    algorithm: str
    key_id: str


def read_header(token: str) -> TokenHeader:
    """Read a token's header.

    Raises:
        TokenRefused: NOT_COMPACT, BAD_HEADER, CRITICAL_HEADER, EMBEDDED_KEY, WRONG_TYPE, ALGORITHM_NONE or
            NO_KEY_ID.
    """
    if not _COMPACT.fullmatch(token):
        raise TokenRefused(Refusal.NOT_COMPACT)
    header = _decode(token.partition(".")[0])
    for name in _CRITICAL:
        if name in header:
            raise TokenRefused(Refusal.CRITICAL_HEADER, name)
    for name in _EMBEDDED:
        if name in header:
            raise TokenRefused(Refusal.EMBEDDED_KEY, name)
    kind = header.get("typ", "JWT")
    if not isinstance(kind, str) or kind.lower() not in _TYPES:
        raise TokenRefused(Refusal.WRONG_TYPE)
    return TokenHeader(_algorithm(header), _key_id(header))


def _decode(part: str) -> dict[str, Any]:
    try:
        return json_object(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except ValueError as error:
        raise TokenRefused(Refusal.BAD_HEADER) from error


def _algorithm(header: dict[str, Any]) -> str:
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or not algorithm:
        raise TokenRefused(Refusal.BAD_HEADER, "alg")
    if algorithm.lower() == "none":
        raise TokenRefused(Refusal.ALGORITHM_NONE)
    return algorithm


def _key_id(header: dict[str, Any]) -> str:
    if "kid" not in header:
        raise TokenRefused(Refusal.NO_KEY_ID)
    key_id = header["kid"]
    if not isinstance(key_id, str) or not 0 < len(key_id) <= MAX_KEY_ID_CHARS:
        raise TokenRefused(Refusal.BAD_HEADER, "kid")
    return key_id
