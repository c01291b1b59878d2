"""The two commands for development, as processes: keys, and a token that the server's side accepts."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from graphql_api.auth.authenticator import Authenticator
from graphql_api.auth.cached_keys import CachedKeys
from graphql_api.auth.claims import ClaimRules
from graphql_api.auth.identity import Identity
from graphql_api.auth.issue import AUDIENCE, ISSUER, READER_SCOPES
from graphql_api.auth.key_set import ASYMMETRIC
from graphql_api.auth.key_source import key_set_file
from graphql_api.auth.scopes import Scope

pytestmark = pytest.mark.anyio


def command(module: str, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-W", "error", "-m", f"graphql_api.auth.{module}", *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, check=False, env=os.environ | environment)


def output(module: str, *arguments: object) -> str:
    done = command(module, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def key_ids(folder: Path, name: str) -> list[str]:
    return [key["kid"] for key in json.loads((folder / name).read_text())["keys"]]


async def identity(folder: Path, token: str) -> Identity:
    keys = CachedKeys(key_set_file(folder / "public.jwks.json"), algorithms=ASYMMETRIC)
    return await Authenticator(keys, ClaimRules(ISSUER, AUDIENCE)).identify([f"Bearer {token}"])


@pytest.mark.parametrize("algorithm", sorted(ASYMMETRIC))
async def test_a_printed_token_is_accepted(algorithm: str, tmp_path: Path) -> None:
    output("keys", tmp_path, "--algorithm", algorithm)
    reader = await identity(tmp_path, output("issue", tmp_path, "--user", "276847").strip())
    assert (reader.user_id, reader.scopes) == ("276847", frozenset(READER_SCOPES))


async def test_a_token_grants_what_is_asked_for(tmp_path: Path) -> None:
    output("keys", tmp_path)
    scopes = ("--scope", Scope.PRIVACY_ADMIN, "--scope", Scope.MODELS_ADMIN)
    admin = await identity(tmp_path, output("issue", tmp_path, "--user", "root", *scopes).strip())
    assert admin.scopes == {Scope.PRIVACY_ADMIN, Scope.MODELS_ADMIN}


async def test_the_next_key_signs_and_the_last_one_still_verifies(tmp_path: Path) -> None:
    output("keys", tmp_path)
    old = output("issue", tmp_path, "--user", "1").strip()
    output("keys", tmp_path)
    new = output("issue", tmp_path, "--user", "2").strip()
    assert [(await identity(tmp_path, token)).user_id for token in (old, new)] == ["1", "2"]
    output("keys", tmp_path)
    private, public = (key_ids(tmp_path, f"{name}.jwks.json") for name in ("private", "public"))
    assert private == public
    assert len(public) == 2


def test_private_keys_are_their_owners_and_public_ones_hold_nothing_private(tmp_path: Path) -> None:
    output("keys", tmp_path, "--algorithm", "RS256")
    assert stat.S_IMODE((tmp_path / "private.jwks.json").stat().st_mode) == 0o600
    (public,) = json.loads((tmp_path / "public.jwks.json").read_text())["keys"]
    assert public.keys() == {"kty", "n", "e", "kid", "alg", "use"}


def test_production_has_an_issuer_of_its_own(tmp_path: Path) -> None:
    output("keys", tmp_path)
    done = command("issue", tmp_path, "--user", "1", BOOKVERSE_ENVIRONMENT="production")
    assert (done.returncode, done.stdout) == (2, "")
    assert "for development only" in done.stderr


def test_a_folder_without_keys_is_named_with_what_makes_them(tmp_path: Path) -> None:
    done = command("issue", tmp_path, "--user", "1")
    assert done.returncode == 2
    assert f"python -m graphql_api.auth.keys {tmp_path}" in done.stderr


@pytest.mark.parametrize("text", ["not json", '{"keys": 1}', '{"keys": [{}]}'])
def test_a_damaged_file_is_named_and_kept(text: str, tmp_path: Path) -> None:
    path = tmp_path / "private.jwks.json"
    path.write_text(text)
    done = command("keys", tmp_path)
    assert done.returncode == 2
    assert str(path) in done.stderr
    assert path.read_text() == text
