"""The edge where readers' ids become pseudonyms: once for each operation, before anything is done with it.

Behind it nobody knows an id of the store: permissions, keys and tags of kept answers, resolvers, events. What names
readers in an operation is what `graphql_api.cache.tags` finds in it, so that the two cannot disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from graphql import (
    GraphQLError,
    GraphQLSchema,
    IntValueNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    StringValueNode,
    ValueNode,
    VariableNode,
    parse,
    print_ast,
    visit,
)
from graphql.language import Visitor

from graphql_api.arguments import id_of, is_id
from graphql_api.cache.tags import KINDS, known_as
from graphql_api.cache.walk import Visited, fields_of, operation_of
from graphql_api.errors import BadUserInputError, RequestError
from graphql_api.operation import Operation
from graphql_api.types.node import from_global_id, global_id
from graphql_api.types.user import User
from recs_core.data.pseudonyms import Pseudonyms

REMEMBERED = 1_000
"""Documents of which it is remembered where they name readers."""

OF_READERS = frozenset({"user", "node"})
"""The kinds of ids that may be a reader's."""


@dataclass(frozen=True)
class _Places:
    """Where a document names readers.

    Args:
        document: the text, in which pseudonyms stand for the ids that were written out.
        variables: name of a variable to a key of `KINDS`, or the name of an input.
    """

    document: str
    variables: Mapping[str, str]


class ReaderNames:
    """Gives the readers that operations name their pseudonyms; who is named by a pseudonym already keeps it.

    Args:
        schema: what the documents are of.
        pseudonyms: with the key of the bundles that are served.
        max_tokens: of a document that is looked at; a longer one is refused in execution.
    """

    def __init__(self, schema: GraphQLSchema, pseudonyms: Pseudonyms, *, max_tokens: int) -> None:
        self._schema = schema
        self._pseudonyms = pseudonyms
        self._max_tokens = max_tokens
        self._places: dict[tuple[str, str | None], _Places] = {}

    def hidden(self, operation: Operation) -> Operation:
        """The operation with pseudonyms; one that is not valid stays as it is, and is refused in execution.

        Raises:
            RequestError: a variable names a reader, and something else besides.
        """
        name = (operation.document, operation.name)
        places = self._places.get(name)
        if places is None:
            places = self._places[name] = self._found(operation)
            if len(self._places) > REMEMBERED:
                del self._places[next(iter(self._places))]
        variables = {
            name: self._of_json(places.variables.get(name, ""), value)
            for name, value in operation.variables.items()
        }
        canonical = orjson.dumps(variables, option=orjson.OPT_SORT_KEYS)
        return Operation(places.document, operation.name, variables, canonical)

    def _found(self, operation: Operation) -> _Places:
        try:
            document = parse(operation.document, max_tokens=self._max_tokens)
            asked = operation_of(document, operation.name)
            found = _Found(self._of_id)
            variables: Mapping[str, str] = {}
            for each in document.definitions:
                # also what is not executed: it would be kept with the document
                if isinstance(each, OperationDefinitionNode):
                    given_to = found.look_at(each, fields_of(self._schema, document, each))
                    variables = given_to if each is asked else variables
        except (GraphQLError, LookupError, RecursionError):
            return _Places(operation.document, {})
        rewritten = print_ast(visit(document, found)) if found.others else operation.document
        return _Places(rewritten, variables)

    def _of_json(self, name: str, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._of_json(key, inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._of_json(name, inner) for inner in value]
        if KINDS.get(name) not in OF_READERS:
            return value
        given = id_of(value)
        return value if given is None else self._of_id(KINDS[name], given)

    def _of_id(self, kind: str, given: str) -> str:
        if kind == "user":
            # what is no id is refused as what it is
            return self._pseudonyms.settle(given) if is_id(given) else given
        try:
            type_name, store_id = from_global_id(given, "id")
        except BadUserInputError:
            return given
        return (
            global_id(type_name, self._pseudonyms.settle(store_id)) if type_name == User.__name__ else given
        )


class _Found(Visitor):
    """What names readers in a document; then puts other literals into it.

    Args:
        of_id: the other name of an id of a kind.
    """

    def __init__(self, of_id: Callable[[str, str], str]) -> None:
        super().__init__()
        self._of_id = of_id
        self.others: dict[int, StringValueNode] = {}
        """Identity of a literal to what is put for it."""

    def look_at(self, operation: OperationDefinitionNode, fields: Iterable[Visited]) -> dict[str, str]:
        """Look at an operation of the document.

        Returns:
            Name of a variable to what it is given to: a key of `KINDS`, or the name of an input.

        Raises:
            RequestError: a variable names a reader, and something else besides.
        """
        variables: dict[str, str] = {}
        for field in fields:
            for argument in field.node.arguments or ():
                self._look_at(known_as(field, argument.name.value), argument.value, variables)
        for definition in operation.variable_definitions or ():
            if definition.default_value is not None:
                given_to = variables.get(definition.variable.name.value, "")
                self._look_at(given_to, definition.default_value, variables)
        return variables

    def enter_string_value(self, node: StringValueNode, *_: Any) -> StringValueNode | None:
        """The other literal, where there is one."""
        return self.others.get(id(node))

    def enter_int_value(self, node: IntValueNode, *_: Any) -> StringValueNode | None:
        """As of a string: an id may be written as a number."""
        return self.others.get(id(node))

    def _look_at(self, name: str, value: ValueNode, variables: dict[str, str]) -> None:
        if isinstance(value, VariableNode):
            before = variables.setdefault(value.name.value, name)
            kinds = {KINDS.get(before), KINDS.get(name)}
            if len(kinds) > 1 and kinds & OF_READERS:
                raise RequestError(
                    f"the variable ${value.name.value} stands for a reader, and for something else: use two"
                )
        elif isinstance(value, ListValueNode):
            for each in value.values:
                self._look_at(name, each, variables)
        elif isinstance(value, ObjectValueNode):
            for field in value.fields:
                self._look_at(field.name.value, field.value, variables)
        elif isinstance(value, StringValueNode | IntValueNode) and KINDS.get(name) in OF_READERS:
            self.others[id(value)] = StringValueNode(value=self._of_id(KINDS[name], value.value))
