"""GraphQL without a server: a document is executed in this process, on a bundle of the working tree."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson

from graphql_api.errors import RequestError, request_error
from graphql_api.executor import Executor
from graphql_api.notebook.view import as_html
from graphql_api.operation import parse_json, parse_request
from graphql_api.schema import build_schema
from graphql_api.settings import Settings
from graphql_api.wiring import open_snapshot, reader_names_of, server_of

BUNDLE = Path("data/bundle")
"""What `dvc repro` makes, before it is published."""

RECOMMENDATIONS = """\
query Recommendations($reader: ID!, $first: Int!) {
  bundle { version model }
  user(id: $reader) { historySize }
  recommendations(userId: $reader, first: $first) {
    nodes {
      rank score servedFrom
      book { bookId title authors year }
      reasons(first: 3) { kind amount text }
    }
  }
}
"""


@dataclass(frozen=True)
class Answered:
    """A response, which a notebook shows as books to look at.

    Args:
        json: the bytes that the server would send.
    """

    json: bytes

    @cached_property
    def response(self) -> dict[str, Any]:
        """The response: `data`, and `errors` where there are some."""
        read: dict[str, Any] = orjson.loads(self.json)
        return read

    @property
    def data(self) -> dict[str, Any]:
        """What was asked for; empty where nothing could be answered."""
        return self.response.get("data") or {}

    def _repr_html_(self) -> str:
        return as_html(self.response)

    def __repr__(self) -> str:
        return orjson.dumps(self.response, option=orjson.OPT_INDENT_2).decode()


class Workbench:
    """Asks a bundle what a server of it would be asked.

    Args:
        bundle: its directory, relative to the working directory.
        settings: the server's; those of the environment where None.

    Raises:
        ArtifactError: there is no such bundle, or it is damaged.
        ParameterError: a setting of the environment is wrong.
    """

    def __init__(self, bundle: Path = BUNDLE, *, settings: Settings | None = None) -> None:
        self._settings = settings if settings is not None else Settings.load()
        self._schema = build_schema(self._settings)
        self._names = reader_names_of(self._settings, self._schema)
        self._snapshot = open_snapshot(bundle, self._settings)
        self.recommender = self._snapshot.recommender

    def ask(self, document: str, variables: Mapping[str, Any] | None = None) -> Answered:
        """Execute a GraphQL document.

        Errors are in the answer, as a client gets them.
        """
        request = orjson.dumps({"query": document, "variables": dict(variables or {})})
        try:
            operation = parse_request(parse_json(request)).operation(document)
            if self._names is not None:
                operation = self._names.hidden(operation)
            # fresh each time: what an executor waits by belongs to one event loop
            executor = Executor(self._schema, server_of(self._settings, self._snapshot))
            return Answered(_finished(executor.run(operation, self._snapshot, "notebook")).body)
        except RequestError as error:
            return Answered(orjson.dumps({"errors": [request_error(error)]}))

    def recommend(self, user_id: str, *, first: int = 10) -> Answered:
        """The best books for a reader, with reasons."""
        return self.ask(RECOMMENDATIONS, {"reader": user_id, "first": first})


def _finished(work: Coroutine[Any, Any, Any]) -> Any:
    """The result of a coroutine, also where an event loop is running already, as in a notebook."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()
