"""What a well-formed request is answered: its document found, its response remembered or computed."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from typing import Any

from strawberry.types.graphql import OperationType

from graphql_api.cache.key import KeyMaker
from graphql_api.cache.responses import ResponseCache, Served
from graphql_api.documents.store import Documents
from graphql_api.errors import OperationKindError
from graphql_api.executor import ANSWERED, Executor, Rendered
from graphql_api.operation import Asked, Operation
from graphql_api.recent import RecentOperations, warm_up
from graphql_api.snapshots import Snapshot, Snapshots

Awaiting = Callable[[Coroutine[Any, Any, Served]], Coroutine[Any, Any, Served]]
"""How a computation is waited for, such as only while the client is there."""


async def to_the_end(work: Coroutine[Any, Any, Served]) -> Served:
    """Wait for a computation, come what may."""
    return await work


class Answers:
    """Answers requests, by whatever way they come.

    Args:
        executor: runs operations.
        cache: keeps responses.
        keys: makes their keys.
        documents: finds the documents that requests name.
        snapshots: what is served.
        recent: told of what was answered.
    """

    def __init__(
        self,
        executor: Executor,
        cache: ResponseCache,
        keys: KeyMaker,
        documents: Documents,
        snapshots: Snapshots,
        recent: RecentOperations,
    ) -> None:
        self._snapshots = snapshots
        self._recent = recent
        self._executor = executor
        self._cache = cache
        self._keys = keys
        self._documents = documents

    async def answer(self, asked: Asked, request_id: str, awaiting: Awaiting = to_the_end) -> Served:
        """The response to a query.

        Raises:
            OperationKindError: it is no query.
            RequestError: it cannot be executed.
        """
        operation = asked.operation(await self._documents.find(asked))
        # one snapshot for the key and for the answer, whatever is published between the two
        snapshot = self._snapshots.current
        key = self._keys.key(operation, snapshot.version)
        served = self._cache.recall(key)
        if served is None:
            served = await awaiting(
                self._cache.serve(key, lambda: self._executor.run(operation, snapshot, request_id))
            )
        if served.status == ANSWERED:
            self._recent.note(operation)
        if served.status < 300:
            await self._documents.learn(asked)
        return served

    async def warm(self, snapshot: Snapshot) -> int:
        """Answer from a snapshot that is not served yet what was asked of late; how many answers are ready."""

        async def ask(operation: Operation) -> None:
            key = self._keys.key(operation, snapshot.version)
            await self._cache.serve(key, lambda: self._executor.run(operation, snapshot, "warm-up"))

        return await warm_up(self._recent, ask)

    async def subscribe(self, asked: Asked, request_id: str) -> AsyncGenerator[Rendered, None]:
        """The responses to a subscription, one for each event.

        Raises:
            RequestError: it cannot be executed.
        """
        operation = asked.operation(await self._documents.find(asked))
        async with aclosing(self._executor.subscribe(operation, request_id)) as results:
            async for result in results:
                yield result
                if result.status < 300:
                    await self._documents.learn(asked)

    async def results(self, asked: Asked, request_id: str) -> AsyncGenerator[Rendered, None]:
        """The one response to a query, or those to a subscription.

        Raises:
            RequestError: it cannot be executed.
        """
        try:
            served = await self.answer(asked, request_id)
        except OperationKindError as error:
            if error.kind is not OperationType.SUBSCRIPTION:
                raise
        else:
            yield Rendered(served.body, served.status, storable=False)
            return
        async with aclosing(self.subscribe(asked, request_id)) as results:
            async for result in results:
                yield result
