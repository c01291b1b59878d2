"""Answers from compiled documents."""

from __future__ import annotations

import logging
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from graphql.execution.values import VariableValues, get_variable_values
from strawberry.extensions import DisableIntrospection, MaxTokensLimiter

from graphql_api.compiled.document import Document
from graphql_api.compiled.fields import CompiledInfo, NotCoveredError, Run
from graphql_api.compiled.plan import ObjectPlan, plan_of
from graphql_api.context import Context
from graphql_api.limits.cost_limit import CostLimiter
from graphql_api.limits.document import DocumentLimiter
from graphql_api.limits.known import KnownDocument
from graphql_api.limits.operation_name import OperationNameRequired
from graphql_api.operation import Operation
from graphql_api.schema import Schema

log = logging.getLogger(__name__)

KEPT = 1_000
"""Documents of which plans are kept."""

PLANS = 8
"""Plans of one document, for values of variables by which parts are left out."""

REPLACED = {
    KnownDocument,
    MaxTokensLimiter,
    OperationNameRequired,
    DocumentLimiter,
    DisableIntrospection,
    CostLimiter,
}
"""Extensions that need not see an operation of a known document: it passed them, or `Checks` does what they would."""

Response: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class _Compiled:
    document: Document | None
    plans: dict[tuple[object, ...], ObjectPlan | None] = field(default_factory=dict)


class CompiledDocuments:
    """Executes documents that came before, by plans that are made once.

    Args:
        schema: what can be asked; one without checks has no document compiled.

    Raises:
        ValueError: the schema has an extension that would not see compiled documents.
    """

    def __init__(self, schema: Schema) -> None:
        unseen = {type(extension) for extension in schema.get_extensions()} - REPLACED
        if schema.checks is not None and unseen:
            names = ", ".join(sorted(each.__name__ for each in unseen))
            raise ValueError(
                f"compiled documents would go past {names}: add it to REPLACED if that does no harm"
            )
        self._schema = schema
        self._compiled: OrderedDict[tuple[str, str | None], _Compiled] = OrderedDict()

    async def answer(self, operation: Operation, context: Context) -> Response | None:
        """The response to a query, the same that graphql-core would make.

        None is no answer: the document is new or not covered, or the response would have errors.
        """
        try:
            return await self._answer(operation, context)
        except Exception:
            # whatever it is, graphql-core finds it too, and says where
            log.debug("request %s is left to graphql-core", context.request_id, exc_info=True)
            return None

    async def _answer(self, operation: Operation, context: Context) -> Response | None:
        checks, compiled = self._schema.checks, self._compiled_of(operation)
        if checks is None or compiled is None or compiled.document is None:
            return None
        document = compiled.document
        cost = checks.cost_within_limits(
            document.schema, operation.document, document.name, operation.variables
        )
        variables = get_variable_values(
            document.schema, document.operation.variable_definitions or (), operation.variables, max_errors=1
        )
        if cost is None or isinstance(variables, list):
            return None
        plan = self._plan(compiled, document, variables)
        if plan is None:
            return None
        data = await plan.root(Run(CompiledInfo(context), variables))
        return {"data": data, "extensions": checks.pricer.extension(cost)}

    def _compiled_of(self, operation: Operation) -> _Compiled | None:
        key = (operation.document, operation.name)
        compiled = self._compiled.get(key)
        if compiled is not None:
            self._compiled.move_to_end(key)
            return compiled
        checks = self._schema.checks
        known = None if checks is None else checks.known.get(operation.document)
        if known is None:
            return None
        compiled = self._compiled[key] = _Compiled(Document.of(self._schema._schema, known, operation.name))
        if len(self._compiled) > KEPT:
            self._compiled.popitem(last=False)
        return compiled

    def _plan(self, compiled: _Compiled, document: Document, variables: VariableValues) -> ObjectPlan | None:
        values = tuple(variables.coerced.get(name) for name in document.deciding)
        if values not in compiled.plans:
            while len(compiled.plans) >= PLANS:
                del compiled.plans[next(iter(compiled.plans))]
            compiled.plans[values] = self._planned(document, variables)
        return compiled.plans[values]

    def _planned(self, document: Document, variables: VariableValues) -> ObjectPlan | None:
        try:
            return plan_of(document, variables, self._schema.schema_converter)
        except NotCoveredError as error:
            log.debug("a document is not compiled: %s", error)
            return None
