"""Who is let in: hostile tokens against a real key file and a real key server, honest ones, clocks, and the cache."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hostile_tokens import HOSTILE
from key_server import Published
from token_issuer import AUDIENCE, ISSUER, SECRET, Forged, In, honest, keys

from graphql_api.auth.authenticator import RECHECK_S, Authenticator
from graphql_api.auth.cached_keys import CachedKeys
from graphql_api.auth.claims import ClaimRules
from graphql_api.auth.identity import ANONYMOUS, anonymous
from graphql_api.auth.key_set import ASYMMETRIC, DEVELOPMENT
from graphql_api.auth.key_source import FetchKeySet, key_set_file, key_set_url
from graphql_api.auth.refusals import Refusal, TokenRefused
from graphql_api.auth.scopes import Scope

pytestmark = pytest.mark.anyio

RULES = ClaimRules(ISSUER, AUDIENCE, leeway_s=30)


def authenticator(
    fetch: FetchKeySet,
    *,
    algorithms: frozenset[str] = ASYMMETRIC,
    clock: Callable[[], float] = time.time,
) -> Authenticator:
    return Authenticator(CachedKeys(fetch, algorithms=algorithms), RULES, clock=clock)


async def refusal(by: Authenticator, *authorization: str) -> TokenRefused:
    with pytest.raises(TokenRefused) as caught:
        await by.identify(authorization)
    return caught.value


def test_there_are_enough_hostile_tokens_and_every_reason_is_among_them() -> None:
    assert len({name for name, *_ in HOSTILE}) == len(HOSTILE) >= 40
    # which needs an issuer that is away
    assert {reason for _, _, reason, _ in HOSTILE} == set(Refusal) - {Refusal.KEYS_UNAVAILABLE}


@pytest.mark.parametrize(
    ("make", "reason", "detail"), [case[1:] for case in HOSTILE], ids=[case[0] for case in HOSTILE]
)
@pytest.mark.parametrize("source", ["file", "server"])
async def test_a_hostile_token_is_refused_for_its_own_reason(
    source: str,
    make: Callable[[], list[str]],
    reason: Refusal,
    detail: str,
    key_file: Path,
    published: Published,
    caplog: pytest.LogCaptureFixture,
) -> None:
    by = authenticator(key_set_file(key_file) if source == "file" else key_set_url(published.url))
    authorization = make()
    with caplog.at_level(logging.INFO):
        refused = await refusal(by, *authorization)
    assert (refused.reason, refused.detail) == (reason, detail)
    assert reason in caplog.text
    # what comes after a scheme is a secret, whatever the scheme
    secrets = [word for value in authorization for word in value.split(" ") if len(word) > 8]
    assert not any(secret in caplog.text for secret in secrets)
    # the client learns none of it
    assert str(refused) == "the access token was not accepted"
    assert refused.extensions == {"code": "UNAUTHENTICATED"}


@pytest.mark.parametrize("algorithm", sorted(ASYMMETRIC))
async def test_an_honest_token_says_who_and_what(algorithm: str, key_file: Path) -> None:
    identity = await authenticator(key_set_file(key_file)).identify([f"Bearer {honest(algorithm)}"])
    assert identity.user_id == "276847"
    assert identity.scopes == {Scope.CATALOGUE_READ, Scope.RECOMMENDATIONS_READ}
    assert not identity.is_anonymous
    assert "276847" not in repr(identity)


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": ["payments", AUDIENCE]},
        {"scope": ["catalogue:read", "recommendations:read"]},
        {"scope": "catalogue:read  recommendations:read models:admin:not-ours"},
        {"nbf": In(-5)},
        {"exp": 4e9 + 0.5},
    ],
)
async def test_honest_variants_are_accepted(changes: dict[str, object], key_file: Path) -> None:
    identity = await authenticator(key_set_file(key_file)).identify([f"bearer {honest(**changes)}"])
    assert identity.scopes == {Scope.CATALOGUE_READ, Scope.RECOMMENDATIONS_READ}


@pytest.mark.parametrize("header", [{"typ": None}, {"typ": "at+jwt"}, {"typ": "JWT", "x5t": "thumbprint"}])
async def test_honest_headers_are_accepted(header: dict[str, object], key_file: Path) -> None:
    identity = await authenticator(key_set_file(key_file)).identify(
        [f"Bearer {Forged(header=header).token()}"]
    )
    assert identity.user_id == "276847"


async def test_without_a_header_nobody_said_who_they_are(key_file: Path) -> None:
    fetch = key_set_file(key_file)
    assert await authenticator(fetch).identify([]) is ANONYMOUS
    open_catalogue = anonymous(frozenset({Scope.CATALOGUE_READ}))
    by = Authenticator(CachedKeys(fetch, algorithms=ASYMMETRIC), RULES, anonymous=open_catalogue)
    assert await by.identify([]) is open_catalogue
    assert open_catalogue.is_anonymous


async def test_a_shared_secret_is_for_development_only(tmp_path: Path) -> None:
    path = tmp_path / "shared.json"
    path.write_text(json.dumps({"keys": [SECRET, *keys().values()][:1]}), encoding="utf-8")
    token = f"Bearer {Forged('HS256', key=SECRET).token()}"
    development = authenticator(key_set_file(path), algorithms=DEVELOPMENT)
    assert (await development.identify([token])).user_id == "276847"
    assert (await refusal(authenticator(key_set_file(path)), token)).reason is Refusal.ALGORITHM_NOT_ALLOWED


async def test_the_public_rsa_key_is_no_secret_in_development_either(key_file: Path) -> None:
    (confused,) = [make for name, make, *_ in HOSTILE if name == "HS256 with the public RSA key"]
    by = authenticator(key_set_file(key_file), algorithms=DEVELOPMENT)
    assert (await refusal(by, *confused())).reason is Refusal.ALGORITHM_OF_ANOTHER_KEY


class Clock:
    def __init__(self) -> None:
        self.ahead_s = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead_s


@pytest.mark.parametrize("skew_s", [-25, 25])
async def test_clocks_may_differ_by_the_leeway(skew_s: float, key_file: Path) -> None:
    clock = Clock()
    clock.ahead_s = skew_s
    by = authenticator(key_set_file(key_file), clock=clock)
    now = int(time.time())
    assert (await by.identify([f"Bearer {honest(iat=now - 10, exp=now)}"])).user_id == "276847"


@pytest.mark.parametrize(("skew_s", "reason"), [(-40, Refusal.ISSUED_IN_FUTURE), (40, Refusal.EXPIRED)])
async def test_clocks_may_not_differ_by_more(skew_s: float, reason: Refusal, key_file: Path) -> None:
    clock = Clock()
    clock.ahead_s = skew_s
    now = int(time.time())
    refused = await refusal(
        authenticator(key_set_file(key_file), clock=clock), f"Bearer {honest(iat=now - 1, exp=now)}"
    )
    assert refused.reason is reason


async def test_a_verified_token_is_not_verified_again_until_it_expires(key_file: Path) -> None:
    clock = Clock()
    by = authenticator(key_set_file(key_file), clock=clock)
    token = f"Bearer {honest(exp=In(100))}"
    first = await by.identify([token])
    assert await by.identify([token]) is first
    clock.ahead_s = 100 + RULES.leeway_s + 1
    assert (await refusal(by, token)).reason is Refusal.EXPIRED


async def test_a_long_lived_token_is_verified_again_from_time_to_time(key_file: Path) -> None:
    clock = Clock()
    by = authenticator(key_set_file(key_file), clock=clock)
    token = f"Bearer {honest(exp=In(10 * int(RECHECK_S)))}"
    first = await by.identify([token])
    clock.ahead_s = RECHECK_S + 1
    again = await by.identify([token])
    assert again == first
    assert again is not first


async def test_a_refused_token_is_not_remembered_as_good(key_file: Path) -> None:
    by = authenticator(key_set_file(key_file))
    token = honest()
    await by.identify([f"Bearer {token}"])
    assert (await refusal(by, f"Bearer {token}x")).reason in {Refusal.BAD_SIGNATURE, Refusal.NOT_COMPACT}
