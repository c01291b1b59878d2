"""L1: responses in this process."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

ENTRY_OVERHEAD = 300
"""Bytes that an entry takes beside its body: key, tuple, float and a place in the dictionary, rounded up."""


class MemoryCache:
    """The least recently used leave first; what is older than its time is gone.

    Args:
        max_bytes: memory for bodies and bookkeeping.
        ttl_s: how long an entry lives.
        clock: seconds that only grow.
    """

    def __init__(self, *, max_bytes: int, ttl_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._max_bytes = max_bytes
        self._ttl_s = ttl_s
        self._clock = clock
        self._entries: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def size(self) -> int:
        """How many bytes the entries take."""
        return self._bytes

    def get(self, key: str) -> bytes | None:
        """The body under a key, or None."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        expires, body = entry
        if self._clock() >= expires:
            self._remove(key)
            return None
        self._entries.move_to_end(key)
        return body

    def put(self, key: str, body: bytes) -> None:
        """Keep a body, at the cost of others; one that is larger than the whole cache is not kept."""
        self._remove(key)
        size = len(body) + ENTRY_OVERHEAD
        if size > self._max_bytes:
            return
        while self._bytes + size > self._max_bytes:
            self._remove(next(iter(self._entries)))
        self._entries[key] = (self._clock() + self._ttl_s, body)
        self._bytes += size

    def _remove(self, key: str) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._bytes -= len(entry[1]) + ENTRY_OVERHEAD
