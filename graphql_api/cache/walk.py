"""The fields that an operation asks for, each with what the schema says of it; no field is executed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
)


@dataclass(frozen=True)
class Visited:
    """A field that an operation asks for.

    Args:
        owner: the name of the type whose field it is.
        definition: the schema's.
        node: the document's.
        is_root: whether it is a field of the operation itself.
    """

    owner: str
    definition: GraphQLField
    node: FieldNode
    is_root: bool


def fields_of(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode
) -> Iterator[Visited]:
    """Every field of a document's operation, whatever its conditions; those of a fragment once.

    What the schema tells of itself is left out.

    Raises:
        LookupError: the document is not valid.
    """
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    root = schema.get_root_type(operation.operation)
    # each once, so a document that doubles itself through fragments takes no more than its length
    seen: set[str] = set()
    waiting: list[tuple[SelectionSetNode, GraphQLNamedType | None]] = [(operation.selection_set, root)]
    while waiting:
        selected, owner = waiting.pop()
        for selection in selected.selections:
            if isinstance(selection, FieldNode):
                name = selection.name.value
                if name.startswith("__"):
                    continue
                if not isinstance(owner, GraphQLObjectType | GraphQLInterfaceType):
                    raise LookupError(f"{name} is not a field of an object")
                definition = owner.fields[name]
                yield Visited(owner.name, definition, selection, is_root=owner is root)
                if selection.selection_set is not None:
                    waiting.append((selection.selection_set, get_named_type(definition.type)))
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                kind = owner if condition is None else schema.type_map[condition.name.value]
                waiting.append((selection.selection_set, kind))
            elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in seen:
                seen.add(selection.name.value)
                fragment = fragments[selection.name.value]
                kind = schema.type_map[fragment.type_condition.name.value]
                waiting.append((fragment.selection_set, kind))


def operation_of(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    """The operation of a name, or the only one.

    Raises:
        LookupError: there is none such, or a name is needed.
    """
    operations = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
    found = [o for o in operations if name is None or (o.name is not None and o.name.value == name)]
    if len(found) != 1:
        raise LookupError(f"{len(found)} operations are named {name!r}")
    return found[0]
