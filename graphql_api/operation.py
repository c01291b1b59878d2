"""From the bytes of a request to the operation that it asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from graphql_api.errors import RequestError


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


def parse_operation(body: bytes) -> Operation:
    """Read the JSON body of a GraphQL request.

    Raises:
        RequestError: it is no JSON, or not of the shape that GraphQL over HTTP asks for.
    """
    try:
        request = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise RequestError(f"the body is not JSON: {error}") from None
    if not isinstance(request, dict):
        raise RequestError(f"the body must be a JSON object (got {_kind(request)})")
    document = request.get("query")
    if not isinstance(document, str) or not document.strip():
        raise RequestError(f'"query" must be a string with a GraphQL document (got {_kind(document)})')
    name = request.get("operationName")
    if name is not None and not isinstance(name, str):
        raise RequestError(f'"operationName" must be a string or null (got {_kind(name)})')
    variables = request.get("variables")
    if variables is not None and not isinstance(variables, dict):
        raise RequestError(f'"variables" must be an object or null (got {_kind(variables)})')
    try:
        canonical = orjson.dumps(variables or {}, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:
        raise RequestError('"variables" are nested too deeply') from None
    # the standard has an empty name mean none
    return Operation(document, name or None, variables or {}, canonical)


def _kind(value: object) -> str:
    names = {
        dict: "an object",
        list: "an array",
        str: "a blank string",
        type(None): "nothing",
        bool: "a boolean",
    }
    return names.get(type(value), "a number")
