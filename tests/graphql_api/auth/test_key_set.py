"""Which keys of a key set are used."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from token_issuer import SECRET, keys, public_keys

from graphql_api.auth.key_pairs import public_part
from graphql_api.auth.key_set import ASYMMETRIC, DEVELOPMENT, MAX_KEYS, KeySetError, parse_key_set

GOOD = public_part(keys()["ES256"])


def ids(*members: Any, algorithms: frozenset[str] = ASYMMETRIC) -> set[str]:
    return set(parse_key_set(json.dumps({"keys": members}).encode(), algorithms=algorithms))


def curve_384() -> dict[str, Any]:
    public = ec.generate_private_key(ec.SECP384R1()).public_key()
    return ECAlgorithm.to_jwk(public, as_dict=True) | {"kid": "other"}


PASSED_OVER = {
    "no id": {name: value for name, value in GOOD.items() if name != "kid"},
    "id is a number": GOOD | {"kid": 7},
    "for encryption": GOOD | {"kid": "other", "use": "enc"},
    "for signing only": GOOD | {"kid": "other", "key_ops": ["sign"]},
    "operations are a number": GOOD | {"kid": "other", "key_ops": 1},
    "another algorithm": public_part(keys()["RS256"]) | {"kid": "other", "alg": "PS256"},
    "another curve": curve_384(),
    "another curve under our algorithm": curve_384() | {"alg": "ES256"},
    "an RSA key under an EC algorithm": public_part(keys()["RS256"]) | {"kid": "other", "alg": "ES256"},
    "an unknown kind": {"kty": "AKP", "kid": "other"},
    "damaged": GOOD | {"kid": "other", "x": "AAAA"},
    "a secret": SECRET,
}


@pytest.mark.parametrize("member", PASSED_OVER.values(), ids=PASSED_OVER)
def test_keys_for_something_else_are_passed_over(member: dict[str, Any]) -> None:
    assert ids(GOOD, member) == {GOOD["kid"]}


def test_algorithms_follow_from_the_kind_where_the_set_does_not_say() -> None:
    silent = [
        {name: value for name, value in key.items() if name not in ("alg", "use")} for key in public_keys()
    ]
    parsed = parse_key_set(json.dumps({"keys": silent}).encode(), algorithms=ASYMMETRIC)
    assert {key.algorithm_name for key in parsed.values()} == ASYMMETRIC


def test_a_secret_is_a_key_in_development() -> None:
    assert ids(GOOD, SECRET, algorithms=DEVELOPMENT) == {GOOD["kid"], SECRET["kid"]}


def test_weak_keys_are_refused() -> None:
    small = rsa.generate_private_key(public_exponent=65_537, key_size=1_024).public_key()
    with pytest.raises(KeySetError, match="1024 bits"):
        ids(RSAAlgorithm.to_jwk(small, as_dict=True) | {"kid": "small"})
    short = SECRET | {"k": base64.urlsafe_b64encode(b"short").decode()}
    with pytest.raises(KeySetError, match="5 bytes"):
        ids(short, algorithms=DEVELOPMENT)


def test_too_many_keys_are_refused() -> None:
    with pytest.raises(KeySetError, match=f"at most {MAX_KEYS}"):
        ids(*[GOOD | {"kid": str(n)} for n in range(MAX_KEYS + 1)])


def test_a_refused_private_key_is_not_shown() -> None:
    private = keys()["ES256"]
    with pytest.raises(KeySetError) as caught:
        ids(private)
    assert private["d"] not in str(caught.value)
