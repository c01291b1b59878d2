"""What an operation costs, from its document and variables alone: an upper bound of the work, before any is done.

A field costs its weight, 0 unless `@cost` says more, and for each object that it can return the weight of its type,
1 unless `@cost` says otherwise, and what is selected of it. So an operation without weights costs the number of
objects in its largest response. Values without fields are free. A list has the length that `@listSize` says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    value_from_ast_untyped,
)

from graphql_api.errors import BadUserInputError
from graphql_api.limits.directives import ListSize
from graphql_api.limits.prices import FieldPrice, PriceList

Sizes = Mapping[str, int]
"""How long the lists directly within an object are, where the field that returned the object says so."""

NO_SIZES: Sizes = {}


@dataclass(frozen=True)
class Priced:
    """A cost, and what it hangs on.

    Args:
        cost: the cost.
        variables: names of the variables whose values it was computed from.
    """

    cost: int
    variables: frozenset[str]


def price(
    document: DocumentNode,
    operation_name: str | None,
    variables: Mapping[str, Any],
    prices: PriceList,
    *,
    max_list: int,
) -> Priced:
    """The cost of an operation of a valid document.

    Args:
        document: what a client sent.
        operation_name: which operation; None where there is one.
        variables: the values that the client sent, not coerced.
        prices: the schema's.
        max_list: the longest list that the server returns: what asks for a longer one is refused in execution.

    Raises:
        GraphQLError: there is no such operation, or a list needs one slicing argument and was given none, or several.
    """
    operations = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
    named = (o for o in operations if operation_name is None or _name(o) == operation_name)
    operation = next(named, None)
    if operation is None:
        raise GraphQLError(f"the document has no operation named {operation_name!r}")
    defaults = {
        definition.variable.name.value: value_from_ast_untyped(definition.default_value)
        for definition in operation.variable_definitions or ()
        if definition.default_value is not None
    }
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    pricing = _Pricing(prices, {**defaults, **variables}, fragments, max_list)
    root = prices.roots[operation.operation.value]
    return Priced(
        pricing.selections(operation.selection_set, root, NO_SIZES), frozenset(pricing.variables_read)
    )


def _name(operation: OperationDefinitionNode) -> str | None:
    return operation.name.value if operation.name else None


@dataclass
class _Pricing:
    prices: PriceList
    variables: Mapping[str, Any]
    fragments: Mapping[str, FragmentDefinitionNode]
    max_list: int
    variables_read: set[str] = field(default_factory=set)
    # a fragment costs the same wherever it is spread on one type with lists of one length
    _fragment_costs: dict[tuple[str, str, tuple[tuple[str, int], ...]], int] = field(default_factory=dict)

    def selections(self, selected: SelectionSetNode | None, owner: str, sizes: Sizes) -> int:
        """The cost of what is selected of one object of the type `owner`."""
        total = 0
        for selection in selected.selections if selected else ():
            if self._is_left_out(selection):
                continue
            if isinstance(selection, FieldNode):
                total += self._field(selection, owner, sizes)
            elif isinstance(selection, FragmentSpreadNode):
                total += self._fragment(selection.name.value, owner, sizes)
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                if condition is None or owner in self.prices.possible[condition.name.value]:
                    total += self.selections(selection.selection_set, owner, sizes)
        return total

    def _fragment(self, name: str, owner: str, sizes: Sizes) -> int:
        fragment = self.fragments[name]
        if owner not in self.prices.possible[fragment.type_condition.name.value]:
            return 0
        key = (name, owner, tuple(sorted(sizes.items())))
        if key not in self._fragment_costs:
            self._fragment_costs[key] = self.selections(fragment.selection_set, owner, sizes)
        return self._fragment_costs[key]

    def _field(self, node: FieldNode, owner: str, sizes: Sizes) -> int:
        name = node.name.value
        if name.startswith("__"):
            # what the schema tells of itself is a setting, not a price
            return 0
        found = self.prices.fields[owner, name]
        own_size = self._size(node, found, found.size) if found.size is not None else None
        inner = NO_SIZES
        items = 1
        if found.is_list:
            items = own_size if own_size is not None else sizes.get(name, self.max_list)
        elif own_size is not None and found.size is not None:
            inner = dict.fromkeys(found.size.sized_fields or (), own_size)
        if found.leaf:
            return found.weight
        # of an interface or union, the dearest of the types that it may turn out to be
        dearest = max(
            (
                self.prices.objects[kind] + self.selections(node.selection_set, kind, inner)
                for kind in found.types
            ),
            default=0,
        )
        return found.weight + items * dearest

    def _size(self, node: FieldNode, found: FieldPrice, size: ListSize) -> int:
        names = size.slicing_arguments or ()
        given = {argument.name.value: argument.value for argument in node.arguments or ()}
        present = [name for name in names if name in given or found.defaults.get(name) is not None]
        if names and size.requires_one and len(present) != 1:
            message = f"{node.name.value} needs exactly one of {', '.join(names)} (got {len(present)})"
            raise GraphQLError(message, [node], original_error=BadUserInputError(message))
        asked = [self._argument(given.get(name), found.defaults.get(name)) for name in present]
        lengths = [self._length(value) for value in asked if value is not None]
        return max(lengths) if lengths else self._assumed(size)

    def _assumed(self, size: ListSize) -> int:
        return size.assumed_size if isinstance(size.assumed_size, int) else self.max_list

    def _length(self, value: Any) -> int:
        """The length of a list that a slicing argument asks for; a value of a wrong type is refused in execution."""
        if isinstance(value, Sequence) and not isinstance(value, str):
            return min(len(value), self.max_list)
        return min(max(value, 0), self.max_list) if isinstance(value, int) else self.max_list

    def _argument(self, node: ValueNode | None, default: Any) -> Any:
        if node is None:
            return default
        if isinstance(node, VariableNode):
            return self._variable(node, default)
        return value_from_ast_untyped(node, dict(self.variables))

    def _variable(self, node: VariableNode, missing: Any) -> Any:
        self.variables_read.add(node.name.value)
        return self.variables.get(node.name.value, missing)

    def _is_left_out(self, selection: SelectionNode) -> bool:
        """Whether `@skip` or `@include` leaves a selection out; where nobody can tell yet it stays in."""
        for directive in selection.directives or ():
            leaves_out = {"skip": True, "include": False}.get(directive.name.value)
            for argument in directive.arguments or () if leaves_out is not None else ():
                if argument.name.value == "if" and self._argument(argument.value, None) is leaves_out:
                    return True
        return False
