"""How large a document is once its fragments are written out.

Strawberry's limits of depth and aliases follow every spread of a fragment. A fragment that spreads another
twice, which spreads a third twice, and so on, keeps them busy for 2^n steps: a kilobyte stops a server. So
this limit comes before them, and counts each fragment once.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)
from strawberry.extensions import SchemaExtension


class MaxSelectionsLimiter(SchemaExtension):
    """Refuse a document that has more selections than allowed, before it is validated.

    Args:
        max_selections: how many, fragments written out wherever they are spread.
    """

    def __init__(self, max_selections: int) -> None:
        self.max_selections = max_selections

    def on_validate(self) -> Iterator[None]:
        """Strawberry's hook around validation."""
        document = self.execution_context.graphql_document
        if document is not None:
            operations = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
            fragments = {
                d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)
            }
            size = written_out_size(operations, fragments)
            if size > self.max_selections:
                message = f"the document has {size} selections with its fragments written out; "
                # validation is skipped where there are errors already
                self.execution_context.pre_execution_errors = [
                    GraphQLError(message + f"allowed are {self.max_selections}")
                ]
        yield


def written_out_size(
    operations: list[OperationDefinitionNode], fragments: dict[str, FragmentDefinitionNode]
) -> int:
    """The number of selections of all operations with every fragment in the place of its spreads.

    A fragment that spreads itself counts as empty there: validation refuses it.
    """
    open_fragments: set[str] = set()

    @cache
    def of_fragment(name: str) -> int:
        if name in open_fragments or name not in fragments:
            return 0
        open_fragments.add(name)
        size = of_selections(fragments[name].selection_set)
        open_fragments.discard(name)
        return size

    def of_selections(selected: SelectionSetNode | None) -> int:
        size = 0
        for selection in selected.selections if selected else ():
            if isinstance(selection, FragmentSpreadNode):
                size += 1 + of_fragment(selection.name.value)
            elif isinstance(selection, FieldNode | InlineFragmentNode):
                size += 1 + of_selections(selection.selection_set)
        return size

    return sum(of_selections(operation.selection_set) for operation in operations)
