"""Keys from a real file and a real server: rotation, outages, and servers that answer badly."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from key_server import Published
from token_issuer import foreign_key, keys, public_keys

from graphql_api.auth.cached_keys import CachedKeys, KeysUnavailableError
from graphql_api.auth.key_pairs import public_part
from graphql_api.auth.key_set import ASYMMETRIC, KeySetError
from graphql_api.auth.key_source import MAX_KEY_SET_BYTES, FetchKeySet, key_set_file, key_set_url

pytestmark = pytest.mark.anyio

KNOWN = keys()["EdDSA"]["kid"]
NEW = foreign_key()["kid"]
FRESH_S, STALE_S, RETRY_S = 300, 3_600, 10


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def cached(fetch: FetchKeySet, clock: Clock | None = None) -> CachedKeys:
    return CachedKeys(
        fetch,
        algorithms=ASYMMETRIC,
        fresh_s=FRESH_S,
        stale_s=STALE_S,
        retry_s=RETRY_S,
        clock=clock or Clock(),
    )


async def renewed(source: CachedKeys, key_id: str) -> object:
    """What a key is once the attempt that asking for it begins has come to its end."""
    await source.key(key_id)
    if source._attempt is not None:
        await source._attempt
    return await source.key(key_id)


async def test_keys_are_got_once_while_they_are_fresh(published: Published) -> None:
    clock = Clock()
    source = cached(key_set_url(published.url), clock)
    for each in public_keys() * 2:
        assert (await source.key(each["kid"])).algorithm_name == each["alg"]
    clock.now += FRESH_S - 1
    await source.key(KNOWN)
    assert published.requests == 1


async def test_many_at_once_ask_once(published: Published) -> None:
    published.pause_s = 0.0001
    source = cached(key_set_url(published.url))
    found = await asyncio.gather(*(source.key(KNOWN) for _ in range(50)))
    assert all(found)
    assert published.requests == 1


async def test_who_goes_away_takes_no_keys_from_the_others(published: Published) -> None:
    published.pause_s = 0.0001
    source = cached(key_set_url(published.url))
    first, second = (asyncio.ensure_future(source.key(KNOWN)) for _ in range(2))
    await asyncio.sleep(0.01)
    first.cancel()
    assert await second is not None
    assert published.requests == 1


async def test_a_new_key_is_found_by_its_id_and_a_withdrawn_one_is_gone(published: Published) -> None:
    clock = Clock()
    source = cached(key_set_url(published.url), clock)
    await source.key(KNOWN)
    published.keys = [public_part(foreign_key())]
    clock.now += RETRY_S
    assert (await source.key(NEW)) is not None
    assert (await source.key(KNOWN)) is None


async def test_unknown_keys_ask_no_more_often_than_they_may(published: Published) -> None:
    clock = Clock()
    source = cached(key_set_url(published.url), clock)
    for n in range(100):
        clock.now += 0.5
        assert await source.key(f"guess {n}") is None
    assert published.requests == 5  # in 50 s


async def test_old_keys_are_renewed_beside_the_requests(published: Published) -> None:
    clock = Clock()
    source = cached(key_set_url(published.url), clock)
    await source.key(KNOWN)
    clock.now += FRESH_S
    published.pause_s = 0.0005
    assert await source.key(KNOWN) is not None  # the server has hardly begun to answer
    assert source._attempt is not None
    assert not source._attempt.done()
    await source._attempt
    assert published.requests == 2


def broken(status: int = 200, body: bytes | None = None, **headers: str) -> Callable[[Published], None]:
    def change(published: Published) -> None:
        published.status, published.body, published.headers = status, body, headers

    return change


def slow(published: Published) -> None:
    published.pause_s = 0.05


def of_keys(*members: Any) -> bytes:
    return json.dumps({"keys": members}).encode()


BROKEN = {
    "500": (broken(500), "answered 500"),
    "404": (broken(404), "answered 404"),
    "redirect": (broken(302, Location="http://127.0.0.1/elsewhere"), "answered 302"),
    "slow": (slow, "longer than 0.2 s"),
    "oversized": (broken(body=b" " * (MAX_KEY_SET_BYTES + 1)), "larger than"),
    "compressed": (broken(body=gzip.compress(of_keys()), **{"Content-Encoding": "gzip"}), "no JSON object"),
    "invalid JSON": (broken(body=b"<html>"), "no JSON object"),
    "a list": (broken(body=b"[]"), "no JSON object"),
    "no keys": (broken(body=b"{}"), "no list `keys`"),
    "empty": (broken(body=of_keys()), "no key with an id"),
    "keys of text": (broken(body=of_keys("key")), "no list `keys`"),
    "private": (broken(body=of_keys(foreign_key())), "holds a private key"),
    "one id twice": (broken(body=of_keys(*public_keys(), *public_keys())), "two keys of one key id"),
}


@pytest.mark.parametrize(("change", "message"), BROKEN.values(), ids=BROKEN)
async def test_a_server_that_answers_badly_is_named_and_the_old_keys_stay(
    change: Callable[[Published], None],
    message: str,
    published: Published,
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = Clock()
    source = cached(key_set_url(published.url, timeout_s=0.2), clock)
    with caplog.at_level("ERROR"):
        await source.key(KNOWN)
        change(published)
        clock.now += FRESH_S
        assert await renewed(source, KNOWN) is not None
        assert message in caplog.text
        with pytest.raises(KeySetError, match=message):
            await source.load()


async def test_keys_too_old_are_not_used_and_come_back_with_the_server(published: Published) -> None:
    clock = Clock()
    source = cached(key_set_url(published.url), clock)
    await source.key(KNOWN)
    published.status = 503
    clock.now += STALE_S
    with pytest.raises(KeysUnavailableError):
        await source.key(KNOWN)
    published.status = 200
    clock.now += RETRY_S
    assert await source.key(KNOWN) is not None


async def test_without_any_keys_there_are_none() -> None:
    # nothing listens on the discard port of this machine
    source = cached(key_set_url("http://127.0.0.1:9/jwks"))
    with pytest.raises(KeysUnavailableError):
        await source.key(KNOWN)
    with pytest.raises(KeySetError, match="the key server failed: ConnectError"):
        await source.load()


async def test_a_file_is_read_again(key_file: Path) -> None:
    clock = Clock()
    source = cached(key_set_file(key_file), clock)
    assert await source.key(NEW) is None
    key_file.write_bytes(of_keys(public_part(foreign_key())))
    clock.now += RETRY_S
    assert await source.key(NEW) is not None
    key_file.unlink()
    clock.now += FRESH_S
    assert await renewed(source, NEW) is not None
    with pytest.raises(KeySetError, match="cannot be read: No such file"):
        await source.load()


async def test_an_attempt_ends_with_the_server(published: Published) -> None:
    published.pause_s = 0.05
    source = cached(key_set_url(published.url))
    waiting = asyncio.ensure_future(source.key(KNOWN))
    await asyncio.sleep(0.01)
    await source.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting


@pytest.mark.parametrize("url", ["http://issuer.example/jwks", "ftp://127.0.0.1/jwks", "/etc/passwd"])
def test_keys_that_could_be_anybodys_are_not_asked_for(url: str) -> None:
    with pytest.raises(KeySetError, match="come by https"):
        key_set_url(url)
