"""What happens on this server, told to all who listen for it: bounded queues, nobody waits for a slow one."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

T = TypeVar("T")

WAITING = 16
"""Messages that wait for a listener who is slow; more, and the oldest are dropped."""


class Broadcast(Generic[T]):
    """Hands each message to every listener of its topic there is at that moment. Of one event loop."""

    def __init__(self) -> None:
        self._queues: dict[str, set[asyncio.Queue[T]]] = defaultdict(set)

    def listeners(self, topic: str) -> int:
        """How many listen for a topic."""
        return len(self._queues.get(topic, ()))

    def send(self, topic: str, message: T) -> None:
        """Tell all listeners of a topic; never waits for any."""
        for queue in self._queues.get(topic, ()):
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(message)

    async def listen(self, *topics: str) -> AsyncIterator[T]:
        """The messages of some topics from now on, in their order."""
        with self.listening(*topics) as queue:
            while True:
                yield await queue.get()

    @contextmanager
    def listening(self, *topics: str) -> Iterator[asyncio.Queue[T]]:
        """A queue of the messages of some topics from now on: for who looks at something first that they change."""
        queue: asyncio.Queue[T] = asyncio.Queue(WAITING)
        for topic in topics:
            self._queues[topic].add(queue)
        try:
            yield queue
        finally:
            for topic in topics:
                self._queues[topic].discard(queue)
                if not self._queues[topic]:
                    del self._queues[topic]
