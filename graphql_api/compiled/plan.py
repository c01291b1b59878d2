"""From a selection of a valid document to functions that execute it, a column at a time.

Where graphql-core asks for each field of each object in turn, a plan asks for a field of all objects of a list, then
for the next field. What is the same for all of them is done once: arguments, types, the checks of values. Answers
without errors alone are made this way. Whatever goes wrong, graphql-core executes the document anew and says what.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import chain, islice
from types import NoneType
from typing import Any, TypeAlias

from graphql import (
    FieldNode,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLUnionType,
    is_list_type,
    is_non_null_type,
)
from graphql.execution.collect_fields import (
    FieldDetailsList,
    GroupedFieldSet,
    collect_fields,
    collect_subfields,
)
from graphql.execution.values import VariableValues
from strawberry.schema.schema_converter import GraphQLCoreConverter

from graphql_api.compiled.document import Document
from graphql_api.compiled.fields import FieldResolver, NotCoveredError, Run
from graphql_api.compiled.leaves import Column, leaves

TYPENAME = "__typename"

_LISTS = {list, tuple}

ColumnOf: TypeAlias = Callable[[list[Any], Run], Awaitable[Column]]
"""From objects to what the response has of one of their fields; or from a field's values to that."""


class ObjectPlan:
    """Executes what is selected of objects of one type.

    Args:
        columns: of its fields, by response name.
    """

    def __init__(self, columns: dict[str, ColumnOf]) -> None:
        self._names = tuple(columns)
        self._columns = tuple(columns.values())

    async def __call__(self, objects: list[Any], run: Run) -> Column:
        """What the response has of each object."""
        if not objects:
            return []
        columns = [await column(objects, run) for column in self._columns]
        names = self._names
        if not names:
            return [{} for _ in objects]
        return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]

    async def root(self, run: Run) -> dict[str, Any]:
        """The response's data, its fields computed side by side."""
        columns = await asyncio.gather(*(column([None], run) for column in self._columns))
        return {name: column[0] for name, column in zip(self._names, columns, strict=True)}


def plan_of(document: Document, variables: VariableValues, converter: GraphQLCoreConverter) -> ObjectPlan:
    """The plan of a document for the values of its deciding variables.

    Args:
        document: the document.
        variables: with all the values that decide.
        converter: of the Strawberry schema.

    Raises:
        NotCoveredError: the document asks for what is left to graphql-core, such as introspection.
    """
    root = document.schema.query_type
    if root is None:
        raise NotCoveredError("a schema without queries")
    collected = collect_fields(document.schema, document.fragments, variables, root, document.operation)
    return _Planner(document, variables, converter).object_plan(root, collected.grouped_field_set)


class _Planner:
    def __init__(
        self, document: Document, variables: VariableValues, converter: GraphQLCoreConverter
    ) -> None:
        self._document = document
        self._variables = variables
        self._converter = converter

    def object_plan(self, kind: GraphQLObjectType, selected: GroupedFieldSet) -> ObjectPlan:
        return ObjectPlan({name: self._column(kind, details) for name, details in selected.items()})

    def _column(self, kind: GraphQLObjectType, details: FieldDetailsList) -> ColumnOf:
        node = details[0].node
        if node.name.value == TYPENAME:
            return _constant(kind.name)
        definition = kind.fields.get(node.name.value)
        if definition is None or any(detail.defer_usage for detail in details):
            raise NotCoveredError(f"the field {node.name.value}")
        resolver, complete = self._resolver(definition, node), self._completed(definition.type, details)
        if resolver.is_async:

            async def awaited(objects: list[Any], run: Run) -> Column:
                return await complete(await resolver.awaited(objects, run), run)

            return awaited

        async def resolved(objects: list[Any], run: Run) -> Column:
            return await complete(resolver.values(objects, run), run)

        return resolved

    def _resolver(self, definition: GraphQLField, node: FieldNode) -> FieldResolver:
        converter = self._converter
        return FieldResolver(
            definition, node, config=converter.config, scalar_registry=converter.scalar_registry
        )

    def _completed(self, kind: GraphQLOutputType, details: FieldDetailsList) -> ColumnOf:
        if is_non_null_type(kind):
            return _refusing_nulls(self._not_null(kind.of_type, details))
        return _leaving_nulls(self._not_null(kind, details))

    def _not_null(self, kind: GraphQLOutputType, details: FieldDetailsList) -> ColumnOf:
        if is_list_type(kind):
            return _lists(self._completed(kind.of_type, details))
        if isinstance(kind, (GraphQLScalarType, GraphQLEnumType)):
            complete = leaves(kind)

            async def completed(column: Column, _: Run) -> Column:
                return complete(column)

            return completed
        if isinstance(kind, GraphQLObjectType):
            return self._subplan(kind, details)
        if isinstance(kind, (GraphQLInterfaceType, GraphQLUnionType)):
            possible = self._document.schema.get_possible_types(kind)
            return _by_type({_origin(each): self._subplan(each, details) for each in possible})
        raise NotCoveredError(f"the type {kind}")

    def _subplan(self, kind: GraphQLObjectType, details: FieldDetailsList) -> ObjectPlan:
        document = self._document
        collected = collect_subfields(
            document.schema, document.fragments, self._variables, document.operation, kind, details
        )
        return self.object_plan(kind, collected.grouped_field_set)


def _origin(kind: GraphQLObjectType) -> type:
    """The class whose instances are objects of a type."""
    origin: type = kind.extensions[GraphQLCoreConverter.DEFINITION_BACKREF].origin
    return origin


def _constant(value: str) -> ColumnOf:
    async def column(objects: list[Any], _: Run) -> Column:
        return [value] * len(objects)

    return column


def _has_null(values: list[Any]) -> bool:
    # by their types, for `None in values` would ask each object whether it equals None
    return NoneType in set(map(type, values))


def _refusing_nulls(complete: ColumnOf) -> ColumnOf:
    async def completed(values: list[Any], run: Run) -> Column:
        if _has_null(values):
            raise NotCoveredError("null where there must be none")
        return await complete(values, run)

    return completed


def _leaving_nulls(complete: ColumnOf) -> ColumnOf:
    async def completed(values: list[Any], run: Run) -> Column:
        if not _has_null(values):
            return await complete(values, run)
        there = iter(await complete([value for value in values if value is not None], run))
        return [None if value is None else next(there) for value in values]

    return completed


def _lists(complete: ColumnOf) -> ColumnOf:
    async def completed(values: list[Any], run: Run) -> Column:
        if not _LISTS.issuperset(map(type, values)):
            raise NotCoveredError("what is iterated over is no list")
        items = iter(await complete(list(chain.from_iterable(values)), run))
        return [list(islice(items, len(value))) for value in values]

    return completed


def _by_type(plans: dict[type, ObjectPlan]) -> ColumnOf:
    async def completed(values: list[Any], run: Run) -> Column:
        found: dict[type, Any] = {
            kind: iter(await plans[kind]([value for value in values if type(value) is kind], run))
            for kind in set(map(type, values))
        }
        return [next(found[type(value)]) for value in values]

    return completed
