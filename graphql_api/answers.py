"""What a well-formed request is answered: its document found, its response remembered or computed."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from typing import Any

from strawberry.types.graphql import OperationType

from graphql_api.audit.accesses import Access
from graphql_api.audit.entry import Outcome
from graphql_api.audit.trail import BEGUN, AuditTrail
from graphql_api.auth.identity import UNRESTRICTED, Identity
from graphql_api.auth.refusals import UnauthenticatedError
from graphql_api.cache.plan import Plan, Plans
from graphql_api.cache.responses import ResponseCache, Served
from graphql_api.caller import Caller
from graphql_api.documents.store import Documents
from graphql_api.errors import OperationKindError, RefusedError, RequestError
from graphql_api.executor import ANSWERED, PARTLY_ANSWERED, Executor, Rendered
from graphql_api.operation import Asked, Operation
from graphql_api.rate.tariff import Tariff
from graphql_api.reader_names import ReaderNames
from graphql_api.recent import RecentOperations, warm_up
from graphql_api.snapshots import Snapshot, Snapshots
from recs_core.online.tombstones import ErasedReaders

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
        tariff: what is charged for answers.
        names: gives readers their pseudonyms; None where they are known by their ids.
        erased: who was erased.
        trail: where it is put on record who asked for another reader's data; None where nowhere.
    """

    def __init__(
        self,
        executor: Executor,
        cache: ResponseCache,
        plans: Plans,
        documents: Documents,
        snapshots: Snapshots,
        recent: RecentOperations,
        tariff: Tariff,
        *,
        erased: ErasedReaders,
        trail: AuditTrail | None,
        names: ReaderNames | None = None,
    ) -> None:
        self._erased = erased
        self._trail = trail
        self._names = names
        self._snapshots = snapshots
        self._recent = recent
        self._tariff = tariff
        self._executor = executor
        self._cache = cache
        self._plans = plans
        self._documents = documents

    def count(self, what: str) -> None:
        """Take note of something that the cache's report is to say."""
        self._cache.count(what)

    async def answer(
        self, asked: Asked, request_id: str, caller: Caller, awaiting: Awaiting = to_the_end
    ) -> Served:
        """The response to a query or a mutation.

        Raises:
            UnauthenticatedError: it is for those who say who they are.
            ForbiddenError: it is not for who asks.
            RateLimitedError: who asks has asked for too much.
            OperationKindError: it is a subscription, or a mutation where none may be.
            RequestError: it cannot be executed.
        """
        document = await self._document(asked, caller)
        operation = asked.operation(document)
        cost = self._executor.cost(operation) if self._tariff.charges else None
        # before anything is read or refused: that is work too
        if not self._tariff.is_paid(caller, cost):
            await self._tariff.charge(caller, cost)
        operation = self._hidden(operation)
        try:
            served = await self._answer(operation, request_id, caller, awaiting)
        finally:
            if cost is None:
                # also of what took too long, and of who did not wait for it
                self._settle(caller, operation)
        if served.status < 300 and operation.document == document:
            # another one names readers, and is not to be kept
            await self._documents.learn(asked)
        return served

    async def _document(self, asked: Asked, caller: Caller) -> str:
        try:
            return await self._documents.find(asked)
        except RequestError:
            # guessing what others have sent costs what asking does
            await self._tariff.charge(caller, None)
            raise

    def _hidden(self, operation: Operation) -> Operation:
        return operation if self._names is None else self._names.hidden(operation)

    def _settle(self, caller: Caller, operation: Operation) -> None:
        """Charge the rest for a document of which the cost was not known before, if it is now."""
        if self._tariff.charges:
            self._tariff.owe(caller, self._executor.cost(operation))

    async def _answer(
        self, operation: Operation, request_id: str, caller: Caller, awaiting: Awaiting
    ) -> Served:
        # one snapshot for the key and for the answer, whatever is published between the two
        snapshot = self._snapshots.current
        plan = self._plans.of(operation)
        accesses = await self._admitted(plan, operation, request_id, caller.identity)
        if self._trail is None or not accesses:
            return await self._serve(plan, operation, snapshot, request_id, caller, awaiting)
        note = partial(self._trail.note, accesses, caller.identity, request_id)
        if plan.is_mutation:
            # what is not on record is not done
            await note(Outcome.DONE, suffix=BEGUN)
        try:
            served = await self._serve(plan, operation, snapshot, request_id, caller, awaiting)
        except Exception as error:
            # of a subscription that was taken for a query nothing was asked yet
            if plan.is_mutation or not isinstance(error, OperationKindError):
                await note(Outcome.FAILED)
            raise
        # what is not on record does not leave the server
        answered = (ANSWERED,) if plan.is_mutation else (ANSWERED, PARTLY_ANSWERED)
        await note(Outcome.DONE if served.status in answered else Outcome.FAILED)
        return served

    async def _admitted(
        self, plan: Plan, operation: Operation, request_id: str, identity: Identity
    ) -> list[Access]:
        """Let a request pass that is allowed to who asks; what of it must be on record.

        Raises:
            UnauthenticatedError: it needs a token.
            ForbiddenError: its token does not reach so far.
        """
        accesses = [] if self._trail is None else plan.accesses(operation.variables, identity)
        try:
            plan.insist(operation.variables, identity)
        except RefusedError:
            # of somebody without a token there would be nothing to say
            if self._trail is not None and accesses and not identity.is_anonymous:
                await self._trail.note(accesses, identity, request_id, Outcome.DENIED)
            raise
        return accesses

    async def _serve(
        self,
        plan: Plan,
        operation: Operation,
        snapshot: Snapshot,
        request_id: str,
        caller: Caller,
        awaiting: Awaiting,
    ) -> Served:
        def compute() -> Coroutine[Any, Any, Rendered]:
            return self._compute(
                plan, operation, snapshot, request_id, caller.identity, may_write=caller.may_write
            )

        if plan.is_mutation:
            # what has begun is finished, whether or not its client waits for it
            return await self._cache.bypass(compute)
        if not plan.policy.max_age:
            return await awaiting(self._cache.bypass(compute))
        audience = caller.identity.audience
        key = plan.key(operation, snapshot.version, audience=audience)
        recalled = self._cache.recall(key, plan.policy, compute)
        served = recalled or await awaiting(self._cache.serve(key, plan.policy, compute))
        if served.status == ANSWERED:
            self._recent.note(operation, audience)
        return served

    async def warm(self, snapshot: Snapshot) -> int:
        """Answer from a snapshot that is not served yet what was asked of late; how many answers are ready."""

        async def ask(operation: Operation, audience: str) -> None:
            plan = self._plans.of(operation)
            key = plan.key(operation, snapshot.version, audience=audience)
            # it was allowed to who asked, and for nobody else the answer is kept
            await self._cache.serve(
                key, plan.policy, lambda: self._compute(plan, operation, snapshot, "warm-up", UNRESTRICTED)
            )

        self._recent.forget(self._is_of_erased)
        return await warm_up(self._recent, ask)

    def _is_of_erased(self, operation: Operation, audience: str) -> bool:
        tags = self._plans.of(operation).tags(operation.variables)
        return self._erased.covers(audience) or self._erased.covers_any(tags)

    async def _compute(
        self,
        plan: Plan,
        operation: Operation,
        snapshot: Snapshot,
        request_id: str,
        identity: Identity,
        *,
        may_write: bool = False,
    ) -> Rendered:
        may_write = may_write and plan.is_mutation
        # the store may have changed books since the request came: an answer that begins now counts as one of now
        snapshot = self._snapshots.latest(snapshot)
        rendered = await self._executor.run(operation, snapshot, request_id, identity, may_write=may_write)
        if plan.requirements is None and rendered.status in (ANSWERED, PARTLY_ANSWERED):
            # we took it for invalid, so nobody decided whether it is allowed
            raise RuntimeError("a document was answered of which it is not known what it needs")
        if not rendered.storable:
            return rendered
        named = plan.tags(operation.variables)
        about = rendered.tags | named | self._erased.tags(named)
        return replace(rendered, tags=about | {f"bundle:{snapshot.version}"})

    async def subscribe(
        self, asked: Asked, request_id: str, caller: Caller
    ) -> AsyncGenerator[Rendered, None]:
        """The responses to a subscription, one for each event; `answer` found that it is one, and charged it.

        Raises:
            UnauthenticatedError: it is for those who say who they are.
            ForbiddenError: it is not for who asks.
            RequestError: it cannot be executed.
        """
        document = await self._documents.find(asked)
        operation = self._hidden(asked.operation(document))
        plan, identity = self._plans.of(operation), caller.identity
        accesses = await self._admitted(plan, operation, request_id, identity)
        if self._trail is not None and accesses:
            await self._trail.note(accesses, identity, request_id, Outcome.DONE, suffix=BEGUN)
        cost = self._executor.cost(operation) if self._tariff.charges else None
        async with aclosing(self._executor.subscribe(operation, request_id, identity)) as results:
            async for result in results:
                if cost is None:
                    self._settle(caller, operation)
                    cost = 0
                if plan.requirements is None and result.status < 300:
                    raise RuntimeError("a subscription ran of which it is not known what it needs")
                if time.time() >= identity.expires:
                    raise UnauthenticatedError("the access token has ended; subscribe again with another")
                yield result
                if result.status < 300 and operation.document == document:
                    await self._documents.learn(asked)

    async def results(self, asked: Asked, request_id: str, caller: Caller) -> AsyncGenerator[Rendered, None]:
        """The one response to a query, or those to a subscription.

        Raises:
            UnauthenticatedError: it is for those who say who they are.
            ForbiddenError: it is not for who asks.
            RequestError: it cannot be executed.
        """
        try:
            served = await self.answer(asked, request_id, caller)
        except OperationKindError as error:
            if error.kind is not OperationType.SUBSCRIPTION:
                raise
        else:
            yield Rendered(served.body, served.status, storable=False)
            return
        async with aclosing(self.subscribe(asked, request_id, caller)) as results:
            async for result in results:
                yield result
