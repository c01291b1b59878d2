"""Columns of values without fields, as JSON has them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import isfinite
from typing import Any, TypeAlias

from graphql import GraphQLLeafType
from strawberry.schema.schema_converter import CustomGraphQLEnumType

Column: TypeAlias = list[Any]
"""A value of each object of a list, in their order."""

_INT32 = range(-(2**31), 2**31)


def leaves(kind: GraphQLLeafType) -> Callable[[Column], Column]:
    """A function that completes a column of a leaf type, without nulls, as graphql-core completes each of its values.

    It raises what graphql-core would raise for a value that the type cannot have.
    """
    complete = kind.coerce_output_value
    if isinstance(kind, CustomGraphQLEnumType):
        return _names(kind)
    is_ready = _READY.get(kind.name, _never)

    def completed(column: Column) -> Column:
        # nearly always there is nothing to do, and to see that takes less than to do nothing to each value
        if is_ready(column):
            return column
        return list(map(complete, column))

    return completed


def _names(kind: CustomGraphQLEnumType) -> Callable[[Column], Column]:
    # a member of an enumeration lives for ever, and to hash one runs Python code
    members: Iterable[Any] = kind.wrapped_cls
    names = {id(member): kind.coerce_output_value(member) for member in members}

    def named(column: Column) -> Column:
        try:
            return [names[id(value)] for value in column]
        except KeyError:
            return list(map(kind.coerce_output_value, column))

    return named


def _never(_: Column) -> bool:
    return False


def _are(kind: type) -> Callable[[Column], bool]:
    allowed = {kind}
    return lambda column: allowed.issuperset(map(type, column))


_floats, _ints = _are(float), _are(int)

_READY: dict[str, Callable[[Column], bool]] = {
    "String": _are(str),
    "ID": _are(str),
    "Boolean": _are(bool),
    "Float": lambda column: _floats(column) and all(map(isfinite, column)),
    "Int": lambda column: _ints(column) and all(map(_INT32.__contains__, column)),
}
