"""The limits of a document, checked before it is validated: what is too large is not looked at any closer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from graphql import DocumentNode, GraphQLError
from strawberry.extensions import SchemaExtension

from graphql_api.errors import BadUserInputError
from graphql_api.limits.known import KnownDocuments
from graphql_api.limits.measures import measure
from graphql_api.settings.api import ApiSettings


class DocumentLimiter(SchemaExtension):
    """Refuse a document that is larger than allowed, or variables with too long a list.

    Args:
        limits: `max_depth`, `max_aliases`, `max_directives`, `max_selections` and `max_ids` count.
        known: documents that need not be measured again.
    """

    def __init__(self, limits: ApiSettings, known: KnownDocuments) -> None:
        self._limits = limits
        self._known = known

    def on_validate(self) -> Iterator[None]:
        """Strawberry's hook around validation."""
        execution = self.execution_context
        if execution.graphql_document is not None and not execution.pre_execution_errors:
            try:
                faults = [*self._faults(execution.graphql_document)]
            except RecursionError:
                faults = [GraphQLError("the document is nested too deeply")]
            # validation is skipped where there are errors already
            execution.pre_execution_errors = faults or None
        yield

    def _faults(self, document: DocumentNode) -> Iterator[GraphQLError]:
        execution = self.execution_context
        if execution.query is None or not self._known.is_known(document, execution.query):
            yield from self._too_large(document)
        yield from too_long_variables(execution.variables or {}, self._limits.max_ids)

    def _too_large(self, document: DocumentNode) -> Iterator[GraphQLError]:
        limits, size = self._limits, measure(document)
        for what, value, limit in (
            ("selections", size.selections, limits.max_selections),
            ("levels of selections", size.depth, limits.max_depth),
            ("aliases", size.aliases, limits.max_aliases),
            ("directives", size.directives, limits.max_directives),
        ):
            if value > limit:
                message = (
                    f"the document has {value} {what} with its fragments written out; allowed are {limit}"
                )
                yield GraphQLError(message)
        if size.longest_list > limits.max_ids:
            yield _too_long("an argument", size.longest_list, limits.max_ids)


def too_long_variables(variables: Mapping[str, Any], max_ids: int) -> Iterator[GraphQLError]:
    """An error for each variable with a longer list than allowed."""
    for name, value in variables.items():
        longest = _longest(value)
        if longest > max_ids:
            yield _too_long(f"the variable {name}", longest, max_ids)


def _too_long(where: str, n: int, limit: int) -> GraphQLError:
    message = f"a list in {where} must have at most {limit} items (got {n})"
    return GraphQLError(message, original_error=BadUserInputError(message))


def _longest(value: Any) -> int:
    """The length of the longest list in a variable's value."""
    if isinstance(value, list):
        return max([len(value), *map(_longest, value)])
    return max(map(_longest, value.values()), default=0) if isinstance(value, dict) else 0
