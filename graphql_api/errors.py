"""What may go wrong with a request, as the client is told.

Everything raised on purpose is a `PublicError` with a code. Anything else is a fault of ours: the client gets
the request's id and nothing more, the log gets the traceback under the same id.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from graphql import FieldNode, GraphQLError, GraphQLSyntaxError
from strawberry.types.graphql import OperationType

log = logging.getLogger(__name__)


class PublicError(Exception):
    """An error whose message is for the client.

    Args:
        message: what was wrong, naming the argument, the rule and the value.
    """

    code: ClassVar[str]

    @property
    def extensions(self) -> dict[str, Any]:
        """What graphql-core copies into the error that it makes of an exception."""
        return {"code": self.code}


class BadUserInputError(PublicError):
    """An argument has a value that its rule forbids."""

    code = "BAD_USER_INPUT"


class BookNotFoundError(PublicError):
    """The bundle has no such book."""

    code = "BOOK_NOT_FOUND"


class BadCursorError(PublicError):
    """A cursor was made up, changed, or belongs to another list."""

    code = "BAD_CURSOR"


class SnapshotExpiredError(PublicError):
    """A page of a list was asked for, and the bundle that the list was made of is gone.

    Args:
        version: the bundle's.
        current: the version that is served now.
    """

    code = "SNAPSHOT_EXPIRED"

    def __init__(self, version: str, current: str) -> None:
        super().__init__(
            f"the list that this cursor is of was made of bundle {version}, which is no longer served; "
            "begin again without after"
        )
        self.current = current

    @property
    def extensions(self) -> dict[str, Any]:
        """The code, and the version to begin again with."""
        return {"code": self.code, "currentVersion": self.current}


class RequestError(PublicError):
    """The HTTP request holds nothing that could be executed; the status says so under every media type."""

    code = "BAD_REQUEST"
    status: ClassVar[int] = 400

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """What the response says besides, as ASGI has it."""
        return []


class UnsupportedMediaTypeError(RequestError):
    """The body is not declared as JSON in UTF-8."""

    status = 415


class NotAcceptableError(RequestError):
    """The client reads none of the media types that we write."""

    status = 406


class MethodNotAllowedError(RequestError):
    """The method is none that the path answers, or not for this operation.

    Args:
        message: what was wrong.
        allow: the methods that may be used.
    """

    status = 405

    def __init__(self, message: str, *, allow: str) -> None:
        super().__init__(message)
        self._allow = allow

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """The methods that may be used."""
        return [(b"allow", self._allow.encode())]


class PayloadTooLargeError(RequestError):
    """The body is longer than the server reads."""

    code = "PAYLOAD_TOO_LARGE"
    status = 413


class RefusedError(RequestError):
    """A well-formed request is not executed.

    `status` is for `application/graphql-response+json`; under `application/json` it is 200, by which a client
    knows that the answer is ours and not a proxy's.
    """


class UnknownOperationError(RefusedError):
    """The document has no such operation."""


class OperationKindError(RefusedError):
    """The operation is no query.

    Args:
        kind: what it is.
    """

    def __init__(self, kind: OperationType) -> None:
        how = "; subscribe with text/event-stream or over WebSocket"
        what = f"only queries are served (got a {kind.value})"
        super().__init__(what + how if kind is OperationType.SUBSCRIPTION else what)
        self.kind = kind


class OperationTimeoutError(RefusedError):
    """The operation took longer than it may."""

    code = "TIMEOUT"
    status = 503


class PersistedQueryNotFoundError(RefusedError):
    """Nobody has sent the document of this hash; the client sends it now."""

    code = "PERSISTED_QUERY_NOT_FOUND"

    def __init__(self) -> None:
        # clients look for these very words
        super().__init__("PersistedQueryNotFound")


class PersistedQueryNotSupportedError(RefusedError):
    """Documents are not kept; the client sends each of them."""

    code = "PERSISTED_QUERY_NOT_SUPPORTED"

    def __init__(self) -> None:
        super().__init__("PersistedQueryNotSupported")


class DocumentNotTrustedError(RefusedError):
    """The document is none of those that the server was started with."""

    code = "DOCUMENT_NOT_TRUSTED"
    status = 403


def is_public(error: GraphQLError) -> bool:
    """Whether an error's message was written for the client: by us, or by graphql-core about the request."""
    cause = _cause(error)
    if not isinstance(cause, GraphQLError):
        return isinstance(cause, PublicError)
    # graphql-core's own: at a field it blames what our resolver gave, anywhere else what the client sent
    return error.path is None or not any(isinstance(node, FieldNode) for node in error.nodes or ())


def log_unexpected(errors: Iterable[GraphQLError], request_id: str) -> None:
    """Log each error that the client is not shown."""
    for error in errors:
        if not is_public(error):
            log.error("request %s failed at %s", request_id, error.path, exc_info=_cause(error))


def present(
    error: GraphQLError, request_id: str, *, before_execution: bool, redact: Callable[[str], str]
) -> dict[str, Any]:
    """An error of an execution as the response shows it.

    Args:
        error: what graphql-core reports.
        request_id: shown with a masked error.
        before_execution: the document was refused; nothing of it ran.
        redact: takes out of graphql-core's own messages what the client may not learn.
    """
    if not is_public(error):
        masked = internal_error(request_id)
        return masked | {key: value for key, value in error.formatted.items() if key in ("path", "locations")}
    shown: dict[str, Any] = {**error.formatted}
    if isinstance(_cause(error), PublicError):
        return shown
    code = _document_code(error, before_execution=before_execution)
    return shown | {"message": redact(error.message), "extensions": {"code": code}}


def _cause(error: GraphQLError) -> Exception:
    """The exception that an error was made of, under all the errors that graphql-core wrapped it in."""
    cause: Exception = error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    return cause


def _document_code(error: GraphQLError, *, before_execution: bool) -> str:
    if isinstance(error, GraphQLSyntaxError):
        return "GRAPHQL_PARSE_FAILED"
    # what a valid document is refused for once it runs is the value of a variable
    return "GRAPHQL_VALIDATION_FAILED" if before_execution else BadUserInputError.code


def request_error(error: RequestError) -> dict[str, Any]:
    """An error of the HTTP request in GraphQL's form."""
    return {"message": str(error), "extensions": error.extensions}


def internal_error(request_id: str) -> dict[str, Any]:
    """What the client is told of a fault of ours."""
    return {
        "message": "internal server error",
        "extensions": {"code": "INTERNAL_SERVER_ERROR", "requestId": request_id},
    }
