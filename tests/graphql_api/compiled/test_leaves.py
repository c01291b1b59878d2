"""Columns of leaf values are completed as graphql-core completes each value."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from graphql import (
    GraphQLBoolean,
    GraphQLError,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLScalarType,
    GraphQLString,
)

from graphql_api.compiled.leaves import leaves


@pytest.mark.parametrize(
    ("kind", "column"),
    [
        (GraphQLString, ["a", 1, True, 2.5]),
        (GraphQLString, ["a", "b"]),
        (GraphQLID, ["a", 7]),
        (GraphQLInt, [1, -(2**31), 2**31 - 1]),
        (GraphQLInt, [1, True, 2.0]),
        (GraphQLFloat, [1.5, 2, True, np.float64(0.1)]),
        (GraphQLBoolean, [True, False, 1]),
        (GraphQLFloat, []),
    ],
)
def test_a_column_is_completed(kind: GraphQLScalarType, column: list[Any]) -> None:
    completed = leaves(kind)(column)
    expected = [kind.coerce_output_value(value) for value in column]
    assert completed == expected
    assert list(map(type, completed)) == list(map(type, expected))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (GraphQLInt, 2**31),
        (GraphQLInt, -(2**31) - 1),
        (GraphQLInt, 1.5),
        (GraphQLFloat, float("nan")),
        (GraphQLFloat, float("inf")),
        (GraphQLString, [1]),
    ],
)
def test_what_the_type_cannot_have_is_refused(kind: GraphQLScalarType, value: Any) -> None:
    good = kind.coerce_output_value(1)
    with pytest.raises(GraphQLError):
        leaves(kind)([good, value])
