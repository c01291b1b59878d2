"""An issuer of tokens, honest or not."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass, field
from functools import cache
from typing import Any, get_args

import jwt

from graphql_api.auth.key_pairs import Algorithm, new_key, public_part

ISSUER = "https://issuer.example"
AUDIENCE = "bookverse"


@cache
def keys() -> dict[str, dict[str, Any]]:
    """One private key an algorithm, made once for all tests."""
    return {algorithm: new_key(algorithm) for algorithm in get_args(Algorithm)}


@cache
def foreign_key() -> dict[str, Any]:
    """A key that no key set holds."""
    return new_key("EdDSA")


def public_keys() -> list[dict[str, Any]]:
    return [public_part(key) for key in keys().values()]


SECRET = {"kty": "oct", "kid": "shared", "alg": "HS256", "k": base64.urlsafe_b64encode(b"s" * 32).decode()}


@dataclass(frozen=True)
class In:
    """A time, so many seconds from when the token is made."""

    seconds: int


def claims(**changes: Any) -> dict[str, Any]:
    """Good claims with changes; None leaves one out."""
    now = int(time.time())
    good = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "276847",
        "iat": now,
        "exp": now + 600,
        "scope": "catalogue:read recommendations:read openid",
    }
    return {
        name: now + value.seconds if isinstance(value, In) else value
        for name, value in (good | changes).items()
        if value is not None
    }


@dataclass(frozen=True)
class Forged:
    """A token made by hand: header, payload and key are whatever the test wants."""

    algorithm: str = "EdDSA"
    header: dict[str, Any] = field(default_factory=dict)
    payload: bytes | None = None  # instead of claims
    claims: dict[str, Any] = field(default_factory=dict)
    key: dict[str, Any] | None = None

    def token(self) -> str:
        key = self.key or keys()[self.algorithm]
        header = {"alg": self.algorithm, "typ": "JWT", "kid": key["kid"]} | self.header
        payload = json.dumps(claims(**self.claims)).encode() if self.payload is None else self.payload
        signed = f"{part({name: each for name, each in header.items() if each is not None})}.{part(payload)}"
        return f"{signed}.{part(signature(signed, key))}"


def signature(signed: str, key: dict[str, Any]) -> bytes:
    """The true signature of a key over the first two parts of a token."""
    jwk = jwt.PyJWK(key)
    return jwk.Algorithm.sign(signed.encode(), jwk.Algorithm.prepare_key(jwk.key))


def part(value: bytes | dict[str, Any]) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def honest(algorithm: str = "EdDSA", **changes: Any) -> str:
    return Forged(algorithm, claims=changes).token()
