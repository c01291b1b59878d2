"""The same questions to graphql-core, and to plans."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from graphql_api.auth.identity import UNRESTRICTED
from graphql_api.compiled.documents import CompiledDocuments
from graphql_api.executor import Executor, Rendered
from graphql_api.operation import Operation, parse_request
from graphql_api.pace import Pace
from graphql_api.schema import Schema, build_schema
from graphql_api.settings import Settings
from graphql_api.snapshots import Snapshot
from graphql_api.wiring import open_snapshot, server_of
from recs_core.artifacts.bundle import Bundle

LIMITS = ("max_depth", "max_tokens", "max_aliases", "max_directives", "max_selections")


class AtOnce(Pace):
    """Leaves nothing to threads: which of two errors comes first must not be a matter of time."""

    def is_short(self, name: str) -> bool:
        return True


@dataclass
class Pair:
    runner: asyncio.Runner
    schema: Schema
    snapshot: Snapshot
    documents: CompiledDocuments
    core: Executor
    compiled: Executor

    def ask(
        self, document: str, variables: dict[str, Any] | None = None, name: str | None = None
    ) -> tuple[Rendered, Rendered]:
        """Both answers to a document that both know: the first of core's makes it known."""
        operation = self._operation(document, variables, name)

        async def both() -> tuple[Rendered, Rendered]:
            expected = [await self.core.run(operation, self.snapshot, "id") for _ in range(2)][-1]
            return expected, await self.compiled.run(operation, self.snapshot, "id")

        return self.runner.run(both())

    def is_compiled(
        self, document: str, variables: dict[str, Any] | None = None, name: str | None = None
    ) -> bool:
        """Whether a plan answers a known document."""
        operation = self._operation(document, variables, name)
        context = self.compiled._context(operation, self.snapshot, "id", UNRESTRICTED)
        return self.runner.run(self.documents.answer(operation, context)) is not None

    def _operation(self, document: str, variables: dict[str, Any] | None, name: str | None) -> Operation:
        asked = {"query": document, "variables": variables or {}, "operationName": name}
        return parse_request(asked).operation(document)


@pytest.fixture(scope="module")
def pair(bundle: Bundle) -> Iterator[Pair]:
    # random documents are larger than a client's may be
    settings = Settings.load(api=dict.fromkeys(LIMITS, 10**9))
    schema, snapshot = build_schema(settings), open_snapshot(bundle.path, settings)
    with asyncio.Runner() as runner:

        async def made() -> Pair:
            server = replace(server_of(settings, snapshot), pace=AtOnce())
            documents = CompiledDocuments(schema)
            core, compiled = Executor(schema, server), Executor(schema, server, compiled=documents)
            return Pair(runner, schema, snapshot, documents, core, compiled)

        yield runner.run(made())
