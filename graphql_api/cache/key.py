"""What makes two requests ask for the same bytes."""

from __future__ import annotations

import hashlib

from graphql_api.operation import Operation


class KeyMaker:
    """Makes the keys of one schema.

    Args:
        schema: the schema as SDL.
    """

    def __init__(self, schema: str) -> None:
        self._base = hashlib.sha256(hashlib.sha256(schema.encode()).digest())

    def key(self, operation: Operation, bundle_version: str) -> str:
        """The key of an operation's response from a bundle, as hexadecimal digits."""
        digest = self._base.copy()
        # each part's length goes before it, so that no two operations run together to the same bytes
        for part in (
            bundle_version.encode(),
            operation.document.encode(),
            (operation.name or "").encode(),
            operation.canonical_variables,
        ):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
        return digest.hexdigest()
