"""L1: bounded in bytes and in time."""

from __future__ import annotations

from graphql_api.cache.memory import ENTRY_OVERHEAD, MemoryCache


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_least_recently_used_leaves_first() -> None:
    cache = MemoryCache(max_bytes=2 * (ENTRY_OVERHEAD + 10), ttl_s=60)
    cache.put("a", b"a" * 10)
    cache.put("b", b"b" * 10)
    assert cache.get("a") == b"a" * 10
    cache.put("c", b"c" * 10)
    assert [cache.get(key) for key in "abc"] == [b"a" * 10, None, b"c" * 10]
    assert cache.size == 2 * (ENTRY_OVERHEAD + 10)


def test_an_entry_lives_for_its_time() -> None:
    clock = Clock()
    cache = MemoryCache(max_bytes=10_000, ttl_s=60, clock=clock)
    cache.put("a", b"1")
    clock.now = 59.9
    assert cache.get("a") == b"1"
    clock.now = 60.0
    assert cache.get("a") is None
    assert (len(cache), cache.size) == (0, 0)


def test_a_key_put_again_is_counted_once() -> None:
    cache = MemoryCache(max_bytes=10_000, ttl_s=60)
    cache.put("a", b"1" * 100)
    cache.put("a", b"2" * 50)
    assert cache.get("a") == b"2" * 50
    assert cache.size == ENTRY_OVERHEAD + 50


def test_what_is_larger_than_the_cache_pushes_nothing_out() -> None:
    cache = MemoryCache(max_bytes=1_000, ttl_s=60)
    cache.put("a", b"1")
    cache.put("b", b"2" * 1_000)
    assert cache.get("a") == b"1"
    assert cache.get("b") is None


def test_a_cache_without_memory_keeps_nothing() -> None:
    cache = MemoryCache(max_bytes=0, ttl_s=60)
    cache.put("a", b"")
    assert cache.get("a") is None
