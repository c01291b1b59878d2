"""What is kept in this process: the most recently used, up to a number of bytes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

ENTRY_OVERHEAD = 300
"""Bytes that an entry takes beside what it holds: tuple, number and a place in the dictionary, rounded up."""


class MemoryCache(Generic[K, V]):
    """The least recently used leave first.

    Args:
        max_bytes: memory for values and bookkeeping.
    """

    def __init__(self, *, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._entries: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def size(self) -> int:
        """How many bytes the entries take."""
        return self._bytes

    def get(self, key: K) -> V | None:
        """The value under a key, or None."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._entries.move_to_end(key)
        return entry[0]

    def put(self, key: K, value: V, size: int) -> None:
        """Keep a value of so many bytes, at the cost of others; what is larger than the whole cache is not kept."""
        self.remove(key)
        size += ENTRY_OVERHEAD
        if size > self._max_bytes:
            return
        while self._bytes + size > self._max_bytes:
            self.remove(next(iter(self._entries)))
        self._entries[key] = (value, size)
        self._bytes += size

    def remove(self, key: K) -> None:
        """Forget a key, where it is known."""
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._bytes -= entry[1]
