"""What happens on this server, told to all who listen for it: bounded queues, nobody waits for a slow one."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator
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
        with self.listening(*topics) as listener:
            while True:
                yield await listener.get()

    @contextmanager
    def listening(self, *topics: str) -> Iterator[Listener[T]]:
        """A listener of some topics from now on: for who looks at something first that they change."""
        listener = Listener(self._queues)
        listener.follow(topics)
        try:
            yield listener
        finally:
            listener.follow(())


class Listener(Generic[T]):
    """Hears the messages of some topics, which may be other ones as time goes by.

    Args:
        queues: those of all listeners, by topic.
    """

    def __init__(self, queues: dict[str, set[asyncio.Queue[T]]]) -> None:
        self._queues = queues
        self._queue: asyncio.Queue[T] = asyncio.Queue(WAITING)
        self._topics: frozenset[str] = frozenset()

    def follow(self, topics: Iterable[str]) -> None:
        """Hear these topics from now on, and no others; what was heard already stays."""
        wanted = frozenset(topics)
        for topic in wanted - self._topics:
            self._queues[topic].add(self._queue)
        for topic in self._topics - wanted:
            self._queues[topic].discard(self._queue)
            if not self._queues[topic]:
                del self._queues[topic]
        self._topics = wanted

    async def get(self) -> T:
        """The next message."""
        return await self._queue.get()

    def clear(self) -> None:
        """Forget what was heard: for who now looks at how things are."""
        while not self._queue.empty():
            self._queue.get_nowait()
