"""Documents that passed everything that can be checked without variables, ready to be executed again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator

from graphql import DocumentNode
from strawberry.extensions import SchemaExtension

REMEMBERED = 1_000
"""Documents that are kept. A document has a limited number of tokens, so this bounds the memory."""


class KnownDocuments:
    """Valid documents by their text; those that nobody sent for longest are forgotten.

    Args:
        most: how many are kept.
    """

    def __init__(self, most: int = REMEMBERED) -> None:
        self._most = most
        self._documents: OrderedDict[str, DocumentNode] = OrderedDict()

    def get(self, text: str) -> DocumentNode | None:
        """The document of a text; None where it is not known to be valid."""
        document = self._documents.get(text)
        if document is not None:
            self._documents.move_to_end(text)
        return document

    def is_known(self, document: DocumentNode, text: str) -> bool:
        """Whether a document is the one that was remembered, and not another of the same text."""
        return self._documents.get(text) is document

    def remember(self, text: str, document: DocumentNode) -> None:
        """Keep a document that is valid and within all limits."""
        self._documents[text] = document
        if len(self._documents) > self._most:
            self._documents.popitem(last=False)


class KnownDocument(SchemaExtension):
    """Take a known document as it is instead of parsing its text again.

    Args:
        known: the memory, one for all requests.
    """

    def __init__(self, known: KnownDocuments) -> None:
        self._known = known

    def on_parse(self) -> Iterator[None]:
        """Strawberry's hook around parsing, which parses nothing where there is a document already."""
        execution = self.execution_context
        if execution.query is not None:
            execution.graphql_document = self._known.get(execution.query)
        yield
