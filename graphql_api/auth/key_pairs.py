"""Keys to sign tokens with, for development and tests; production's issuer has its own."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any, Final, Literal

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

Algorithm = Literal["RS256", "ES256", "EdDSA"]

Jwk = dict[str, Any]
"""A JSON Web Key."""

RSA_BITS = 3_072

_PUBLIC: Final = {"RSA": ("e", "kty", "n"), "EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x")}
"""The members that make the public part of a key, in the order of its thumbprint (RFC 7638)."""


def new_key(algorithm: Algorithm) -> Jwk:
    """Make a private key; its id is its thumbprint."""
    made = _new_key(algorithm)
    public = {name: made[name] for name in _PUBLIC[made["kty"]]}
    canonical = json.dumps(public, sort_keys=True, separators=(",", ":")).encode()
    key_id = base64.urlsafe_b64encode(hashlib.sha256(canonical).digest()).rstrip(b"=").decode()
    made.pop("key_ops", None)
    return made | {"kid": key_id, "alg": algorithm, "use": "sig"}


def public_part(key: Jwk) -> Jwk:
    """What of a private key may be published."""
    return {name: key[name] for name in (*_PUBLIC[key["kty"]], "kid", "alg", "use")}


def _new_key(algorithm: Algorithm) -> Jwk:
    match algorithm:
        case "RS256":
            made = rsa.generate_private_key(public_exponent=65_537, key_size=RSA_BITS)
            return RSAAlgorithm.to_jwk(made, as_dict=True)
        case "ES256":
            return ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()), as_dict=True)
        case "EdDSA":
            return OKPAlgorithm.to_jwk(ed25519.Ed25519PrivateKey.generate(), as_dict=True)
