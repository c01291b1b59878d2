"""Word of a publication comes at once where Redis is, and afterwards where it was away."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

from recs_core.online.current import announce, listen
from recs_core.online.redis_server import EmbeddedRedis


class Heard(list[str]):
    async def until(self, version: str) -> None:
        async with asyncio.timeout(10):
            while version not in self:
                await asyncio.sleep(0.01)


def test_a_listener_hears_the_last_word_and_each_new_one() -> None:
    async def scenario(url: str) -> list[str]:
        heard = Heard()
        assert announce(url, "before")
        listening = asyncio.create_task(listen(url, heard.append))
        await heard.until("before")
        assert await asyncio.to_thread(announce, url, "now")
        await heard.until("now")
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening
        return heard

    with EmbeddedRedis(max_memory_bytes=2**24) as server:
        assert asyncio.run(scenario(server.url)) == ["before", "now"]


def test_without_redis_nobody_is_told_and_nothing_fails(tmp_path: Path) -> None:
    assert not announce(f"unix://{tmp_path / 'nobody.sock'}", "version")


def test_a_listener_outlives_redis(tmp_path: Path) -> None:
    async def scenario() -> None:
        heard = Heard()
        with EmbeddedRedis(max_memory_bytes=2**24) as first:
            socket = Path(first.url.removeprefix("unix://"))
            # one name for whichever Redis is there
            name = tmp_path / "redis.sock"
            name.symlink_to(socket)
            listening = asyncio.create_task(listen(f"unix://{name}", heard.append))
            announce(first.url, "one")
            await heard.until("one")
        name.unlink()
        with EmbeddedRedis(max_memory_bytes=2**24) as second:
            announce(second.url, "two")
            name.symlink_to(second.url.removeprefix("unix://"))
            await heard.until("two")
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening

    asyncio.run(scenario())
