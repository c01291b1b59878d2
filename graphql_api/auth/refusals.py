"""Why a request is turned away. The client learns little, the log learns the reason, nobody learns the token."""

from __future__ import annotations

from enum import StrEnum

from graphql_api.errors import RefusedError, RequestError


class Refusal(StrEnum):
    """What is wrong with a token; the value is for the log."""

    SEVERAL_HEADERS = "more than one Authorization header"
    WRONG_SCHEME = "the Authorization header is not a bearer token's"
    EMPTY_HEADER = "the Authorization header has no token"
    TOO_LONG = "the token is longer than tokens may be"
    NOT_COMPACT = "the token is not three parts of base64url"
    BAD_HEADER = "the token's header is no JSON object of its form"
    CRITICAL_HEADER = "the token's header asks for an extension"
    EMBEDDED_KEY = "the token's header brings or names a key of its own"
    WRONG_TYPE = "the token is of another type"
    ALGORITHM_NONE = "the token is not signed"
    ALGORITHM_NOT_ALLOWED = "the token's algorithm is not allowed"
    ALGORITHM_OF_ANOTHER_KEY = "the token's algorithm is not that of its key"
    NO_KEY_ID = "the token names no key"
    UNKNOWN_KEY = "the token's key is not known"
    KEYS_UNAVAILABLE = "no keys could be had to verify tokens with"
    BAD_SIGNATURE = "the signature is not that of the token's key"
    BAD_PAYLOAD = "the token's payload is no JSON object"
    CLAIM_MISSING = "a claim is missing"
    CLAIM_MALFORMED = "a claim is not of its form"
    WRONG_ISSUER = "the token is another issuer's"
    WRONG_AUDIENCE = "the token is for another audience"
    EXPIRED = "the token has expired"
    NOT_YET_VALID = "the token is not valid yet"
    ISSUED_IN_FUTURE = "the token was issued in the future"
    ENDS_BEFORE_START = "the token ends before it was issued or becomes valid"


class UnauthenticatedError(RefusedError):
    """The answer is for those who say who they are."""

    code = "UNAUTHENTICATED"
    status = 401

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """How to say who one is (RFC 6750)."""
        return [(b"www-authenticate", b"Bearer")]


class ForbiddenError(RefusedError):
    """The answer is not for this bearer."""

    code = "FORBIDDEN"
    status = 403


class TokenRefused(RequestError):
    """A token was given and is not accepted.

    The message for the client is always the same: what would help to mend a token would help to forge one.

    Args:
        reason: what is wrong, for the log.
        detail: the name of the claim or the header parameter concerned, never what it holds.
    """

    code = UnauthenticatedError.code
    status = 401

    def __init__(
        self, reason: Refusal, detail: str = "", *, message: str = "the access token was not accepted"
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.detail = detail

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """What is wrong, in the standard's one word for all that may be (RFC 6750)."""
        return [(b"www-authenticate", b'Bearer error="invalid_token"')]

    @property
    def explanation(self) -> str:
        """The reason and what it is about, for the log."""
        return f"{self.reason} ({self.detail})" if self.detail else str(self.reason)


class KeysAway(TokenRefused):
    """A token cannot be verified at present, which is not its bearer's fault."""

    code = "UNAVAILABLE"
    status = 503

    def __init__(self) -> None:
        super().__init__(
            Refusal.KEYS_UNAVAILABLE, message="access tokens cannot be verified at present; try again"
        )

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """When the keys are looked for again, in seconds."""
        return [(b"retry-after", b"10")]
