"""An erasure that takes longer than the request for it, one that fails, and a server that would know nobody."""

from __future__ import annotations

import asyncio
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from api_server import server_command, server_environment
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from graphql_api.auth.key_pairs import new_key
from graphql_api.privacy import erasing
from graphql_api.privacy.erasing import Erasing, Erasure
from graphql_api.privacy.errors import PrivacyUnavailableError
from graphql_api.snapshots import Snapshot, Snapshots
from recs_core.artifacts.bundle import Bundle
from recs_core.data.erased import DEVELOPMENT_KEY, ErasureDigests
from recs_core.data.pseudonyms import Pseudonyms
from recs_core.online.erasure import remove
from recs_core.online.redis_server import EmbeddedRedis
from recs_core.online.tombstones import ErasedReaders, entomb
from recs_core.serving.recommender import ServingRecommender

pytestmark = pytest.mark.anyio

KEY = new_key("EdDSA")


def erasing_with(erased: ErasedReaders) -> Erasing:
    return Erasing(erased, Pseudonyms(DEVELOPMENT_KEY), lambda: KEY)


@pytest.fixture
def snapshots(bundle: Bundle) -> Snapshots:
    return Snapshots(Snapshot.of(ServingRecommender(bundle)), kept=1, ttl_s=1)


async def test_who_asks_again_is_given_the_receipt_of_what_went_on_meanwhile(
    redis_server: EmbeddedRedis, snapshots: Snapshots, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_go_on = asyncio.Event()
    calls = 0

    async def slowly(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        await may_go_on.wait()
        return await remove(*arguments, **named)

    monkeypatch.setattr(erasing, "remove", slowly)
    desk = erasing_with(ErasedReaders(ErasureDigests(DEVELOPMENT_KEY)))
    async with Redis.from_url(redis_server.url) as redis:

        async def ask(request_id: str) -> Erasure:
            return await desk.erase("u001", redis, snapshots, request_id)

        first = asyncio.create_task(ask("first"))
        while not calls:
            await asyncio.sleep(0.001)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        second = asyncio.create_task(ask("second"))
        await asyncio.sleep(0)
        may_go_on.set()
        assert (await second).request_id == "first"
        assert calls == 1
        # another erasure is another one
        assert (await ask("third")).request_id == "third"
        assert calls == 2


async def test_one_that_fails_is_begun_anew(
    redis_server: EmbeddedRedis, snapshots: Snapshots, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: Any, **__: Any) -> None:
        raise RedisConnectionError("gone")

    desk = erasing_with(ErasedReaders(ErasureDigests(DEVELOPMENT_KEY)))
    async with Redis.from_url(redis_server.url) as redis:
        with monkeypatch.context() as patched:
            patched.setattr(erasing, "remove", fail)
            with pytest.raises(PrivacyUnavailableError, match="ask again"):
                await desk.erase("u001", redis, snapshots, "first")
        assert (await desk.erase("u001", redis, snapshots, "second")).request_id == "second"


async def test_a_server_with_another_key_refuses_to_erase_and_does_nothing(
    redis_server: EmbeddedRedis, snapshots: Snapshots
) -> None:
    async with Redis.from_url(redis_server.url) as redis:
        await entomb(redis, ErasureDigests(b"k" * 32), "somebody")
        erased = ErasedReaders(ErasureDigests(DEVELOPMENT_KEY))
        with pytest.raises(
            PrivacyUnavailableError, match="nothing was done: BOOKVERSE_PSEUDONYM_KEY is another"
        ):
            await erasing_with(erased).erase("u001", redis, snapshots, "first")
        assert not erased.covers("u001")


async def test_a_server_that_would_know_nobody_who_was_erased_does_not_start(
    bundle: Bundle, redis_server: EmbeddedRedis, tmp_path: Path
) -> None:
    async with Redis.from_url(redis_server.url) as redis:
        await entomb(redis, ErasureDigests(b"k" * 32), "somebody")
    environment = server_environment(BOOKVERSE_REDIS_URL=redis_server.url)
    ended = subprocess.run(
        server_command("--port", "0", "--bundle", str(bundle.path)),
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode != 0
    assert "BOOKVERSE_PSEUDONYM_KEY is another" in ended.stderr
