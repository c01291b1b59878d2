"""What can be allowed."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Scope(StrEnum):
    """What a token may grant; its value is how the token's `scope` claim spells it."""

    RECOMMENDATIONS_READ = "recommendations:read"
    RECOMMENDATIONS_READ_ANY = "recommendations:read:any"
    CATALOGUE_READ = "catalogue:read"
    METRICS_READ = "metrics:read"
    EVENTS_WRITE = "events:write"
    MODELS_ADMIN = "models:admin"
    PRIVACY_ADMIN = "privacy:admin"


EVERYTHING: Final = frozenset(Scope)

FOR_ANYBODY: Final = {Scope.RECOMMENDATIONS_READ: Scope.RECOMMENDATIONS_READ_ANY}
"""The scopes that reach no further than the bearer's own data, and what reaches everybody's."""

Needed = tuple[frozenset[Scope], ...]
"""Sets of scopes, of which one must be granted whole."""
