"""What a well-formed request is answered: its document found, its response remembered or computed."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from strawberry.types.graphql import OperationType

from graphql_api.cache.plan import Plan, Plans
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
        plans: say how they are kept.
        documents: finds the documents that requests name.
        snapshots: what is served.
        recent: told of what was answered.
    """

    def __init__(
        self,
        executor: Executor,
        cache: ResponseCache,
        plans: Plans,
        documents: Documents,
        snapshots: Snapshots,
        recent: RecentOperations,
    ) -> None:
        self._snapshots = snapshots
        self._recent = recent
        self._executor = executor
        self._cache = cache
        self._plans = plans
        self._documents = documents

    def count(self, what: str) -> None:
        """Take note of something that the cache's report is to say."""
        self._cache.count(what)

    async def answer(self, asked: Asked, request_id: str, awaiting: Awaiting = to_the_end) -> Served:
        """The response to a query.

        Raises:
            OperationKindError: it is no query.
            RequestError: it cannot be executed.
        """
        operation = asked.operation(await self._documents.find(asked))
        # one snapshot for the key and for the answer, whatever is published between the two
        snapshot = self._snapshots.current
        plan = self._plans.of(operation)

        def compute() -> Coroutine[Any, Any, Rendered]:
            return self._compute(plan, operation, snapshot, request_id)

        if not plan.policy.max_age:
            served = await awaiting(self._cache.bypass(compute))
        else:
            key = plan.key(operation, snapshot.version)
            recalled = self._cache.recall(key, plan.policy, compute)
            served = recalled or await awaiting(self._cache.serve(key, plan.policy, compute))
            if served.status == ANSWERED:
                self._recent.note(operation)
        if served.status < 300:
            await self._documents.learn(asked)
        return served

    async def warm(self, snapshot: Snapshot) -> int:
        """Answer from a snapshot that is not served yet what was asked of late; how many answers are ready."""

        async def ask(operation: Operation) -> None:
            plan = self._plans.of(operation)
            key = plan.key(operation, snapshot.version)
            await self._cache.serve(
                key, plan.policy, lambda: self._compute(plan, operation, snapshot, "warm-up")
            )

        return await warm_up(self._recent, ask)

    async def _compute(
        self, plan: Plan, operation: Operation, snapshot: Snapshot, request_id: str
    ) -> Rendered:
        rendered = await self._executor.run(operation, snapshot, request_id)
        if not rendered.storable:
            return rendered
        tags = rendered.tags | plan.tags(operation.variables) | {f"bundle:{snapshot.version}"}
        return replace(rendered, tags=tags)

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
