"""Requests that must be refused, each with the reason that it must be refused for."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable

import jwt
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from token_issuer import SECRET, Forged, In, claims, foreign_key, honest, keys, part

from graphql_api.auth.key_pairs import public_part
from graphql_api.auth.refusals import Refusal

Case = tuple[str, Callable[[], list[str]], Refusal, str]


def unsigned(algorithm: str) -> str:
    key_id = keys()["RS256"]["kid"]
    return f"{part({'alg': algorithm, 'typ': 'JWT', 'kid': key_id})}.{part(json.dumps(claims()).encode())}."


def confused() -> str:
    """Signed with HMAC, the secret being the public RSA key as everybody can have it."""
    public = jwt.PyJWK(public_part(keys()["RS256"])).key
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    header = {"alg": "HS256", "typ": "JWT", "kid": keys()["RS256"]["kid"]}
    signed = f"{part(header)}.{part(json.dumps(claims()).encode())}"
    return f"{signed}.{part(hmac.digest(pem, signed.encode(), 'sha256'))}"


def swapped_payload() -> str:
    head, _, signature = honest().split(".")
    return f"{head}.{part(json.dumps(claims(sub='somebody-else')).encode())}.{signature}"


def swapped_header() -> str:
    _, payload, signature = honest().split(".")
    return f"{part({'alg': 'EdDSA', 'typ': 'at+jwt', 'kid': keys()['EdDSA']['kid']})}.{payload}.{signature}"


def flipped_signature() -> str:
    signed, _, signature = honest().rpartition(".")
    return f"{signed}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"


def zero_signature() -> str:
    """The all-zero signature that a broken ECDSA takes for every message's (CVE-2022-21449)."""
    return f"{honest('ES256').rpartition('.')[0]}.{part(bytes(64))}"


def raw_header(text: bytes) -> str:
    return f"{part(text)}.{part(json.dumps(claims()).encode())}.{part(b'signature')}"


def self_signed(**header: object) -> str:
    """Signed by the attacker's key, under the name of a true one."""
    return Forged(key=foreign_key(), header={"kid": keys()["EdDSA"]["kid"], **header}).token()


def bearer(make: Callable[[], str]) -> Callable[[], list[str]]:
    return lambda: [f"Bearer {make()}"]


def claimed(**changes: object) -> Callable[[], list[str]]:
    return bearer(lambda: honest(**changes))


def headed(**header: object) -> Callable[[], list[str]]:
    return bearer(lambda: Forged(header=header).token())


HEADERS: list[Case] = [
    ("two headers", lambda: [f"Bearer {honest()}"] * 2, Refusal.SEVERAL_HEADERS, ""),
    ("basic scheme", lambda: ["Basic dXNlcjpwYXNz"], Refusal.WRONG_SCHEME, ""),
    ("no scheme", lambda: [honest()], Refusal.WRONG_SCHEME, ""),
    ("empty header", lambda: [""], Refusal.WRONG_SCHEME, ""),
    ("no token", lambda: ["Bearer "], Refusal.EMPTY_HEADER, ""),
    ("oversized", claimed(padding="x" * 9_000), Refusal.TOO_LONG, ""),
    ("two tokens in one header", lambda: [f"Bearer {honest()},Bearer {honest()}"], Refusal.NOT_COMPACT, ""),
]

FORMS: list[Case] = [
    ("one part", lambda: ["Bearer secret"], Refusal.NOT_COMPACT, ""),
    ("four parts", bearer(lambda: f"{honest()}.{part(b'more')}"), Refusal.NOT_COMPACT, ""),
    ("five parts, encrypted", bearer(lambda: ".".join([part({"alg": "dir"})] * 5)), Refusal.NOT_COMPACT, ""),
    ("not base64url", bearer(lambda: honest().replace(".", "+.", 1)), Refusal.NOT_COMPACT, ""),
    ("not ASCII", bearer(lambda: f"{honest()}\u00e9"), Refusal.NOT_COMPACT, ""),
    ("header of text", bearer(lambda: raw_header(b"not json")), Refusal.BAD_HEADER, ""),
    ("header is a list", bearer(lambda: raw_header(b'["alg"]')), Refusal.BAD_HEADER, ""),
    ("header not UTF-8", bearer(lambda: raw_header(b'{"alg":"\xff"}')), Refusal.BAD_HEADER, ""),
    (
        "algorithm twice",
        bearer(lambda: raw_header(b'{"alg":"EdDSA","alg":"none","kid":"k"}')),
        Refusal.BAD_HEADER,
        "",
    ),
    ("nested header", bearer(lambda: raw_header(b'{"a":' + b"[" * 3_000 + b"}")), Refusal.BAD_HEADER, ""),
    ("no algorithm", headed(alg=None), Refusal.BAD_HEADER, "alg"),
    ("algorithm is a number", headed(alg=256), Refusal.BAD_HEADER, "alg"),
    ("no key id", headed(kid=None), Refusal.NO_KEY_ID, ""),
    ("key id is a list", headed(kid=["k"]), Refusal.BAD_HEADER, "kid"),
    ("key id too long", headed(kid="k" * 129), Refusal.BAD_HEADER, "kid"),
    ("another type", headed(typ="logout+jwt"), Refusal.WRONG_TYPE, ""),
    ("type is a number", headed(typ=1), Refusal.WRONG_TYPE, ""),
    ("critical extension", headed(crit=["exp"]), Refusal.CRITICAL_HEADER, "crit"),
    ("empty crit", headed(crit=[]), Refusal.CRITICAL_HEADER, "crit"),
    ("unencoded payload", headed(b64=False), Refusal.CRITICAL_HEADER, "b64"),
]

KEYS: list[Case] = [
    (
        "embedded key",
        bearer(lambda: self_signed(jwk=public_part(foreign_key()))),
        Refusal.EMBEDDED_KEY,
        "jwk",
    ),
    (
        "key elsewhere",
        bearer(lambda: self_signed(jku="https://evil.example/jwks")),
        Refusal.EMBEDDED_KEY,
        "jku",
    ),
    (
        "certificate elsewhere",
        bearer(lambda: self_signed(x5u="https://evil.example")),
        Refusal.EMBEDDED_KEY,
        "x5u",
    ),
    ("embedded certificate", bearer(lambda: self_signed(x5c=["MII"])), Refusal.EMBEDDED_KEY, "x5c"),
    ("alg none", bearer(lambda: unsigned("none")), Refusal.ALGORITHM_NONE, ""),
    ("alg NoNe", bearer(lambda: unsigned("NoNe")), Refusal.ALGORITHM_NONE, ""),
    ("HS256 with the public RSA key", bearer(confused), Refusal.ALGORITHM_NOT_ALLOWED, ""),
    (
        "HS256 with a secret",
        bearer(lambda: Forged("HS256", key=SECRET).token()),
        Refusal.ALGORITHM_NOT_ALLOWED,
        "",
    ),
    ("RS1", headed(alg="RS1"), Refusal.ALGORITHM_NOT_ALLOWED, ""),
    ("algorithm in small letters", headed(alg="eddsa"), Refusal.ALGORITHM_NOT_ALLOWED, ""),
    ("ES256 with an EdDSA key's id", headed(alg="ES256"), Refusal.ALGORITHM_OF_ANOTHER_KEY, ""),
    ("RS256 with an EdDSA key's id", headed(alg="RS256"), Refusal.ALGORITHM_OF_ANOTHER_KEY, ""),
    ("unknown key", bearer(lambda: Forged(key=foreign_key()).token()), Refusal.UNKNOWN_KEY, ""),
    ("key id is a path", headed(kid="../../etc/passwd"), Refusal.UNKNOWN_KEY, ""),
    ("key id is SQL", headed(kid="' OR 1=1 --"), Refusal.UNKNOWN_KEY, ""),
    ("another's signature", bearer(self_signed), Refusal.BAD_SIGNATURE, ""),
    ("changed payload", bearer(swapped_payload), Refusal.BAD_SIGNATURE, ""),
    ("changed header", bearer(swapped_header), Refusal.BAD_SIGNATURE, ""),
    ("changed signature", bearer(flipped_signature), Refusal.BAD_SIGNATURE, ""),
    ("no signature", bearer(lambda: honest().rpartition(".")[0] + "."), Refusal.BAD_SIGNATURE, ""),
    ("zero signature", bearer(zero_signature), Refusal.BAD_SIGNATURE, ""),
]

CLAIMS: list[Case] = [
    ("payload of text", bearer(lambda: Forged(payload=b"text").token()), Refusal.BAD_PAYLOAD, ""),
    ("payload is a list", bearer(lambda: Forged(payload=b"[]").token()), Refusal.BAD_PAYLOAD, ""),
    ("empty payload", bearer(lambda: Forged(payload=b"").token()), Refusal.BAD_PAYLOAD, ""),
    (
        "claim twice",
        bearer(lambda: Forged(payload=b'{"sub":"me","sub":"you"}').token()),
        Refusal.BAD_PAYLOAD,
        "",
    ),
    ("NaN", bearer(lambda: Forged(payload=b'{"exp":NaN}').token()), Refusal.BAD_PAYLOAD, ""),
    *[
        (f"no {name}", claimed(**{name: None}), Refusal.CLAIM_MISSING, name)
        for name in ("iss", "aud", "sub", "exp", "iat")
    ],
    ("another issuer", claimed(iss="https://evil.example"), Refusal.WRONG_ISSUER, ""),
    ("issuer with a slash", claimed(iss="https://issuer.example/"), Refusal.WRONG_ISSUER, ""),
    ("issuer is a list", claimed(iss=["https://issuer.example"]), Refusal.CLAIM_MALFORMED, "iss"),
    ("another audience", claimed(aud="payments"), Refusal.WRONG_AUDIENCE, ""),
    ("other audiences", claimed(aud=["payments", "bookverse.evil"]), Refusal.WRONG_AUDIENCE, ""),
    ("audience is a number", claimed(aud=7), Refusal.CLAIM_MALFORMED, "aud"),
    ("expired", claimed(iat=In(-900), exp=In(-300)), Refusal.EXPIRED, ""),
    ("expired in 1970", claimed(iat=0, exp=1), Refusal.EXPIRED, ""),
    ("expiry is text", claimed(exp="9999999999"), Refusal.CLAIM_MALFORMED, "exp"),
    ("expiry is true", claimed(exp=True), Refusal.CLAIM_MALFORMED, "exp"),
    ("expiry beyond all time", claimed(exp=10**400), Refusal.CLAIM_MALFORMED, "exp"),
    ("negative time", claimed(iat=-1), Refusal.CLAIM_MALFORMED, "iat"),
    ("not valid yet", claimed(nbf=In(300)), Refusal.NOT_YET_VALID, ""),
    ("start is text", claimed(nbf="soon"), Refusal.CLAIM_MALFORMED, "nbf"),
    ("issued in the future", claimed(iat=In(300)), Refusal.ISSUED_IN_FUTURE, ""),
    ("ends before it is issued", claimed(iat=In(0), exp=In(-1)), Refusal.ENDS_BEFORE_START, ""),
    ("ends before it starts", claimed(nbf=In(900)), Refusal.ENDS_BEFORE_START, ""),
    ("subject is a number", claimed(sub=276847), Refusal.CLAIM_MALFORMED, "sub"),
    ("empty subject", claimed(sub=""), Refusal.CLAIM_MALFORMED, "sub"),
    ("subject with a line break", claimed(sub="1\nadmin"), Refusal.CLAIM_MALFORMED, "sub"),
    ("subject too long", claimed(sub="u" * 129), Refusal.CLAIM_MALFORMED, "sub"),
    ("scope is an object", claimed(scope={"models": "admin"}), Refusal.CLAIM_MALFORMED, "scope"),
    ("scope is a list of numbers", claimed(scope=[1]), Refusal.CLAIM_MALFORMED, "scope"),
    ("scope with a quote", claimed(scope='models:admin"'), Refusal.CLAIM_MALFORMED, "scope"),
    ("too many scopes", claimed(scope=[f"s{n}" for n in range(65)]), Refusal.CLAIM_MALFORMED, "scope"),
]

HOSTILE: list[Case] = [*HEADERS, *FORMS, *KEYS, *CLAIMS]
