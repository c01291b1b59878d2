"""How long an operation's answer may be kept, and by whom: told from document and schema alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from graphql import (
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
)

from graphql_api.cache.control import CacheControl, CacheScope
from graphql_api.cache.walk import Visited
from graphql_api.limits.prices import directive_of


@dataclass(frozen=True, slots=True)
class Policy:
    """What may be done with an answer.

    Args:
        max_age: how many seconds it may be kept; 0: not at all.
        private: whether it is for who asked alone.
    """

    max_age: int
    private: bool


NOT_KEPT = Policy(0, private=True)


def policy_of(schema: GraphQLSchema, fields: Iterable[Visited], *, longest: int) -> Policy:
    """The policy of an operation: of each part the least.

    Args:
        schema: with `@cacheControl`.
        fields: all that the operation asks for.
        longest: seconds that nothing is kept longer than.
    """
    max_age, private = longest, False
    for field in fields:
        found = _of_field(schema, field)
        private = private or found.private
        if found.max_age is not None:
            max_age = min(max_age, found.max_age)
    return Policy(max_age, private)


@dataclass(frozen=True)
class _Hint:
    """What is said of one field; no `max_age` where it goes with its object."""

    max_age: int | None
    private: bool


def _of_field(schema: GraphQLSchema, field: Visited) -> _Hint:
    returned = get_named_type(field.definition.type)
    own = directive_of(field.definition, CacheControl)
    types: list[GraphQLObjectType] = []
    if is_abstract_type(returned):
        types = list(schema.get_possible_types(returned))
    elif isinstance(returned, GraphQLObjectType):
        types = [returned]
    of_types = [directive_of(kind, CacheControl) for kind in types]
    private = any(hint is not None and hint.scope is CacheScope.PRIVATE for hint in (own, *of_types))
    if own is not None and isinstance(own.max_age, int):
        return _Hint(own.max_age, private)
    if not field.is_root and own is not None and own.inherit_max_age is True:
        return _Hint(None, private)
    if is_leaf_type(returned):
        return _Hint(0 if field.is_root else None, private)
    ages = [_age(hint, is_root=field.is_root) for hint in of_types]
    return _Hint(min((age for age in ages if age is not None), default=None), private)


def _age(hint: CacheControl | None, *, is_root: bool) -> int | None:
    """What a returned type says; None: it goes with the object that the field is of."""
    if hint is not None and isinstance(hint.max_age, int):
        return hint.max_age
    if not is_root and hint is not None and hint.inherit_max_age is True:
        return None
    return 0
