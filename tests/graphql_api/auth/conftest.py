"""A key set as a file and as a server publishes it, and who verifies with them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from key_server import Published, key_server
from token_issuer import public_keys


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "public.jwks.json"
    path.write_text(json.dumps({"keys": public_keys()}), encoding="utf-8")
    return path


@pytest.fixture
def published() -> Iterator[Published]:
    with key_server(*public_keys()) as published:
        yield published
