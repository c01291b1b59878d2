"""Where the document of a request comes from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Protocol

from graphql_api.cache.memory import MemoryCache
from graphql_api.cache.shared import SharedCache
from graphql_api.errors import (
    DocumentNotTrustedError,
    PersistedQueryNotFoundError,
    PersistedQueryNotSupportedError,
    RequestError,
)
from graphql_api.operation import Asked

TTL_S = 7 * 24 * 3_600
MEMORY_BYTES = 8 * 2**20


def digest_of(document: str) -> str:
    """The sha256 of a document's UTF-8, as hexadecimal digits."""
    return hashlib.sha256(document.encode()).hexdigest()


class Documents(Protocol):
    """Finds the documents that requests name."""

    async def find(self, asked: Asked) -> str:
        """The document that a request asks to be executed.

        Raises:
            RequestError: there is none, or it may not be executed.
        """
        ...

    async def learn(self, asked: Asked) -> None:
        """Take note of a request that was executed without a fault."""
        ...


class SentDocuments:
    """Every request carries its document; none is kept."""

    async def find(self, asked: Asked) -> str:
        """The document in the request.

        Raises:
            PersistedQueryNotSupportedError: there is none in it.
        """
        if asked.document is None:
            raise PersistedQueryNotSupportedError
        return asked.document

    async def learn(self, asked: Asked) -> None:
        """Nothing is kept."""


class AutomaticDocuments:
    """Apollo's automatic persisted queries: who sent a document with its hash may then send the hash alone.

    Kept are documents that were executed without a fault: in this process the most recently used, and in Redis,
    where all servers find them; without Redis a client sends a document once to each server.
    """

    def __init__(self) -> None:
        self._memory: MemoryCache[str, str] = MemoryCache(max_bytes=MEMORY_BYTES)
        self.shared: SharedCache | None = None
        """Redis, while there is one to talk to."""

    async def find(self, asked: Asked) -> str:
        """The document in the request, or the one that was sent before.

        Raises:
            PersistedQueryNotFoundError: it was not.
            RequestError: the hash in the request is not its document's.
        """
        if asked.document is not None:
            _check_digest(asked, asked.document)
            return asked.document
        digest = asked.document_id or ""
        document = self._memory.get(digest)
        if document is not None:
            return document
        body = await self.shared.get(digest) if self.shared is not None else None
        if body is None:
            raise PersistedQueryNotFoundError
        document = body.decode()
        self._memory.put(digest, document, len(body))
        return document

    async def learn(self, asked: Asked) -> None:
        """Keep the document of a request that has both the document and its hash."""
        if asked.document is None or asked.document_id is None or self._memory.get(asked.document_id):
            return
        body = asked.document.encode()
        self._memory.put(asked.document_id, asked.document, len(body))
        if self.shared is not None:
            await self.shared.put(asked.document_id, body)


class TrustedDocuments:
    """Only documents that the server was started with are executed.

    Args:
        documents: by sha256 and by the names that build tools gave them.
    """

    def __init__(self, documents: Mapping[str, str]) -> None:
        self._documents = documents

    async def find(self, asked: Asked) -> str:
        """The document that the request names, or that it carries if it is one of ours.

        Raises:
            DocumentNotTrustedError: it is not.
            RequestError: the hash in the request is not its document's.
        """
        document_id = asked.document_id
        if asked.document is not None:
            _check_digest(asked, asked.document)
            document_id = digest_of(asked.document)
        found = self._documents.get(document_id or "")
        if found is None:
            raise DocumentNotTrustedError("only the documents that the server was started with are executed")
        return found

    async def learn(self, asked: Asked) -> None:
        """What is trusted does not change."""


def _check_digest(asked: Asked, document: str) -> None:
    if asked.document_id is not None and asked.document_id != digest_of(document):
        raise RequestError("the hash in the request is not the sha256 of its document")
