"""What may keep an erasure or an export from being done."""

from __future__ import annotations

from graphql_api.errors import PublicError


class PrivacyUnavailableError(PublicError):
    """It cannot be done, or not be finished, at this moment; asked for again it goes on."""

    code = "UNAVAILABLE"
