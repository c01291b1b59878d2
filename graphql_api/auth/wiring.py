"""From the settings to who verifies tokens."""

from __future__ import annotations

import logging
from pathlib import Path

from graphql_api.auth.authenticator import Authenticator
from graphql_api.auth.cached_keys import CachedKeys
from graphql_api.auth.claims import ClaimRules
from graphql_api.auth.identity import anonymous
from graphql_api.auth.issue import issue_token
from graphql_api.auth.key_files import PUBLIC, read_private_keys, write_keys
from graphql_api.auth.key_pairs import new_key
from graphql_api.auth.key_set import ASYMMETRIC, DEVELOPMENT, KeySetError, parse_key_set
from graphql_api.auth.key_source import FetchKeySet, key_set_file, key_set_url
from graphql_api.auth.scopes import EVERYTHING
from graphql_api.settings import Settings
from graphql_api.settings.loading import CONFIG

log = logging.getLogger(__name__)

DEVELOPMENT_KEYS = CONFIG.parent / "data" / "keys"
"""Where a developer's server keeps the keys that it makes: in the project, wherever it is started from."""


def cached_keys(settings: Settings) -> CachedKeys:
    """The keys that tokens are verified with.

    Raises:
        KeySetError: they are in a file, and it cannot be used.
    """
    auth = settings.auth
    return CachedKeys(
        _source(settings),
        algorithms=_algorithms(settings),
        fresh_s=auth.keys_fresh_s,
        stale_s=auth.keys_stale_s,
    )


def authenticator_of(settings: Settings, keys: CachedKeys) -> Authenticator:
    """Who verifies the tokens of requests.

    Args:
        settings: what tokens must claim, and what is open without one.
        keys: those of `cached_keys`.
    """
    auth = settings.auth
    open_to_all = frozenset() if settings.environment == "production" else EVERYTHING
    return Authenticator(
        keys,
        ClaimRules(auth.issuer, auth.audience, leeway_s=auth.leeway_s),
        anonymous=anonymous(open_to_all if auth.anonymous is None else frozenset(auth.anonymous)),
        pseudonyms=settings.pseudonyms,
    )


def with_development_keys(settings: Settings, user_id: str) -> tuple[Settings, str | None]:
    """Settings that have keys, and a token of them that is good for an hour and for everything.

    In development keys are made where the settings name none. Elsewhere the settings stay as they are, and the issuer
    makes the tokens.

    Args:
        settings: of the process.
        user_id: whose token it is.

    Raises:
        KeySetError: the keys that were made before cannot be read.
        OSError: new ones cannot be written.
    """
    if settings.environment != "development" or settings.auth.keys is not None:
        return settings, None
    keys = read_private_keys(DEVELOPMENT_KEYS)
    if not keys:
        keys = [new_key("EdDSA")]
        write_keys(DEVELOPMENT_KEYS, keys)
    auth = settings.auth.model_copy(update={"keys": str(DEVELOPMENT_KEYS / PUBLIC)})
    token = issue_token(keys[0], user_id, EVERYTHING, issuer=auth.issuer, audience=auth.audience)
    return settings.model_copy(update={"auth": auth}), token


def _source(settings: Settings) -> FetchKeySet:
    keys = settings.auth.keys
    if keys is None:
        return _nowhere
    if "://" in keys:
        return key_set_url(keys)
    path = Path(keys)
    try:
        # a file is there before the server is, or never
        parse_key_set(path.read_bytes(), algorithms=_algorithms(settings))
    except OSError as error:
        raise KeySetError(f"auth.keys: {path} cannot be read: {error.strerror}") from error
    except KeySetError as error:
        raise KeySetError(f"auth.keys: {path}: {error}") from error
    return key_set_file(path)


def _algorithms(settings: Settings) -> frozenset[str]:
    return ASYMMETRIC if settings.environment == "production" else DEVELOPMENT


async def _nowhere() -> bytes:
    raise KeySetError("auth.keys names no key set")
