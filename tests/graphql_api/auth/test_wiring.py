"""From settings to keys: made once in development, insisted on in production."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from token_issuer import SECRET, public_keys

from graphql_api.auth import wiring
from graphql_api.auth.key_set import KeySetError
from graphql_api.auth.scopes import EVERYTHING
from graphql_api.auth.wiring import authenticator_of, cached_keys, with_development_keys
from graphql_api.settings import Settings

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(wiring, "DEVELOPMENT_KEYS", tmp_path / "keys")
    return tmp_path / "keys"


async def test_a_developer_gets_keys_once_and_a_token_for_everything_each_time(folder: Path) -> None:
    tokens = []
    for _ in range(2):
        settings, token = with_development_keys(Settings(), "developer")
        authenticator = authenticator_of(settings, cached_keys(settings))
        identity = await authenticator.identify([f"Bearer {token}"])
        assert (identity.user_id, identity.scopes) == ("developer", EVERYTHING)
        tokens.append(token)
        keys = (folder / "private.jwks.json").read_bytes()
    assert (folder / "private.jwks.json").stat().st_mode & 0o777 == 0o600
    assert (folder / "private.jwks.json").read_bytes() == keys


@pytest.mark.parametrize("keys", ["elsewhere.json", "https://issuer.example/keys"])
def test_keys_that_are_named_are_left_alone(folder: Path, keys: str) -> None:
    settings = Settings(auth={"keys": keys})
    assert with_development_keys(settings, "developer") == (settings, None)
    assert not folder.exists()


def test_a_file_of_keys_that_cannot_be_used_is_named_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    settings = Settings(auth={"keys": str(path)})
    with pytest.raises(KeySetError, match=r"auth\.keys: .*keys\.json cannot be read"):
        cached_keys(settings)
    path.write_text("{}")
    with pytest.raises(KeySetError, match=r"auth\.keys: .*keys\.json: the key set has no list"):
        cached_keys(settings)


async def test_a_shared_secret_is_for_development_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text(json.dumps({"keys": [SECRET]}))
    development = Settings(auth={"keys": str(path)})
    assert await cached_keys(development).key("shared")
    production = {
        "environment": "production",
        "redis_url": "redis://127.0.0.1:1",
        "cursor_key": "k" * 32,
        "profile_keys": "d" * 64,
    }
    with pytest.raises(KeySetError):
        cached_keys(Settings(auth={"keys": str(path)}, **production))
    path.write_text(json.dumps({"keys": public_keys()}))
    assert cached_keys(Settings(auth={"keys": str(path)}, **production))
