"""Every name that API and worker use in Redis for what is fresh.

What one script changes together carries one hash tag, the part in braces, so that a cluster keeps it on one node. An
id that holds braces itself moves the tag, for all keys of that id alike.
"""

from __future__ import annotations

from typing import Final

PREFIX: Final = "bookverse"

ANSWERS: Final = f"{PREFIX}:1"
"""Prefix of kept answers; its number grows with their form: two releases must not misread each other."""

DOCUMENTS: Final = f"{PREFIX}:document:"
"""Prefix of documents that clients have sent."""

TEXTS: Final = (f"{ANSWERS}:*:answer", f"{DOCUMENTS}*")
"""Patterns of the keys of texts that may name anybody."""

INVENTORY_BOOKS: Final = f"{PREFIX}:{{overlay}}:books"
"""Hash: book id to the JSON of what the store changed of it."""

INVENTORY_CHANGES: Final = f"{PREFIX}:{{overlay}}:changes"
"""Sorted set: book id by the generation of its last change."""

INVENTORY_GENERATION: Final = f"{PREFIX}:{{overlay}}:generation"
"""String: the last generation."""

INVENTORY_CHANNEL: Final = f"{PREFIX}:overlay:changed"
"""Pub/sub channel: a generation, as soon as it is there."""

ERASED: Final = f"{PREFIX}:{{erased}}:readers"
"""Sorted set: digest of a reader by when the reader was erased, in microseconds since 1970."""

ERASED_KEY: Final = f"{PREFIX}:{{erased}}:key"
"""String: the id of the key of these digests."""

ERASED_ASKED: Final = f"{PREFIX}:{{jobs}}:erased"
"""String: the last erasure that a job was asked for to see to, in microseconds since 1970."""


def stream(name: str) -> str:
    """Stream: the events themselves."""
    return f"{PREFIX}:{{{name}}}:events"


def counts(name: str) -> str:
    """Hash: how many events were added, and how many of them each group has settled."""
    return f"{PREFIX}:{{{name}}}:counts"


def dead_letters(name: str) -> str:
    """Stream: events that could not be handled, with the reason."""
    return f"{PREFIX}:{{{name}}}:dead"


def profile(user_id: str) -> str:
    """Hash: a reader's recent events by event id, and the profile's version."""
    return f"{PREFIX}:{{u:{user_id}}}:profile"


def profile_order(user_id: str, part: str) -> str:
    """Sorted set: event ids of one part of a profile by time."""
    return f"{PREFIX}:{{u:{user_id}}}:{part}"


def heartbeat(worker: str) -> str:
    """String that expires: what a living worker says of itself, as JSON."""
    return f"{PREFIX}:worker:{worker}"


def active_job(kind: str) -> str:
    """String: the id of the last job of a kind that is to be there only once."""
    return f"{PREFIX}:{{jobs}}:active:{kind}"


SCHEDULE_LEADER: Final = f"{PREFIX}:{{schedule}}:leader"
"""String that expires: the token of the one scheduler among many that acts."""

SCHEDULE_DONE: Final = f"{PREFIX}:{{schedule}}:done"
"""Hash: name of a schedule to the last of its moments that was seen to, in seconds since 1970."""


def upstream_state(service: str) -> str:
    """Hash: up to where a service of the store was read, when that last went well, and what went wrong since."""
    return f"{PREFIX}:{{upstream:{service}}}:state"


def upstream_rows(service: str) -> str:
    """Hash: id of a row of a service that is not as agreed, to the reason, as JSON."""
    return f"{PREFIX}:{{upstream:{service}}}:rows"


def upstream_breaker(service: str) -> str:
    """Beginning of the names under which the circuit breaker of a service keeps its state."""
    return f"{PREFIX}:{{upstream:{service}}}"
