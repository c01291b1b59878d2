"""The names of a reader: whichever of them a bundle, an event or a profile has, it is the same person's."""

from __future__ import annotations

import os

from graphql_api.settings import Settings
from recs_core.data.erased import ENVIRONMENT_VARIABLE, pseudonym_key
from recs_core.data.pseudonyms import Pseudonyms


def pseudonyms_of(settings: Settings) -> Pseudonyms | None:
    """With the key of the environment; in development there is one for who has none, in production not.

    Raises:
        SecretKeyError: what is set is no key.
    """
    if settings.environment == "production" and not os.environ.get(ENVIRONMENT_VARIABLE):
        return None
    return Pseudonyms(pseudonym_key())


def names_of(user_id: str, pseudonyms: Pseudonyms) -> tuple[str, ...]:
    """What a reader is called behind the edge, the pseudonym last: with a key, that alone."""
    return tuple(dict.fromkeys((user_id, pseudonyms.settle(user_id))))
