"""The limit of cost: what is too dear is refused before it runs, and every answer says what it cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import orjson
from graphql import DocumentNode, GraphQLError, GraphQLSchema
from strawberry.extensions import SchemaExtension
from strawberry.schema.schema import validate_document

from graphql_api.errors import PublicError
from graphql_api.limits.cost import price
from graphql_api.limits.known import KnownDocuments
from graphql_api.limits.prices import PriceList

REMEMBERED = 1_000
"""Costs that are kept, and documents whose decisive variables are."""


Name = tuple[str, str | None]
"""A document's text, and which of its operations."""


class CostLimitExceededError(PublicError):
    """An operation costs more than allowed.

    Args:
        requested: its cost.
        limit: what is allowed.
    """

    code = "COST_LIMIT_EXCEEDED"

    def __init__(self, requested: int, limit: int) -> None:
        super().__init__(
            f"the operation costs {requested}; allowed are {limit}: ask for shorter lists or for less of each item"
        )
        self._cost = {"requested": requested, "limit": limit}

    @property
    def extensions(self) -> dict[str, Any]:
        """The code and the figures."""
        return super().extensions | {"cost": self._cost}


class Pricer:
    """Prices operations, and remembers what it priced.

    Args:
        max_cost: what an operation may cost.
        max_list: the longest list that the server returns.
    """

    def __init__(self, *, max_cost: int, max_list: int) -> None:
        self.max_cost = max_cost
        self._max_list = max_list
        self._prices: PriceList | None = None
        self._decisive: dict[Name, frozenset[str]] = {}
        self._costs: dict[tuple[Name, bytes], int] = {}

    def cost(
        self,
        schema: GraphQLSchema,
        document: DocumentNode,
        text: str,
        operation_name: str | None,
        variables: Mapping[str, Any],
    ) -> int:
        """The cost of an operation of a valid document, which its text names in the memory.

        Raises:
            GraphQLError: a list needs one slicing argument and was given none, or several.
        """
        operation = (text, operation_name)
        decisive = self._decisive.get(operation, frozenset())
        known = self._costs.get((operation, _values(variables, decisive)))
        if known is not None:
            return known
        if self._prices is None:
            self._prices = PriceList.of(schema)
        priced = price(document, operation_name, variables, self._prices, max_list=self._max_list)
        # a variable that leaves a part out hides the variables of that part
        decisive |= priced.variables
        _keep(self._decisive, operation, decisive)
        _keep(self._costs, (operation, _values(variables, decisive)), priced.cost)
        return priced.cost

    def extension(self, cost: int) -> dict[str, Any]:
        """What an answer says of its cost, in its extensions."""
        return {"cost": {"requested": cost, "limit": self.max_cost}}


K = TypeVar("K")
T = TypeVar("T")


def _values(variables: Mapping[str, Any], names: frozenset[str]) -> bytes:
    if not names:
        return b""
    values = {name: variables[name] for name in names if name in variables}
    return orjson.dumps(values, option=orjson.OPT_SORT_KEYS)


def _keep(memory: dict[K, T], key: K, value: T) -> None:
    memory[key] = value
    if len(memory) > REMEMBERED:
        del memory[next(iter(memory))]


class CostLimiter(SchemaExtension):
    """Price each operation that is valid, refuse it over the limit, and say its cost in `extensions.cost`.

    It comes after all extensions that look at the document before it is validated.

    Args:
        pricer: prices operations; one for all requests.
        known: documents that need not be validated again, to which it adds those that are valid.
    """

    def __init__(self, pricer: Pricer, known: KnownDocuments) -> None:
        self._pricer = pricer
        self._known = known
        self._cost: int | None = None

    def on_validate(self) -> Iterator[None]:
        """Strawberry's hook around validation; only a valid document can be priced, so it is validated here."""
        execution = self.execution_context
        document, text = execution.graphql_document, execution.query
        if document is not None and text is not None and execution.pre_execution_errors is None:
            execution.pre_execution_errors = self._invalid(document, text) or self._faults(document, text)
        yield

    def _invalid(self, document: DocumentNode, text: str) -> list[GraphQLError]:
        if self._known.is_known(document, text):
            return []
        execution = self.execution_context
        errors = validate_document(execution.schema._schema, document, execution.validation_rules)
        if not errors:
            self._known.remember(text, document)
        return errors

    def get_results(self) -> dict[str, Any]:
        """What goes into the response's extensions."""
        if self._cost is None:
            return {}
        return self._pricer.extension(self._cost)

    def _faults(self, document: DocumentNode, text: str) -> list[GraphQLError]:
        execution = self.execution_context
        try:
            self._cost = self._pricer.cost(
                execution.schema._schema,
                document,
                text,
                execution.operation_name,
                execution.variables or {},
            )
        except GraphQLError as error:
            return [error]
        if self._cost <= self._pricer.max_cost:
            return []
        refused = CostLimitExceededError(self._cost, self._pricer.max_cost)
        return [GraphQLError(str(refused), original_error=refused)]
