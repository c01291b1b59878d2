"""Runs operations on the schema and renders what comes of them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
from anyio import CapacityLimiter
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType

from graphql_api.context import Context
from graphql_api.errors import RequestError, present
from graphql_api.loaders.books import book_loader
from graphql_api.operation import Operation
from graphql_api.schema import Schema
from recs_core.data.interactions import InteractionSet
from recs_core.serving.recommender import ServingRecommender

READERS = 100
"""Readers to try the API with; more than a page would show."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A response's body, and whether another client may get the same."""

    body: bytes
    storable: bool


class Executor:
    """Executes queries with fresh loaders each time.

    Args:
        schema: the schema.
        recommender: answers from the bundle.
        max_first: the longest list that may be asked for.
    """

    def __init__(self, schema: Schema, recommender: ServingRecommender, *, max_first: int) -> None:
        self._schema = schema
        self._recommender = recommender
        self._max_first = max_first
        self._readers = middling_readers(recommender.bundle.history, READERS)
        # ranking is numpy from end to end: more threads than cores would only take turns
        self._threads = CapacityLimiter(os.cpu_count() or 1)

    async def run(self, operation: Operation, request_id: str) -> Rendered:
        """Execute an operation.

        Raises:
            RequestError: the document has no such operation, or it is not a query.
        """
        context = Context(
            request_id=request_id,
            operation_name=operation.name,
            recommender=self._recommender,
            readers=self._readers,
            max_first=self._max_first,
            books=book_loader(self._recommender.bundle.catalogue),
            threads=self._threads,
        )
        try:
            result = await self._schema.execute(
                operation.document,
                variable_values=operation.variables,
                operation_name=operation.name,
                context_value=context,
                # answers are cached and shared between clients, which only a query's may be
                allowed_operation_types=(OperationType.QUERY,),
            )
        except CannotGetOperationTypeError as error:
            raise RequestError(error.as_http_error_reason()) from None
        except InvalidOperationTypeError as error:
            raise RequestError(f"only queries are served (got a {error.operation_type.value})") from None
        refused = isinstance(result, PreExecutionError)
        response: dict[str, Any] = {} if refused else {"data": result.data}
        if result.errors:
            response["errors"] = [present(e, request_id, before_execution=refused) for e in result.errors]
        if result.extensions:
            response["extensions"] = result.extensions
        return Rendered(orjson.dumps(response), storable=not result.errors)


def middling_readers(history: InteractionSet, n: int) -> tuple[str, ...]:
    """The ids of n readers whose histories are nearest to the median length; of equals the first."""
    lengths = np.diff(history.matrix.indptr)
    if not lengths.size:
        return ()
    order = np.argsort(np.abs(lengths - np.median(lengths)), kind="stable")
    return tuple(history.users.ids(order[:n].astype(np.int32)).tolist())
