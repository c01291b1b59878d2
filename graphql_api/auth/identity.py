"""Who a request comes from."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from graphql_api.auth.scopes import EVERYTHING, FOR_ANYBODY, Scope


@dataclass(frozen=True, slots=True)
class Identity:
    """What a verified token says of its bearer.

    Args:
        user_id: the reader's pseudonym, or the store's id where there are none; None where nobody said who they are.
            Not shown in `repr`, so that it gets into no log by accident.
        scopes: those of our scopes that were granted.
        token_digest: SHA-256 of the token as hexadecimal digits; empty without a token.
        expires: when the token ends, in seconds since 1970.
    """

    user_id: str | None = field(repr=False)
    scopes: frozenset[Scope]
    token_digest: str
    expires: float
    own_reach: frozenset[Scope] = field(init=False, repr=False, compare=False)
    """What is granted for the bearer's own data and what is nobody's; what reaches everybody's reaches any one's."""
    reach: frozenset[Scope] = field(init=False, repr=False, compare=False)
    """What is granted for other readers' data."""

    def __post_init__(self) -> None:
        implied = frozenset(own for own, anybody in FOR_ANYBODY.items() if anybody in self.scopes)
        object.__setattr__(self, "own_reach", self.scopes | implied)
        object.__setattr__(self, "reach", (self.scopes - FOR_ANYBODY.keys()) | implied)

    @property
    def audience(self) -> str:
        """Whom private answers are kept for."""
        return self.user_id or ""

    @property
    def is_unrestricted(self) -> bool:
        """Whether nothing is kept from who asks."""
        return self.scopes == EVERYTHING

    @property
    def is_anonymous(self) -> bool:
        """Whether nobody said who they are."""
        return self.user_id is None


ANONYMOUS = Identity(None, frozenset(), "", math.inf)
"""A request without a token, where nothing is open to everybody."""


def anonymous(scopes: frozenset[Scope]) -> Identity:
    """A request without a token, where `scopes` are open to everybody."""
    return Identity(None, scopes, "", math.inf)


UNRESTRICTED = anonymous(EVERYTHING)
"""Whoever asks where nothing is kept from anybody, such as in a notebook on one's own machine."""
