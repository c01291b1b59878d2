"""What is to know of a document to keep its answers: found out once, whatever the variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    parse,
    validate,
    value_from_ast_untyped,
)

from graphql_api.audit.accesses import Access, accesses_of, on_record
from graphql_api.auth.identity import Identity
from graphql_api.auth.permissions import Requirement, insist, requirements_of
from graphql_api.cache.key import Key, chained
from graphql_api.cache.policy import NOT_KEPT, Policy, policy_of
from graphql_api.cache.tags import Named, named_in, tags_of
from graphql_api.cache.walk import fields_of, operation_of
from graphql_api.operation import Operation

REMEMBERED = 1_000
"""Documents whose plans are kept."""


@dataclass(frozen=True)
class Plan:
    """How the answers to an operation of a document are kept.

    Args:
        digest: of schema, document and operation name.
        policy: how long, and by whom.
        declared: the names of its variables.
        defaults: the values of those that may be left out.
        named: where it names readers and books.
        is_mutation: whether it tells the server something; False where that is not sure.
        requirements: what must be allowed to who asks; None of an invalid document, of which nothing may come.
        recorded: those that may have to be on record, see `on_record`.
    """

    digest: bytes
    policy: Policy
    declared: frozenset[str]
    defaults: Mapping[str, Any]
    named: tuple[Named, ...]
    is_mutation: bool
    requirements: tuple[Requirement, ...] | None
    recorded: tuple[tuple[Requirement, bool], ...] = ()

    def insist(self, variables: Mapping[str, Any], identity: Identity) -> None:
        """Let a request pass that is allowed to who asks.

        Raises:
            UnauthenticatedError: it needs a token.
            ForbiddenError: its token does not reach so far.
        """
        if self.requirements:
            insist(self.requirements, self._with_defaults(variables), identity)

    def accesses(self, variables: Mapping[str, Any], identity: Identity) -> list[Access]:
        """What of a request must be on record."""
        return accesses_of(self.recorded, self._with_defaults(variables), identity) if self.recorded else []

    def key(self, operation: Operation, version: str, *, audience: str = "", experiment: str = "") -> Key:
        """The key of the answer to a request.

        Args:
            operation: of this plan's document.
            version: of the bundle that answers.
            audience: who asks; public answers are for all.
            experiment: what experiments make of the request.
        """
        for_whom = audience if self.policy.private else ""
        return (self.digest, self._canonical(operation), version, for_whom, experiment)

    def tags(self, variables: Mapping[str, Any]) -> frozenset[str]:
        """The readers and books that a request names."""
        return frozenset(tags_of(self.named, {**self.defaults, **variables}))

    def _with_defaults(self, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**self.defaults, **variables} if self.defaults else variables

    def _canonical(self, operation: Operation) -> bytes:
        """JSON of the variables: a default stands where it would be taken, and what nobody reads is left out."""
        given = operation.variables
        if given.keys() == self.declared:
            return operation.canonical_variables
        values = {name: given[name] for name in self.declared if name in given}
        return orjson.dumps({**self.defaults, **values}, option=orjson.OPT_SORT_KEYS)


class Plans:
    """Makes plans, and remembers them.

    Args:
        schema: with `@cacheControl`.
        sdl: its text, which tells it from other schemas.
        longest: seconds that nothing is kept longer than.
        max_tokens: of a document that is looked at; a longer one is refused in execution.
    """

    def __init__(self, schema: GraphQLSchema, sdl: str, *, longest: int, max_tokens: int) -> None:
        self._schema = schema
        self._sdl = sdl.encode()
        self._longest = longest
        self._max_tokens = max_tokens
        self._plans: dict[tuple[str, str | None], Plan] = {}

    def of(self, operation: Operation) -> Plan:
        """The plan of an operation's document."""
        name = (operation.document, operation.name)
        plan = self._plans.get(name)
        if plan is None:
            plan = self._plans[name] = self._make(operation)
            if len(self._plans) > REMEMBERED:
                del self._plans[next(iter(self._plans))]
        return plan

    def _make(self, operation: Operation) -> Plan:
        digest = chained(self._sdl, operation.document.encode(), (operation.name or "").encode())
        try:
            document = parse(operation.document, max_tokens=self._max_tokens)
        except (GraphQLError, RecursionError):
            return self._refused(digest)
        try:
            asked = operation_of(document, operation.name)
        except LookupError:
            return self._refused(digest)
        try:
            return self._valid(digest, document, asked)
        except (GraphQLError, LookupError, RecursionError):
            # of a mutation nothing may be executed unless it is sure that nothing will be
            is_mutation = asked.operation is OperationType.MUTATION and self._schema.mutation_type is not None
            return self._refused(digest, is_mutation=is_mutation and bool(validate(self._schema, document)))

    def _refused(self, digest: bytes, *, is_mutation: bool = False) -> Plan:
        """Of what is refused in execution; refusals are not kept."""
        return Plan(digest, NOT_KEPT, frozenset(), {}, (), is_mutation, None)

    def _valid(self, digest: bytes, document: DocumentNode, asked: OperationDefinitionNode) -> Plan:
        fields = list(fields_of(self._schema, document, asked))
        variables = asked.variable_definitions or ()
        defaults = {
            each.variable.name.value: value_from_ast_untyped(each.default_value)
            for each in variables
            if each.default_value is not None
        }
        is_query = asked.operation is OperationType.QUERY
        requirements = requirements_of(fields)
        return Plan(
            digest=digest,
            policy=policy_of(self._schema, fields, longest=self._longest) if is_query else NOT_KEPT,
            declared=frozenset(each.variable.name.value for each in variables),
            defaults={name: value for name, value in defaults.items() if _is_json(value)},
            named=named_in(fields),
            is_mutation=asked.operation is OperationType.MUTATION,
            requirements=requirements,
            recorded=on_record(requirements),
        )


def _is_json(value: Any) -> bool:
    """Whether a default is the same as JSON; infinity would be written as null, and be taken for it."""
    try:
        return bool(orjson.loads(orjson.dumps(value)) == value)
    except orjson.JSONEncodeError:
        return False
