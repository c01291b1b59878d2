"""A folder with two key sets: the private one, which signs, and the public one, which verifies."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from graphql_api.auth.key_pairs import Jwk, public_part
from graphql_api.auth.key_set import KeySetError
from graphql_api.auth.strict_json import json_object
from recs_core.data.arrays import canonical_json

PRIVATE = "private.jwks.json"
PUBLIC = "public.jwks.json"


def read_private_keys(folder: Path) -> list[Jwk]:
    """The private keys of a folder, the newest first; none where it has no file of them.

    Raises:
        KeySetError: the file is no key set.
    """
    path = folder / PRIVATE
    try:
        keys: Any = json_object(path.read_bytes()).get("keys")
    except FileNotFoundError:
        return []
    except ValueError as error:
        raise KeySetError(f"{path} is no key set: {error}") from error
    if not isinstance(keys, list) or not all(isinstance(key, dict) and "kid" in key for key in keys):
        raise KeySetError(f"{path} has no list `keys` of keys with ids")
    return keys


def write_keys(folder: Path, keys: Sequence[Jwk]) -> None:
    """Write both key sets of private keys, the newest first; only their owner can read the private one."""
    folder.mkdir(parents=True, exist_ok=True)
    _replace(folder / PRIVATE, {"keys": list(keys)}, mode=0o600)
    _replace(folder / PUBLIC, {"keys": [public_part(key) for key in keys]}, mode=0o644)


def _replace(path: Path, value: object, *, mode: int) -> None:
    # mkstemp makes a file that its owner alone can read, from its first byte on
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(canonical_json(value))
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(mode)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
