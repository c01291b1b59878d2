"""What happens on this server, told to all who listen: one channel, bounded queues."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

T = TypeVar("T")

WAITING = 16
"""Messages that wait for a listener who is slow; more, and the oldest are dropped."""


class Broadcast(Generic[T]):
    """Hands each message to every listener there is at that moment. Of one event loop."""

    def __init__(self) -> None:
        self._queues: set[asyncio.Queue[T]] = set()

    @property
    def listeners(self) -> int:
        """How many listen."""
        return len(self._queues)

    def send(self, message: T) -> None:
        """Tell all listeners; never waits for any."""
        for queue in self._queues:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(message)

    async def listen(self) -> AsyncIterator[T]:
        """The messages from now on."""
        with self._queue() as queue:
            while True:
                yield await queue.get()

    @contextmanager
    def _queue(self) -> Iterator[asyncio.Queue[T]]:
        queue: asyncio.Queue[T] = asyncio.Queue(WAITING)
        self._queues.add(queue)
        try:
            yield queue
        finally:
            self._queues.discard(queue)
