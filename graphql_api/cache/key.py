"""What makes two requests ask for the same bytes."""

from __future__ import annotations

import hashlib

from graphql_api.operation import Operation


class KeyMaker:
    """Makes the keys of one schema on one bundle.

    Args:
        schema: the schema as SDL.
        bundle_version: the version of the served bundle.
    """

    def __init__(self, schema: str, bundle_version: str) -> None:
        self._base = hashlib.sha256(hashlib.sha256(schema.encode()).digest() + bundle_version.encode())

    def key(self, operation: Operation) -> str:
        """The key of an operation's response, as hexadecimal digits."""
        digest = self._base.copy()
        # each part's length goes before it, so that no two operations run together to the same bytes
        for part in (
            operation.document.encode(),
            (operation.name or "").encode(),
            operation.canonical_variables,
        ):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
        return digest.hexdigest()
