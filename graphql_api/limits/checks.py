"""What is checked each time that a known document is executed, where it is not Strawberry that executes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError, GraphQLSchema

from graphql_api.limits.cost_limit import Pricer
from graphql_api.limits.document import too_long_variables
from graphql_api.limits.known import KnownDocuments
from graphql_api.operation import Operation


@dataclass(frozen=True)
class Checks:
    """The limits that hang on variables; the others were checked when the document became known.

    Args:
        known: the documents that are known to be valid.
        pricer: prices operations.
        max_ids: the longest list in a variable.
    """

    known: KnownDocuments
    pricer: Pricer
    max_ids: int

    def cost(self, schema: GraphQLSchema, operation: Operation) -> int | None:
        """The cost of an operation that may run.

        None where its document is not known, or where it is refused: it costs too much, or a list has no one
        slicing argument.
        """
        document = self.known.get(operation.document)
        if document is None:
            return None
        try:
            cost = self.pricer.cost(schema, document, operation.document, operation.name, operation.variables)
        except GraphQLError:
            # which the answer says
            return None
        return cost if cost <= self.pricer.max_cost else None

    def cost_within_limits(
        self, schema: GraphQLSchema, text: str, operation_name: str | None, variables: Mapping[str, Any]
    ) -> int | None:
        """The cost of an operation of a known document; None where a limit forbids it or nobody knows the document.

        Raises:
            GraphQLError: a list needs one slicing argument and was given none, or several.
        """
        document = self.known.get(text)
        if document is None or any(too_long_variables(variables, self.max_ids)):
            return None
        cost = self.pricer.cost(schema, document, text, operation_name, variables)
        return cost if cost <= self.pricer.max_cost else None
