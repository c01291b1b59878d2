"""The prices that a schema says its fields have, ready for looking up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from graphql import (
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    Undefined,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_object_type,
)

from graphql_api.limits.directives import Cost, ListSize

D = TypeVar("D")


@dataclass(frozen=True)
class FieldPrice:
    """What is to know of a field.

    Args:
        weight: its cost beside what it returns.
        is_list: whether it returns a list.
        leaf: whether it returns values without fields, which are free.
        types: names of the object types that it may return.
        size: what the schema says of the length of its list.
        defaults: the values of arguments that are not given.
    """

    weight: int
    is_list: bool
    leaf: bool
    types: tuple[str, ...]
    size: ListSize | None
    defaults: Mapping[str, Any]


@dataclass(frozen=True)
class PriceList:
    """All prices of a schema.

    Args:
        fields: by the names of object type and field.
        objects: what an object costs, by the name of its type.
        possible: object types by the name of the type that a fragment is on.
        roots: the types of operations by their kind.
    """

    fields: Mapping[tuple[str, str], FieldPrice]
    objects: Mapping[str, int]
    possible: Mapping[str, frozenset[str]]
    roots: Mapping[str, str]

    @classmethod
    def of(cls, schema: GraphQLSchema) -> PriceList:
        """The prices that the directives of a Strawberry schema say."""
        objects = [t for t in schema.type_map.values() if is_object_type(t) and not t.name.startswith("__")]
        possible = {t.name: frozenset({t.name}) for t in objects}
        for kind in schema.type_map.values():
            if is_abstract_type(kind):
                possible[kind.name] = frozenset(t.name for t in schema.get_possible_types(kind))
        roots = {
            "query": schema.query_type,
            "mutation": schema.mutation_type,
            "subscription": schema.subscription_type,
        }
        return cls(
            fields={
                (owner.name, name): _price(field, possible)
                for owner in objects
                for name, field in owner.fields.items()
            },
            objects={t.name: _weight(t, default=1) for t in objects},
            possible=possible,
            roots={kind: root.name for kind, root in roots.items() if root is not None},
        )


def directive_of(part: Any, directive: type[D]) -> D | None:
    """The directive of a kind that a type or field of a Strawberry schema carries."""
    return next(iter(directives_of(part, directive)), None)


def directives_of(part: Any, directive: type[D]) -> list[D]:
    """The directives of a kind that may be repeated."""
    definition = part.extensions.get("strawberry-definition")
    carried = getattr(definition, "directives", None) or ()
    return [found for found in carried if isinstance(found, directive)]


def _weight(part: GraphQLField | GraphQLObjectType, *, default: int) -> int:
    cost = directive_of(part, Cost)
    return default if cost is None else int(cost.weight)


def _price(field: GraphQLField, possible: Mapping[str, frozenset[str]]) -> FieldPrice:
    returned = get_named_type(field.type)
    return FieldPrice(
        weight=_weight(field, default=0),
        is_list=is_list_type(get_nullable_type(field.type)),
        leaf=is_leaf_type(returned),
        types=() if is_leaf_type(returned) else tuple(sorted(possible[returned.name])),
        size=directive_of(field, ListSize),
        defaults={
            name: argument.default_value
            for name, argument in field.args.items()
            if argument.default_value is not Undefined
        },
    )
