"""From `Authorization` headers to a token."""

from __future__ import annotations

from collections.abc import Sequence

from graphql_api.auth.refusals import Refusal, TokenRefused

MAX_TOKEN_CHARS = 8_192


def bearer_token(authorization: Sequence[str]) -> str | None:
    """The token that a request carries.

    Args:
        authorization: the values of all `Authorization` headers.

    Returns:
        The token, unverified; None without a header.

    Raises:
        TokenRefused: SEVERAL_HEADERS, WRONG_SCHEME, EMPTY_HEADER or TOO_LONG.
    """
    if not authorization:
        return None
    if len(authorization) > 1:
        raise TokenRefused(Refusal.SEVERAL_HEADERS)
    scheme, _, token = authorization[0].partition(" ")
    if scheme.lower() != "bearer":
        raise TokenRefused(Refusal.WRONG_SCHEME)
    token = token.strip(" ")
    if not token:
        raise TokenRefused(Refusal.EMPTY_HEADER)
    if len(token) > MAX_TOKEN_CHARS:
        raise TokenRefused(Refusal.TOO_LONG)
    return token
