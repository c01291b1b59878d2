"""Random valid queries over any schema: nested, aliased, in fragments, with variables and conditions."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_required_argument,
    is_required_input_field,
)

LONGEST = 12

ANYTHING = {"Int": 3, "Float": 1.0, "Boolean": True, "String": "the", "ID": "x9"}


@dataclass
class RandomQuery:
    """Writes one query.

    Args:
        schema: what is asked.
        random: decides.
        ids: values of arguments by name.
        depth: levels of selections, at most.
        first: the least and the largest length of a list to ask for.
    """

    schema: GraphQLSchema
    random: Random
    ids: dict[str, list[str]]
    depth: int = 6
    first: tuple[int, int] = (1, LONGEST)
    variables: dict[str, Any] = field(default_factory=dict)
    declared: list[str] = field(default_factory=list)
    fragments: list[str] = field(default_factory=list)
    aliases: int = 0

    def document(self) -> str:
        assert self.schema.query_type is not None
        body = self._selections(self.schema.query_type, self.depth)
        declared = f"({', '.join(self.declared)})" if self.declared else ""
        return "\n".join([f"query Random{declared} {body}", *self.fragments])

    def _selections(self, kind: Any, depth: int) -> str:
        if is_abstract_type(kind):
            chosen = [t for t in self.schema.get_possible_types(kind) if self._chance(0.8)]
            parts = [f"... on {t.name} {self._selections(t, depth)}" for t in chosen]
            return f"{{ __typename {' '.join(parts)} }}"
        return "{ " + " ".join(["__typename", *self._fields(kind, depth)]) + " }"

    def _fields(self, kind: GraphQLObjectType, depth: int) -> list[str]:
        names = [name for name, f in kind.fields.items() if depth > 1 or is_leaf_type(get_named_type(f.type))]
        fields = []
        for name in self.random.sample(names, min(len(names), self.random.randint(1, 3))):
            written = self._field(kind, name, depth)
            how = self.random.random()
            if how < 0.1:
                written = f"... on {kind.name} {{ {written} }}"
            elif how < 0.2:
                self.fragments.append(f"fragment f{len(self.fragments)} on {kind.name} {{ {written} }}")
                written = " ".join([f"...f{len(self.fragments) - 1}"] * self.random.randint(1, 2))
            fields.append(written)
        return fields

    def _field(self, kind: GraphQLObjectType, name: str, depth: int) -> str:
        found = kind.fields[name]
        given = [self._argument(n, a) for n, a in found.args.items()]
        arguments = f"({', '.join(filter(None, given))})" if any(given) else ""
        returned = get_named_type(found.type)
        below = "" if is_leaf_type(returned) else " " + self._selections(returned, depth - 1)
        # an alias of its own, so that no two fields have to be merged
        self.aliases += 1
        return f"a{self.aliases}: {name}{arguments}{self._condition()}{below}"

    def _condition(self) -> str:
        if self._chance(0.85):
            return ""
        value = self._chance(0.5)
        written = self._variable("Boolean!", value) if self._chance(0.5) else str(value).lower()
        return f" @{self.random.choice(['skip', 'include'])}(if: {written})"

    def _argument(self, name: str, argument: GraphQLArgument) -> str:
        if not is_required_argument(argument) and self._chance(0.5):
            return ""
        value = self._value(name, argument.type)
        if value is None:
            return ""
        if self._chance(0.3) and not isinstance(value, _Written):
            return f"{name}: {self._variable(str(argument.type), value)}"
        return f"{name}: {_literal(value)}"

    def _value(self, name: str, kind: GraphQLInputType) -> Any:
        """A value, or None where an optional argument is of no use here."""
        if name == "first":
            return self.random.randint(*self.first)
        inner = get_nullable_type(kind)
        if is_list_type(inner):
            return [self._value(name, inner.of_type) for _ in range(self.random.randint(1, 4))]
        if name in self.ids:
            return self.random.choice(self.ids[name])
        if isinstance(inner, GraphQLEnumType):
            return _Written(self.random.choice(list(inner.values)))
        if isinstance(inner, GraphQLInputObjectType):
            needed = {n: f for n, f in inner.fields.items() if is_required_input_field(f)}
            parts = [f"{n}: {_literal(self._value(n, f.type))}" for n, f in needed.items()]
            return _Written(f"{{{', '.join(parts)}}}")
        return None if kind is inner else ANYTHING[str(inner)]

    def _variable(self, kind: str, value: Any) -> str:
        name = f"v{len(self.declared)}"
        if self._chance(0.3):
            self.declared.append(f"${name}: {kind} = {_literal(value)}")
        else:
            self.declared.append(f"${name}: {kind}")
            self.variables[name] = value
        return f"${name}"

    def _chance(self, share: float) -> bool:
        return self.random.random() < share


class _Written(str):
    """A value in GraphQL's own words."""


def _literal(value: Any) -> str:
    if isinstance(value, _Written):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    return f"[{', '.join(map(_literal, value))}]" if isinstance(value, list) else str(value)
