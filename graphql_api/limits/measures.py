"""How large a document is, in one walk.

A fragment that spreads another twice, which spreads a third twice, and so on, keeps whoever follows the spreads busy
for 2^n steps: a kilobyte stops a server. So each fragment is measured once, and that stands for all its spreads.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
)


class Measures(NamedTuple):
    """How large a document or a part of it is, with every fragment in the place of its spreads.

    Args:
        selections: fields, spreads and inline fragments.
        aliases: fields with an alias.
        directives: directives, also those that a field repeats.
        depth: levels of selections under fields; introspection does not count.
        longest_list: items of the longest list written as an argument's value.
    """

    selections: int = 0
    aliases: int = 0
    directives: int = 0
    depth: int = 0
    longest_list: int = 0

    def beside(self, other: Measures) -> Measures:
        """The measures of two parts of one level."""
        return Measures(
            self.selections + other.selections,
            self.aliases + other.aliases,
            self.directives + other.directives,
            max(self.depth, other.depth),
            max(self.longest_list, other.longest_list),
        )


NOTHING = Measures()


def measure(document: DocumentNode) -> Measures:
    """The measures of all operations of a document; a fragment that spreads itself counts as empty there."""
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    walk = _Walk(fragments)
    total = NOTHING
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            variables = definition.variable_definitions or ()
            noted = [*(definition.directives or ()), *(d for v in variables for d in v.directives or ())]
            total = total.beside(_of_directives(noted)).beside(walk.selections(definition.selection_set))
    return total


class _Walk:
    def __init__(self, fragments: dict[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments
        self._measured: dict[str, Measures] = {}

    def selections(self, selected: SelectionSetNode | None) -> Measures:
        if selected is None:
            return NOTHING
        total = Measures(selections=len(selected.selections))
        for selection in selected.selections:
            if selection.directives:
                total = total.beside(_of_directives(selection.directives))
            if isinstance(selection, FieldNode):
                # most fields are as plain as can be
                if selection.selection_set or selection.alias or selection.arguments:
                    total = total.beside(self._field(selection))
            elif isinstance(selection, FragmentSpreadNode):
                total = total.beside(self._fragment(selection.name.value))
            elif isinstance(selection, InlineFragmentNode):
                total = total.beside(self.selections(selection.selection_set))
        return total

    def _field(self, field: FieldNode) -> Measures:
        below = self.selections(field.selection_set)
        introspection = field.name.value.startswith("__")
        return Measures(
            below.selections,
            below.aliases + (field.alias is not None),
            below.directives,
            0 if introspection or field.selection_set is None else below.depth + 1,
            max([below.longest_list, *(_longest(argument.value) for argument in field.arguments or ())]),
        )

    def _fragment(self, name: str) -> Measures:
        if name not in self._measured:
            # while it is walked, and where there is none: validation refuses both
            self._measured[name] = NOTHING
            if name in self._fragments:
                fragment = self._fragments[name]
                noted = _of_directives(fragment.directives or ())
                self._measured[name] = noted.beside(self.selections(fragment.selection_set))
        return self._measured[name]


def _of_directives(directives: Sequence[DirectiveNode]) -> Measures:
    longest = max((_longest(a.value) for d in directives for a in d.arguments or ()), default=0)
    return Measures(directives=len(directives), longest_list=longest)


def _longest(value: ValueNode) -> int:
    return max((len(found.values) for found in _lists(value)), default=0)


def _lists(value: ValueNode) -> Iterator[ListValueNode]:
    if isinstance(value, ListValueNode):
        yield value
        for item in value.values:
            yield from _lists(item)
    elif isinstance(value, ObjectValueNode):
        for field in value.fields:
            yield from _lists(field.value)
