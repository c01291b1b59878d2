"""The limits of a document, checked before it is validated: what is too large is not looked at any closer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from graphql import GraphQLError
from strawberry.extensions import SchemaExtension

from graphql_api.errors import BadUserInputError
from graphql_api.limits.measures import measure
from graphql_api.settings.api import ApiSettings


class DocumentLimiter(SchemaExtension):
    """Refuse a document that is larger than allowed, or variables with too long a list.

    Args:
        limits: `max_depth`, `max_aliases`, `max_directives`, `max_selections` and `max_ids` count.
    """

    def __init__(self, limits: ApiSettings) -> None:
        self._limits = limits

    def on_validate(self) -> Iterator[None]:
        """Strawberry's hook around validation."""
        execution = self.execution_context
        if execution.graphql_document is not None and not execution.pre_execution_errors:
            try:
                faults = [*self._faults()]
            except RecursionError:
                faults = [GraphQLError("the document is nested too deeply")]
            # validation is skipped where there are errors already
            execution.pre_execution_errors = faults or None
        yield

    def _faults(self) -> Iterator[GraphQLError]:
        execution, limits = self.execution_context, self._limits
        assert execution.graphql_document is not None  # noqa: S101 - parsed before it is validated
        size = measure(execution.graphql_document)
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
        for name, value in (execution.variables or {}).items():
            longest = _longest(value)
            if longest > limits.max_ids:
                yield _too_long(f"the variable {name}", longest, limits.max_ids)


def _too_long(where: str, n: int, limit: int) -> GraphQLError:
    message = f"a list in {where} must have at most {limit} items (got {n})"
    return GraphQLError(message, original_error=BadUserInputError(message))


def _longest(value: Any) -> int:
    """The length of the longest list in a variable's value."""
    if isinstance(value, list):
        return max([len(value), *map(_longest, value)])
    return max(map(_longest, value.values()), default=0) if isinstance(value, dict) else 0
