"""From the JSON of a request to the operation that it asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from graphql_api.errors import RequestError

_SHA256 = re.compile("[0-9a-f]{64}")

MAX_DIGITS = 4_300
"""Of a number in a document; Python makes no number of more, for the time that it would take."""

_TOO_MANY_DIGITS = re.compile(f"[0-9]{{{MAX_DIGITS + 1}}}")


@dataclass(frozen=True)
class Operation:
    """What a client asks to be executed.

    Args:
        document: the GraphQL text.
        name: which of its operations; None where it has one.
        variables: their values.
        canonical_variables: JSON of the values that is equal for equal values.
    """

    document: str
    name: str | None
    variables: dict[str, Any]
    canonical_variables: bytes


@dataclass(frozen=True)
class Asked:
    """A well-formed request: a document or what names one, and what to do with it.

    Args:
        document: the GraphQL text, if it was sent.
        document_id: what names a document: a sha256 in hexadecimal digits, or a name that a build tool gave.
        name: which of its operations; None where it has one.
        variables: their values.
        canonical_variables: JSON of the values that is equal for equal values.
    """

    document: str | None
    document_id: str | None
    name: str | None
    variables: dict[str, Any]
    canonical_variables: bytes

    def operation(self, document: str) -> Operation:
        """What is to be executed, now that the document is known."""
        return Operation(document, self.name, self.variables, self.canonical_variables)


def parse_json(body: bytes | str, what: str = "the body") -> Any:
    """Read JSON.

    Raises:
        RequestError: it is none.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise RequestError(f"{what} is not JSON: {error}") from None


def parse_request(request: object) -> Asked:
    """Read the request of one operation.

    Args:
        request: JSON: `query` or `documentId` or `extensions.persistedQuery`, `operationName`, `variables`.

    Raises:
        RequestError: it is not of the shape that GraphQL over HTTP asks for.
    """
    if not isinstance(request, dict):
        raise RequestError(f"the body must be a JSON object (got {_kind(request)})")
    document_id = _document_id(request)
    document = request.get("query")
    named_only = document is None and document_id is not None
    if not named_only and (not isinstance(document, str) or not document.strip()):
        raise RequestError(f'"query" must be a string with a GraphQL document (got {_kind(document)})')
    if isinstance(document, str) and len(document) > MAX_DIGITS and _TOO_MANY_DIGITS.search(document):
        raise RequestError(f'"query" must have at most {MAX_DIGITS} digits in a row')
    name = _optional(request, "operationName", str, "a string")
    variables = _optional(request, "variables", dict, "an object") or {}
    try:
        canonical = orjson.dumps(variables, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:
        raise RequestError('"variables" are nested too deeply') from None
    # the standard has an empty name mean none
    return Asked(document, document_id, name or None, variables, canonical)


def _document_id(request: Mapping[str, Any]) -> str | None:
    """What names the document, by the key of the standard's appendix or by Apollo's extension."""
    given = _optional(request, "documentId", str, "a string")
    document_id = None if given is None else str(given).removeprefix("sha256:")
    if document_id == "":
        raise RequestError('"documentId" must not be empty')
    extensions = _optional(request, "extensions", dict, "an object") or {}
    persisted = extensions.get("persistedQuery")
    if persisted is None:
        return document_id
    if not isinstance(persisted, dict) or persisted.get("version") != 1:
        raise RequestError('"extensions.persistedQuery" must be an object with "version": 1')
    digest = persisted.get("sha256Hash")
    if not isinstance(digest, str) or not _SHA256.fullmatch(digest):
        raise RequestError('"extensions.persistedQuery.sha256Hash" must be 64 hexadecimal digits')
    if document_id not in (None, digest):
        raise RequestError('"documentId" and "extensions.persistedQuery" name two documents')
    return digest


def _optional(request: Mapping[str, Any], key: str, kind: type, described: str) -> Any:
    value = request.get(key)
    if value is not None and not isinstance(value, kind):
        raise RequestError(f'"{key}" must be {described} or null (got {_kind(value)})')
    return value


def _kind(value: object) -> str:
    if isinstance(value, str):
        return "a string" if value.strip() else "a blank string"
    names = {dict: "an object", list: "an array", type(None): "nothing", bool: "a boolean"}
    return names.get(type(value), "a number")
