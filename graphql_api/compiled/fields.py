"""How a field is resolved for a list of objects: its attribute, or its resolver with arguments made once for all."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, cast

from graphql import FieldNode, GraphQLField, VariableNode, visit
from graphql.execution.values import VariableValues, get_argument_values
from graphql.language import Visitor
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField

from graphql_api.compiled.leaves import Column
from graphql_api.context import Context


class NotCoveredError(Exception):
    """A document or a value is left to graphql-core."""


@dataclass(frozen=True, slots=True)
class CompiledInfo:
    """What resolvers are given of the execution: of Strawberry's `Info` the part that they use."""

    context: Context


@dataclass(frozen=True, slots=True)
class Run:
    """One execution of a compiled document."""

    info: CompiledInfo
    variables: VariableValues


class FieldResolver:
    """Resolves one selected field.

    Args:
        definition: of the field in the schema.
        node: as it is selected, the first of those with one response name.
        strawberry: `config` and `scalar_registry` of the schema, by which arguments are converted.

    Raises:
        NotCoveredError: the field does what only Strawberry knows how to do.
    """

    def __init__(self, definition: GraphQLField, node: FieldNode, **strawberry: Any) -> None:
        field = definition.extensions.get("strawberry-definition")
        if not isinstance(field, StrawberryField) or field.extensions:
            raise NotCoveredError(f"the field {node.name.value}")
        self._definition = definition
        self._node = node
        self._strawberry = strawberry
        self._field = field
        self._info_name: str | None = None
        self._call: Callable[..., Any] = attrgetter(field.python_name)
        self._of_source = True
        self.is_async = False
        if field.base_resolver is not None:
            resolver = field.base_resolver
            if resolver.parent_parameter or resolver.root_parameter:
                raise NotCoveredError(f"the resolver of {node.name.value}")
            self._call = cast("Callable[..., Any]", resolver.wrapped_func)
            self._of_source = resolver.self_parameter is not None
            self._info_name = resolver.info_parameter.name if resolver.info_parameter else None
            self.is_async = inspect.iscoroutinefunction(self._call)
        no_variables = VariableValues({}, {})
        self._constant = None if _has_variables(node) else self._arguments(no_variables)

    def values(self, objects: list[Any], run: Run) -> Column:
        """The field's value for each object, of a field that need not be waited for."""
        arguments = self._given(run)
        if not self._of_source:
            return [self._call(**arguments) for _ in objects]
        if not arguments:
            return list(map(self._call, objects))
        return [self._call(each, **arguments) for each in objects]

    async def awaited(self, objects: list[Any], run: Run) -> Column:
        """The field's value for each object, one after the other: the first computes what all of them share."""
        arguments = self._given(run)
        if not self._of_source:
            return [await self._call(**arguments) for _ in objects]
        return [await self._call(each, **arguments) for each in objects]

    def _given(self, run: Run) -> dict[str, Any]:
        arguments = self._constant if self._constant is not None else self._arguments(run.variables)
        return arguments if self._info_name is None else {**arguments, self._info_name: run.info}

    def _arguments(self, variables: VariableValues) -> dict[str, Any]:
        if not self._field.arguments:
            return {}
        values = get_argument_values(self._definition, self._node, variables)
        return convert_arguments(values, self._field.arguments, **self._strawberry)


class _FindsVariables(Visitor):
    found = False

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        self.found = True


def _has_variables(node: FieldNode) -> bool:
    finder = _FindsVariables()
    for argument in node.arguments or ():
        visit(argument, finder)
    return finder.found
