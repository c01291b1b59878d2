"""From the settings to who erases and exports readers."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial

from graphql_api.auth.key_files import read_private_keys, write_keys
from graphql_api.auth.key_pairs import Jwk, new_key
from graphql_api.auth.key_set import KeySetError
from graphql_api.auth.wiring import DEVELOPMENT_KEYS
from graphql_api.privacy.erasing import Erasing
from graphql_api.privacy.errors import PrivacyUnavailableError
from graphql_api.privacy.exporting import Exporting
from graphql_api.privacy.names import pseudonyms_of
from graphql_api.privacy.receipts import ALGORITHM, signing_key
from graphql_api.settings import Settings
from recs_core.online.tombstones import ErasedReaders

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PrivacyOffice:
    """What `eraseUser` and `exportUser` are done by.

    Args:
        erasing: erases readers.
        exporting: exports readers.
    """

    erasing: Erasing
    exporting: Exporting


def office_of(settings: Settings, erased: ErasedReaders) -> PrivacyOffice | None:
    """Who erases and exports readers; None in production without a key of pseudonyms, where nobody can be named.

    Args:
        settings: of the server.
        erased: who was erased.

    Raises:
        SecretKeyError: what is set as the key is none.
    """
    pseudonyms = pseudonyms_of(settings)
    if pseudonyms is None:
        return None
    return PrivacyOffice(
        Erasing(erased, pseudonyms, partial(_receipt_key, settings)),
        Exporting(pseudonyms, settings.worker.event_table),
    )


def _receipt_key(settings: Settings) -> Jwk:
    folder = settings.privacy.receipt_keys
    try:
        if folder is not None:
            return signing_key(folder)
        if settings.environment == "production":
            raise PrivacyUnavailableError(
                "nothing was done: eraseUser needs privacy.receipt_keys, a key to sign receipts with"
            )
        if not read_private_keys(DEVELOPMENT_KEYS):
            write_keys(DEVELOPMENT_KEYS, [new_key(ALGORITHM)])
        return signing_key(DEVELOPMENT_KEYS)
    except (KeySetError, OSError) as error:
        log.error("no receipt can be signed: %s", error)
        raise PrivacyUnavailableError(
            "nothing was done: the key to sign receipts with cannot be read, see the log of the server"
        ) from error
