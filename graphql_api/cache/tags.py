"""What an answer is about: the readers and books that a request names, as tags that it is invalidated by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import ValueNode, value_from_ast_untyped

from graphql_api.arguments import id_of
from graphql_api.cache.walk import Visited
from graphql_api.errors import BadUserInputError
from graphql_api.types.node import from_global_id

KINDS: Mapping[str, str] = {
    "userId": "user",
    "bookId": "book",
    "bookIds": "book",
    "dislikes": "book",
    "excludeBookIds": "book",
    "Query.user.id": "user",
    "Query.book.id": "book",
    "Query.books.ids": "book",
    "Query.node.id": "node",
    "Query.nodes.ids": "node",
}
"""What the ids in an argument, or in a field of an input, are of; a test sees to it that none is forgotten."""


@dataclass(frozen=True)
class Named:
    """A place of a document that names readers or books.

    Args:
        argument: a key of `KINDS`, or an input's name.
        value: what the document gives it.
    """

    argument: str
    value: ValueNode


def named_in(fields: Iterable[Visited]) -> tuple[Named, ...]:
    """The places of an operation that can name readers or books."""
    return tuple(
        Named(known_as(field, argument.name.value), argument.value)
        for field in fields
        for argument in field.node.arguments or ()
    )


def tags_of(named: Iterable[Named], variables: Mapping[str, Any]) -> Iterator[str]:
    """The tags that a request's own words give its answer.

    Args:
        named: the places of its document.
        variables: their values, defaults included.
    """
    for place in named:
        yield from _tags(place.argument, value_from_ast_untyped(place.value, dict(variables)))


def kind_of_ids(field: Visited, argument: str) -> str | None:
    """What the ids in a field's argument are of: `user`, `book`, or `node` for global ids; None: it has no ids."""
    return KINDS.get(known_as(field, argument))


def known_as(field: Visited, argument: str) -> str:
    """What a field's argument is called in `KINDS`, if its ids are of something there."""
    full = f"{field.owner}.{field.node.name.value}.{argument}"
    return full if full in KINDS else argument


def _tags(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _tags(key, inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _tags(name, inner)
    elif name in KINDS:
        given = id_of(value)
        if given is not None:
            yield from _tag(KINDS[name], given)


def _tag(kind: str, given: str) -> Iterator[str]:
    if kind != "node":
        yield f"{kind}:{given}"
        return
    try:
        type_name, store_id = from_global_id(given, "id")
    except BadUserInputError:
        # the answer is an error, which is not kept
        return
    yield f"{type_name.lower()}:{store_id}"
