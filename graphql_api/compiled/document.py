"""What of a valid document is the same each time that it is executed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

from graphql import (
    DirectiveNode,
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    VariableNode,
    Visitor,
    visit,
)
from graphql.execution.collect_fields import FragmentDetails


@dataclass(frozen=True)
class Document:
    """A query, ready to be planned.

    Args:
        schema: that it is valid on.
        operation: what is executed.
        fragments: by name.
        deciding: names of the variables by which `@skip` and `@include` leave parts out: a plan is of their values.
    """

    schema: GraphQLSchema
    operation: OperationDefinitionNode
    fragments: dict[str, FragmentDetails]
    deciding: tuple[str, ...]

    @classmethod
    def of(cls, schema: GraphQLSchema, document: DocumentNode, operation_name: str | None) -> Self | None:
        """The query of that name; None where there is none, or none was named of several."""
        operations = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
        named = [o for o in operations if operation_name in (None, o.name and o.name.value)]
        if len(named) != 1 or named[0].operation is not OperationType.QUERY:
            return None
        decides = _Decides()
        visit(document, decides)
        fragments = {
            d.name.value: FragmentDetails(d)
            for d in document.definitions
            if isinstance(d, FragmentDefinitionNode)
        }
        return cls(schema, named[0], fragments, tuple(sorted(decides.names)))

    @property
    def name(self) -> str | None:
        """The operation's name."""
        return self.operation.name.value if self.operation.name else None


@dataclass
class _Decides(Visitor):
    names: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()

    def enter_directive(self, node: DirectiveNode, *_: object) -> None:
        values = [argument.value for argument in node.arguments or ()]
        self.names.update(value.name.value for value in values if isinstance(value, VariableNode))
