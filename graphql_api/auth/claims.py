"""What a token claims, checked claim by claim."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from graphql_api.auth.refusals import Refusal, TokenRefused
from graphql_api.auth.scopes import Scope

REQUIRED = ("iss", "aud", "sub", "exp", "iat")

MAX_USER_ID_CHARS = 128
MAX_SCOPES = 64
LATEST = 253_402_300_799
"""The end of the year 9999 in seconds since 1970; no time is later."""

_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,128}")  # RFC 6749, scope-token
_OURS = {scope.value: scope for scope in Scope}


@dataclass(frozen=True, slots=True)
class Claims:
    """What of a payload we use.

    Args:
        user_id: the store's id of the reader.
        scopes: those of our scopes that are granted; others are somebody else's business.
        expires: seconds since 1970.
    """

    user_id: str
    scopes: frozenset[Scope]
    expires: float


@dataclass(frozen=True, slots=True)
class ClaimRules:
    """What claims must say.

    Args:
        issuer: what `iss` must be.
        audience: what `aud` must be or hold.
        leeway_s: how far the issuer's clock may be from ours, in seconds.
    """

    issuer: str
    audience: str
    leeway_s: float = 30

    def check(self, payload: dict[str, Any], now: float) -> Claims:
        """Check a payload whose signature was verified.

        Args:
            payload: the claims.
            now: seconds since 1970.

        Raises:
            TokenRefused: CLAIM_MISSING, CLAIM_MALFORMED, WRONG_ISSUER, WRONG_AUDIENCE, EXPIRED, NOT_YET_VALID,
                ISSUED_IN_FUTURE or ENDS_BEFORE_START.
        """
        for name in REQUIRED:
            if payload.get(name) is None:
                raise TokenRefused(Refusal.CLAIM_MISSING, name)
        if _text(payload, "iss") != self.issuer:
            raise TokenRefused(Refusal.WRONG_ISSUER)
        if self.audience not in _texts(payload, "aud"):
            raise TokenRefused(Refusal.WRONG_AUDIENCE)
        expires = self._check_times(payload, now)
        return Claims(_user_id(payload), _scopes(payload), expires)

    def _check_times(self, payload: dict[str, Any], now: float) -> float:
        expires, issued = _time(payload, "exp"), _time(payload, "iat")
        starts = _time(payload, "nbf") if "nbf" in payload else issued
        if expires <= max(issued, starts):
            raise TokenRefused(Refusal.ENDS_BEFORE_START)
        if now >= expires + self.leeway_s:
            raise TokenRefused(Refusal.EXPIRED)
        if issued > now + self.leeway_s:
            raise TokenRefused(Refusal.ISSUED_IN_FUTURE)
        if starts > now + self.leeway_s:
            raise TokenRefused(Refusal.NOT_YET_VALID)
        return expires


def _user_id(payload: dict[str, Any]) -> str:
    user_id = _text(payload, "sub")
    if not 0 < len(user_id) <= MAX_USER_ID_CHARS or not user_id.isprintable() or user_id != user_id.strip():
        raise TokenRefused(Refusal.CLAIM_MALFORMED, "sub")
    return user_id


def _scopes(payload: dict[str, Any]) -> frozenset[Scope]:
    given = payload.get("scope", "")
    names = given.split(" ") if isinstance(given, str) else _texts(payload, "scope")
    granted = [name for name in names if name]
    if len(granted) > MAX_SCOPES or not all(map(_SCOPE.fullmatch, granted)):
        raise TokenRefused(Refusal.CLAIM_MALFORMED, "scope")
    return frozenset(_OURS[name] for name in granted if name in _OURS)


def _time(payload: dict[str, Any], name: str) -> float:
    value = payload[name]
    # a bool is an int to Python; and so large an int that no float holds it fails the comparison as it should
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LATEST:
        raise TokenRefused(Refusal.CLAIM_MALFORMED, name)
    return float(value)


def _text(payload: dict[str, Any], name: str) -> str:
    value = payload[name]
    if not isinstance(value, str):
        raise TokenRefused(Refusal.CLAIM_MALFORMED, name)
    return value


def _texts(payload: dict[str, Any], name: str) -> list[str]:
    value = payload[name]
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise TokenRefused(Refusal.CLAIM_MALFORMED, name)
    return texts
