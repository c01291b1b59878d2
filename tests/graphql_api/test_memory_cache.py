"""L1: bounded in bytes."""

from __future__ import annotations

from graphql_api.cache.memory import ENTRY_OVERHEAD, MemoryCache


def test_the_least_recently_used_leaves_first() -> None:
    cache: MemoryCache[str, str] = MemoryCache(max_bytes=2 * (ENTRY_OVERHEAD + 10))
    cache.put("a", "1", 10)
    cache.put("b", "2", 10)
    assert cache.get("a") == "1"
    cache.put("c", "3", 10)
    assert [cache.get(key) for key in "abc"] == ["1", None, "3"]
    assert cache.size == 2 * (ENTRY_OVERHEAD + 10)


def test_a_key_put_again_is_counted_once() -> None:
    cache: MemoryCache[str, str] = MemoryCache(max_bytes=10_000)
    cache.put("a", "1", 100)
    cache.put("a", "2", 50)
    assert cache.get("a") == "2"
    assert cache.size == ENTRY_OVERHEAD + 50


def test_what_is_removed_is_gone_with_its_bytes() -> None:
    cache: MemoryCache[str, str] = MemoryCache(max_bytes=10_000)
    cache.put("a", "1", 100)
    cache.remove("a")
    cache.remove("never there")
    assert cache.get("a") is None
    assert (len(cache), cache.size) == (0, 0)


def test_what_is_larger_than_the_cache_pushes_nothing_out() -> None:
    cache: MemoryCache[str, str] = MemoryCache(max_bytes=1_000)
    cache.put("a", "1", 1)
    cache.put("b", "2", 1_000)
    assert cache.get("a") == "1"
    assert cache.get("b") is None


def test_a_cache_without_memory_keeps_nothing() -> None:
    cache: MemoryCache[str, str] = MemoryCache(max_bytes=0)
    cache.put("a", "", 0)
    assert cache.get("a") is None
