"""Why a service of the store could not be read. In each case the last good data stays."""

from __future__ import annotations

from datetime import datetime

from recs_core.errors import BookverseError


class UpstreamError(BookverseError):
    """A service could not be read."""


class UnavailableError(UpstreamError):
    """It is away, slow or broken: the same request may succeed later.

    Args:
        reason: what happened.
        not_before: when it wants to be asked again; None where it has not said.
    """

    def __init__(self, reason: str, not_before: datetime | None = None) -> None:
        self.not_before = not_before
        super().__init__(reason)


class ThrottledError(UnavailableError):
    """It lives, and asks for a pause."""


class HeldBackError(UpstreamError):
    """It was not asked: it has failed too often, or its pause is not over."""


class RefusedError(UpstreamError):
    """It refuses the request, and would refuse it again: a person is needed."""


class PositionGoneError(UpstreamError):
    """It does not know any more what has changed since a position."""


class ContractError(UpstreamError):
    """What it answers is not as agreed: a person is needed."""
