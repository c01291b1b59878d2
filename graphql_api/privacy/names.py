"""The names of a reader: whichever of them a bundle, an event or a profile has, it is the same person's."""

from __future__ import annotations

from graphql_api.settings import Settings
from recs_core.data.erased import ENVIRONMENT_VARIABLE, pseudonym_key
from recs_core.data.pseudonyms import Pseudonyms
from recs_core.data.secret_key import key_from_environment


def pseudonyms_of(settings: Settings) -> Pseudonyms:
    """With the key of the environment; in development there is one for who has none.

    Raises:
        SecretKeyError: there is none where there must be one, or it is no key.
    """
    if settings.environment == "production":
        return Pseudonyms(key_from_environment(ENVIRONMENT_VARIABLE))
    return Pseudonyms(pseudonym_key())


def names_of(user_id: str, pseudonyms: Pseudonyms) -> tuple[str, str]:
    """The store's id of a reader, and the pseudonym."""
    return user_id, pseudonyms.of(user_id)
