"""Which of a document's operations is meant must be said.

Strawberry would take the first; the standard asks for an error, and so does common sense where a client that forgot
the name would get an answer to another question.
"""

from __future__ import annotations

from collections.abc import Iterator

from graphql import GraphQLError, OperationDefinitionNode
from strawberry.extensions import SchemaExtension

from graphql_api.context import Context


class OperationNameRequired(SchemaExtension):
    """Refuse a request that names none of several operations, before it is validated."""

    def on_validate(self) -> Iterator[None]:
        """Strawberry's hook around validation."""
        execution = self.execution_context
        document, context = execution.graphql_document, execution.context
        if document is not None and isinstance(context, Context) and context.operation_name is None:
            n = sum(isinstance(definition, OperationDefinitionNode) for definition in document.definitions)
            if n > 1:
                # validation is skipped where there are errors already
                execution.pre_execution_errors = [
                    GraphQLError(f"the document has {n} operations; operationName must say which to execute")
                ]
        yield
