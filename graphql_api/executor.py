"""Runs operations on the schema and renders what comes of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

import orjson
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.execution import ExecutionResult, PreExecutionError
from strawberry.types.graphql import OperationType

from graphql_api.auth.identity import UNRESTRICTED, Identity
from graphql_api.compiled.documents import CompiledDocuments
from graphql_api.context import Context, Server
from graphql_api.disclosure import Disclosure
from graphql_api.errors import (
    OperationKindError,
    OperationTimeoutError,
    UnknownOperationError,
    is_public,
    present,
)
from graphql_api.operation import Operation
from graphql_api.schema import Schema
from graphql_api.snapshots import Snapshot

ANSWERED, PARTLY_ANSWERED, NOT_VALID, BROKEN = 200, 294, 400, 500
"""Statuses under `application/graphql-response+json`; the standard asks for 294 where there are data and errors."""

READING = (OperationType.QUERY,)
WRITING = (OperationType.QUERY, OperationType.MUTATION)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A response's body, its status, and whether another client may get the same.

    Args:
        body: the JSON of a GraphQL response.
        status: under `application/graphql-response+json`.
        storable: it may be kept.
        tags: what it is about.
    """

    body: bytes
    status: int
    storable: bool
    tags: frozenset[str] = frozenset()


class Executor:
    """Executes operations with fresh loaders each time.

    Args:
        schema: the schema.
        server: what all operations share.
        timeout_ms: how long a query may take; None for as long as it likes.
        disclosure: what errors may tell of the schema.
        compiled: executes documents that came before; None leaves all of them to graphql-core.
    """

    def __init__(
        self,
        schema: Schema,
        server: Server,
        *,
        timeout_ms: int | None = None,
        disclosure: Disclosure | None = None,
        compiled: CompiledDocuments | None = None,
    ) -> None:
        self._schema = schema
        self._server = server
        self._timeout_ms = timeout_ms
        self._disclosure = disclosure or Disclosure()
        self._compiled = compiled

    def cost(self, operation: Operation) -> int | None:
        """What an operation costs, by its document and the variables that decide; None of a document that is new."""
        checks = self._schema.checks
        return None if checks is None else checks.cost(self._schema._schema, operation)

    async def run(
        self,
        operation: Operation,
        snapshot: Snapshot,
        request_id: str,
        identity: Identity = UNRESTRICTED,
        *,
        may_write: bool = False,
    ) -> Rendered:
        """Execute a query, or a mutation where it may be one, on one snapshot, for somebody who may ask it.

        Raises:
            UnknownOperationError: the document has no such operation.
            OperationKindError: it is of another kind.
            OperationTimeoutError: it took too long; what it was waiting for is cancelled.
        """
        timeout_s = None if self._timeout_ms is None else self._timeout_ms / 1_000
        context = self._context(operation, snapshot, request_id, identity)
        try:
            async with asyncio.timeout(timeout_s) as patience:
                response = await self._compiled.answer(operation, context) if self._compiled else None
                if response is not None:
                    return Rendered(orjson.dumps(response), ANSWERED, storable=True, tags=book_tags(context))
                result = await self._schema.execute(
                    operation.document,
                    variable_values=operation.variables,
                    operation_name=operation.name,
                    context_value=context,
                    allowed_operation_types=WRITING if may_write else READING,
                )
        except CannotGetOperationTypeError as error:
            raise UnknownOperationError(error.as_http_error_reason()) from None
        except InvalidOperationTypeError as error:
            raise OperationKindError(error.operation_type) from None
        except TimeoutError:
            if not patience.expired():
                raise
            raise OperationTimeoutError(f"the operation took more than {self._timeout_ms} ms") from None
        rendered = self._rendered(result, request_id, self._disclosure.redactor(operation.document))
        return replace(rendered, tags=book_tags(context)) if rendered.storable else rendered

    async def subscribe(
        self, operation: Operation, request_id: str, identity: Identity = UNRESTRICTED
    ) -> AsyncGenerator[Rendered, None]:
        """Execute a subscription: a response for each of its events; one that is refused has just that response."""
        redact = self._disclosure.redactor(operation.document)
        results = await self._schema.subscribe(
            operation.document,
            variable_values=operation.variables,
            operation_name=operation.name,
            context_value=self._context(operation, self._server.snapshots.current, request_id, identity),
        )
        async with aclosing(results):
            async for result in results:
                yield self._rendered(result, request_id, redact)

    def _context(
        self, operation: Operation, snapshot: Snapshot, request_id: str, identity: Identity
    ) -> Context:
        return Context(request_id, operation.name, self._server, snapshot, identity)

    def _rendered(self, result: ExecutionResult, request_id: str, redact: Callable[[str], str]) -> Rendered:
        errors = result.errors or []
        before_execution = isinstance(result, PreExecutionError)
        # a field's error has its path: one without, such as a variable's, came before any field was executed
        refused = before_execution or (result.data is None and any(error.path is None for error in errors))
        response: dict[str, Any] = {} if refused else {"data": result.data}
        if errors:
            response["errors"] = [
                present(e, request_id, before_execution=before_execution, redact=redact) for e in errors
            ]
        if result.extensions:
            response["extensions"] = result.extensions
        if not refused:
            status = PARTLY_ANSWERED if errors else ANSWERED
        else:
            status = NOT_VALID if all(map(is_public, errors)) else BROKEN
        return Rendered(orjson.dumps(response), status, storable=not errors)


def book_tags(context: Context) -> frozenset[str]:
    """The tags of the books that an operation's answer is made of."""
    return frozenset(
        f"book:{book_id}"
        for snapshot, rows in context.books_read.items()
        for book_id in snapshot.recommender.bundle.books.array[list(rows)].tolist()
    )
