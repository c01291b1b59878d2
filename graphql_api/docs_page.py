"""The reference of the API as a Markdown page, made of the schema: `docs/api.md`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from graphql import (
    GraphQLArgument,
    GraphQLDirective,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLType,
    GraphQLUnionType,
    NullValueNode,
    get_named_type,
    is_introspection_type,
    is_specified_directive,
    is_specified_scalar_type,
    print_ast,
)

from graphql_api import errors
from graphql_api.errors import PublicError
from graphql_api.limits import cost_limit

MODULES = frozenset({errors.__name__, cost_limit.__name__})
"""Where the errors are declared that the API answers with."""

OF_GRAPHQL = (
    ("GRAPHQL_PARSE_FAILED", "The document is not GraphQL."),
    ("GRAPHQL_VALIDATION_FAILED", "The document does not fit the schema, or is larger than allowed."),
    ("INTERNAL_SERVER_ERROR", "A fault of the server; `extensions.requestId` is in its log."),
)

HEAD = """\
# The GraphQL API

<!-- made by `python -m graphql_api.export_docs` from the schema; edit the descriptions there -->

POST a document to `/graphql`:

```
curl http://127.0.0.1:8000/graphql -H 'Content-Type: application/json' \\
  -d '{"query": "query($id: ID!) { recommendations(userId: $id, first: 3) { nodes { rank score book { title } } } }",
       "variables": {"id": "276847"}}'
```

How to ask in detail (media types, status codes, GET, persisted documents, batches, subscriptions):
[protocol.md](protocol.md). Ready clients: [clients/](clients/README.md). What the server
allows at most is in [configuration.md](configuration.md).

**Ids.** Arguments take the store's own ids (`userId`, `bookId`). Every `id` field is a global id, for client
caches and `node(id)` alone.

**Pages.** A list is a connection: ask for `first`, then again with `after: pageInfo.endCursor` while
`pageInfo.hasNextPage`. All pages of a sequence come from the bundle that the first came from, whatever is published
meanwhile; once that bundle is gone, the error is `SNAPSHOT_EXPIRED`, and the list is to be begun anew.

**Cost.** Each answer says in `extensions.cost` what it cost, by the weights that the schema shows (`@cost`,
`@listSize`).
"""


def page(schema: GraphQLSchema) -> str:
    """The whole page."""
    return "\n".join(_page(schema)) + "\n"


def _page(schema: GraphQLSchema) -> Iterator[str]:
    yield HEAD
    for root in (schema.query_type, schema.mutation_type, schema.subscription_type):
        if root is not None:
            yield f"## {root.name}\n"
            yield f"{root.description}\n"
            for name, field in root.fields.items():
                yield from _root_field(name, field)
    roots = {schema.query_type, schema.mutation_type, schema.subscription_type}
    others = [
        kind
        for kind in sorted(schema.type_map.values(), key=lambda each: each.name)
        if not (is_introspection_type(kind) or is_specified_scalar_type(kind) or kind in roots)
    ]
    yield "## Types\n"
    for kind in others:
        yield from _type(kind)
    yield "## Directives\n"
    for directive in schema.directives:
        if not is_specified_directive(directive):
            yield from _directive(directive)
    yield from _errors()


def _root_field(name: str, field: GraphQLField) -> Iterator[str]:
    yield f"### {name}\n"
    yield f"{field.description}\n"
    yield f"Returns {_linked(field.type)}.\n"
    if field.args:
        yield "| argument | type | default | |"
        yield "|---|---|---|---|"
        yield from _arguments(field.args)
        yield ""


def _arguments(arguments: Mapping[str, GraphQLArgument | GraphQLInputField]) -> Iterator[str]:
    for name, argument in arguments.items():
        yield f"| `{name}` | {_linked(argument.type)} | {_default(argument)} | {_cell(argument.description)} |"


def _default(argument: GraphQLArgument | GraphQLInputField) -> str:
    written = argument.ast_node.default_value if argument.ast_node else None
    return "" if written is None or isinstance(written, NullValueNode) else f"`{print_ast(written)}`"


def _type(kind: GraphQLNamedType) -> Iterator[str]:
    yield f"### {kind.name}\n"
    yield f"{kind.description}\n"
    if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
        if kind.interfaces:
            yield f"Is a {_and(_link(interface.name) for interface in kind.interfaces)}.\n"
        yield "| field | type | |"
        yield "|---|---|---|"
        for name, field in kind.fields.items():
            given = f"({', '.join(field.args)})" if field.args else ""
            yield f"| `{name}{given}` | {_linked(field.type)} | {_cell(field.description)} |"
        yield ""
    elif isinstance(kind, GraphQLInputObjectType):
        yield "| field | type | default | |"
        yield "|---|---|---|---|"
        yield from _arguments(kind.fields)
        yield ""
    elif isinstance(kind, GraphQLEnumType):
        yield "| value | |"
        yield "|---|---|"
        for name, value in kind.values.items():
            yield f"| `{name}` | {_cell(value.description)} |"
        yield ""
    elif isinstance(kind, GraphQLUnionType):
        yield f"One of {_and(_link(member.name) for member in kind.types)}.\n"


def _directive(directive: GraphQLDirective) -> Iterator[str]:
    yield f"### @{directive.name}\n"
    yield f"{directive.description or ''}\n"
    if directive.args:
        yield "| argument | type | default | |"
        yield "|---|---|---|---|"
        yield from _arguments(directive.args)
        yield ""


def _errors() -> Iterator[str]:
    yield "## Error codes\n"
    yield "`errors[].extensions.code` is one of:\n"
    yield "| code | |"
    yield "|---|---|"
    for code, meaning in sorted({*_codes(PublicError), *OF_GRAPHQL}):
        yield f"| `{code}` | {_cell(meaning)} |"


def _codes(base: type[PublicError]) -> set[tuple[str, str]]:
    """Each code with the first line of the class that declares it."""
    found = set()
    for kind in base.__subclasses__():
        if "code" in vars(kind) and kind.__module__ in MODULES:
            found.add((kind.code, (kind.__doc__ or "").strip().splitlines()[0]))
        found |= _codes(kind)
    return found


def _linked(kind: GraphQLType) -> str:
    """A type as it is written, with a link to what it is of."""
    written, named = str(kind), get_named_type(kind)
    if is_specified_scalar_type(named):
        return f"`{written}`"
    before, _, after = written.partition(named.name)
    return f"{_code(before)}{_link(named.name)}{_code(after)}"


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _link(name: str) -> str:
    return f"[`{name}`](#{name.lower()})"


def _and(parts: Iterable[str]) -> str:
    return ", ".join(parts)


def _cell(text: str | None) -> str:
    return " ".join((text or "").split()).replace("|", "\\|")
