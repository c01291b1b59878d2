"""The keys that tokens are verified with, read from a JSON Web Key Set."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Set
from types import MappingProxyType
from typing import Any, Final

import jwt

from graphql_api.auth.header import MAX_KEY_ID_CHARS
from graphql_api.auth.strict_json import json_object
from recs_core.errors import BookverseError

log = logging.getLogger(__name__)

ASYMMETRIC: Final = frozenset({"RS256", "ES256", "EdDSA"})
"""The algorithms of production: who can verify cannot sign."""

DEVELOPMENT: Final = ASYMMETRIC | {"HS256"}
"""The algorithms of development: a shared secret is good enough on one's own machine."""

MAX_KEYS = 64

_CURVES: Final = {"ES256": "P-256", "EdDSA": "Ed25519"}
"""The curve that goes with an algorithm; PyJWT would take another for ES256 where the key set says so."""

KeySet = Mapping[str, jwt.PyJWK]
"""Keys by key id; each is bound to one algorithm."""


class KeySetError(BookverseError):
    """A JSON Web Key Set cannot be used."""


def parse_key_set(text: bytes, *, algorithms: Set[str]) -> KeySet:
    """Read a JSON Web Key Set.

    Keys that are for something else (another use, algorithm or kind, or without an id) are passed over, as RFC 7517
    asks.

    Args:
        text: the set, as JSON.
        algorithms: those that keys may be for.

    Raises:
        KeySetError: it is no key set, has no key for us, names two keys alike, holds a private key, or one that is
            too weak.
    """
    try:
        members = json_object(text).get("keys")
    except ValueError as error:
        raise KeySetError(f"the key set is no JSON object: {error}") from error
    if not isinstance(members, list) or not all(isinstance(member, dict) for member in members):
        raise KeySetError("the key set has no list `keys` of objects")
    if len(members) > MAX_KEYS:
        raise KeySetError(f"the key set has {len(members)} keys; at most {MAX_KEYS} are read")
    keys: dict[str, jwt.PyJWK] = {}
    for member in members:
        key = _key(member, algorithms)
        if key is not None:
            if member["kid"] in keys:
                raise KeySetError("the key set has two keys of one key id")
            keys[member["kid"]] = key
    if not keys:
        raise KeySetError(f"the key set has no key with an id for any of {', '.join(sorted(algorithms))}")
    return MappingProxyType(keys)


def _key(member: dict[str, Any], algorithms: Set[str]) -> jwt.PyJWK | None:
    if member.get("kty") != "oct" and "d" in member:
        raise KeySetError("the key set holds a private key; publish the public part alone")
    if not _is_for_signatures(member):
        return None
    try:
        key = jwt.PyJWK(member)
    except (jwt.PyJWTError, TypeError, ValueError):
        # the error's message would show the key
        log.warning("a key of the key set is passed over: not of a kind that is known, or damaged")
        return None
    algorithm = key.algorithm_name
    if algorithm not in algorithms or member.get("crv") != _CURVES.get(algorithm):
        return None
    weakness = key.Algorithm.check_key_length(key.key)
    if weakness:
        raise KeySetError(f"a key of the key set is too weak: {weakness}")
    return key


def _is_for_signatures(member: dict[str, Any]) -> bool:
    key_id, operations = member.get("kid"), member.get("key_ops", ["verify"])
    return (
        isinstance(key_id, str)
        and 0 < len(key_id) <= MAX_KEY_ID_CHARS
        and member.get("use", "sig") == "sig"
        and isinstance(operations, list)
        and "verify" in operations
    )
