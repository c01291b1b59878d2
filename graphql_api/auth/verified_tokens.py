"""Tokens that were verified a moment ago."""

from __future__ import annotations

from collections import OrderedDict

from graphql_api.auth.identity import Identity

Digest = bytes
"""SHA-256 of the header that a token comes in. Tokens themselves are not kept: nothing can read them out of here."""


class VerifiedTokens:
    """Identities by the digest of their token; the least recently used leave first.

    Args:
        max_entries: how many are kept.
    """

    def __init__(self, *, max_entries: int) -> None:
        self._max_entries = max_entries
        self._entries: OrderedDict[Digest, tuple[float, Identity]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, digest: Digest, now: float) -> Identity | None:
        """The identity of a token, if it was verified and that still holds at `now`, in seconds since 1970."""
        entry = self._entries.get(digest)
        if entry is None:
            return None
        until, identity = entry
        if now >= until:
            del self._entries[digest]
            return None
        self._entries.move_to_end(digest)
        return identity

    def put(self, digest: Digest, identity: Identity, until: float) -> None:
        """Keep an identity until a time, in seconds since 1970."""
        self._entries[digest] = (until, identity)
        self._entries.move_to_end(digest)
        if len(self._entries) > self._max_entries:
            self._entries.popitem(last=False)
