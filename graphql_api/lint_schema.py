"""`python -m graphql_api.lint_schema`: what the committed schema owes its readers, its clients and the cost limit."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from graphql import (
    DEFAULT_DEPRECATION_REASON,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    get_named_type,
    get_nullable_type,
    is_introspection_type,
    is_leaf_type,
    is_list_type,
    is_specified_directive,
    is_specified_scalar_type,
    value_from_ast_untyped,
)

from graphql_api.export_schema import COMMITTED

TYPE_NAME = re.compile(r"[A-Z][A-Za-z0-9]*")
FIELD_NAME = re.compile(r"[a-z][A-Za-z0-9]*")
VALUE_NAME = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")

PAGE_INFO = {
    "hasNextPage": "Boolean!",
    "hasPreviousPage": "Boolean!",
    "startCursor": "String",
    "endCursor": "String",
}

Composite = GraphQLObjectType | GraphQLInterfaceType


def lint(sdl: str) -> list[str]:
    """What is wrong with a schema, one line a fault, in the order of the SDL."""
    schema = build_schema(sdl)
    faults: list[str] = []
    for directive in schema.directives:
        if not is_specified_directive(directive):
            faults += _described(f"@{directive.name}", directive)
    for kind in schema.type_map.values():
        if not (is_introspection_type(kind) or is_specified_scalar_type(kind)):
            faults += _of_type(schema, kind)
    return faults


def _of_type(schema: GraphQLSchema, kind: GraphQLNamedType) -> Iterator[str]:
    yield from _described(kind.name, kind)
    yield from _named(kind.name, kind.name, TYPE_NAME)
    if isinstance(kind, GraphQLEnumType):
        for name, value in kind.values.items():
            yield from _part(f"{kind.name}.{name}", name, value, VALUE_NAME)
    elif isinstance(kind, GraphQLInputObjectType):
        for name, entry in kind.fields.items():
            yield from _part(f"{kind.name}.{name}", name, entry, FIELD_NAME)
    elif isinstance(kind, Composite):
        for name, field in kind.fields.items():
            yield from _part(f"{kind.name}.{name}", name, field, FIELD_NAME)
            for argument, found in field.args.items():
                yield from _part(f"{kind.name}.{name}({argument}:)", argument, found, FIELD_NAME)
            yield from _prices(f"{kind.name}.{name}", field)
            yield from _sizes(schema, kind, name)
        yield from _prices(kind.name, kind)
        yield from _relay(kind)


def _part(where: str, name: str, part: Any, pattern: re.Pattern[str]) -> Iterator[str]:
    yield from _described(where, part)
    yield from _named(where, name, pattern)
    if part.deprecation_reason in ("", DEFAULT_DEPRECATION_REASON):
        yield f"{where}: is deprecated without a reason that says what to use instead"


def _described(where: str, part: Any) -> Iterator[str]:
    description = (part.description or "").strip()
    if not description:
        yield f"{where}: has no description"
    elif not description.endswith("."):
        yield f"{where}: its description does not end with a full stop (got {description[-20:]!r})"


def _named(where: str, name: str, pattern: re.Pattern[str]) -> Iterator[str]:
    if not pattern.fullmatch(name):
        yield f"{where}: its name is not of the form {pattern.pattern}"


def _prices(where: str, part: Any) -> Iterator[str]:
    cost = _directive(part, "cost")
    if cost is not None and not str(cost.get("weight")).isdecimal():
        yield f"{where}: the weight of @cost must be a whole number (got {cost.get('weight')!r})"


def _sizes(schema: GraphQLSchema, owner: Composite, name: str) -> Iterator[str]:
    """Each list of objects has a length that can be told before it is made; lists of values are small and free."""
    field, where = owner.fields[name], f"{owner.name}.{name}"
    size = _directive(field, "listSize")
    if size is not None:
        yield from _size(where, field, size)
    elif _is_list(field) and not is_leaf_type(get_named_type(field.type)):
        holders = dict(_returning(schema, owner))
        if not holders:
            yield f"{where}: is a list without @listSize"
        for holder, returning in holders.items():
            above = _directive(returning, "listSize") or {}
            if name not in (above.get("sizedFields") or ()):
                yield f"{where}: is a list without @listSize, and {holder} does not name it in sizedFields"


def _size(where: str, field: GraphQLField, size: dict[str, Any]) -> Iterator[str]:
    slicing, sized = size.get("slicingArguments") or [], size.get("sizedFields") or []
    if not slicing and size.get("assumedSize") is None:
        yield f"{where}: @listSize needs slicingArguments or assumedSize"
    if sized and _is_list(field):
        yield f"{where}: @listSize has sizedFields, but the field is a list itself"
    if not sized and not _is_list(field):
        yield f"{where}: @listSize is on no list and names no sizedFields"
    inner = getattr(get_named_type(field.type), "fields", {})
    for missing in [name for name in slicing if name not in field.args]:
        yield f"{where}: @listSize names {missing}, which is no argument of the field"
    for missing in [name for name in sized if name not in inner or not _is_list(inner[name])]:
        yield f"{where}: @listSize names {missing}, which is no list of {get_named_type(field.type).name}"


def _returning(schema: GraphQLSchema, owner: Composite) -> Iterator[tuple[str, GraphQLField]]:
    """The fields that return a type or one of its interfaces."""
    names = {owner.name, *(interface.name for interface in owner.interfaces)}
    for kind in schema.type_map.values():
        if isinstance(kind, Composite) and not is_introspection_type(kind):
            for name, field in kind.fields.items():
                if get_named_type(field.type).name in names:
                    yield f"{kind.name}.{name}", field


def _relay(kind: Composite) -> Iterator[str]:
    """The rules of https://relay.dev/graphql/connections.htm and objectidentification.htm."""
    if kind.name == "Node":
        yield from _has(kind, {"id": "ID!"})
    if kind.name == "PageInfo":
        yield from _has(kind, PAGE_INFO)
    if kind.name.endswith("Connection"):
        yield from _has(kind, {"pageInfo": "PageInfo!"})
        edges = kind.fields.get("edges")
        edge = get_named_type(edges.type) if edges is not None and _is_list(edges) else None
        if isinstance(edge, GraphQLObjectType):
            yield from _has(edge, {"cursor": "String!", "node": None})
        else:
            yield f"{kind.name}: a connection must have edges, a list of objects"
    for name, field in kind.fields.items():
        pages = {"first", "after"} <= set(field.args) or {"last", "before"} <= set(field.args)
        is_event = kind.name == "Subscription"
        if get_named_type(field.type).name.endswith("Connection") and not (pages or is_event):
            yield f"{kind.name}.{name}: a connection is asked for with first and after, or with last and before"


def _has(kind: Composite, fields: Mapping[str, str | None]) -> Iterator[str]:
    for name, wanted in fields.items():
        found = kind.fields.get(name)
        if found is None or (wanted is not None and str(found.type) != wanted):
            yield f"{kind.name}: must have the field {name}{f': {wanted}' if wanted else ''}"


def _is_list(field: GraphQLField) -> bool:
    return is_list_type(get_nullable_type(field.type))


def _directive(part: Any, name: str) -> dict[str, Any] | None:
    """The arguments of a directive that a part carries, or None."""
    carried = part.ast_node.directives if part.ast_node else None
    for directive in carried or ():
        if directive.name.value == name:
            return {a.name.value: value_from_ast_untyped(a.value) for a in directive.arguments or ()}
    return None


def main(arguments: list[str] | None = None) -> int:
    """Print the faults of a schema, one a line; return 1 if there are any."""
    parser = argparse.ArgumentParser(prog="python -m graphql_api.lint_schema", description=__doc__)
    parser.add_argument(
        "schema", nargs="?", type=Path, default=COMMITTED, help="SDL (default: the committed)"
    )
    faults = lint(parser.parse_args(arguments).schema.read_text(encoding="utf-8"))
    sys.stdout.writelines(f"{fault}\n" for fault in faults)
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
