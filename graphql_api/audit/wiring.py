"""From the settings to the audit log."""

from __future__ import annotations

import hashlib
import hmac

from graphql_api.audit.chain import ENVIRONMENT_VARIABLE
from graphql_api.audit.trail import AuditTrail
from graphql_api.privacy.names import pseudonyms_of
from graphql_api.settings import Settings
from recs_core.data.pseudonyms import Pseudonyms
from recs_core.data.secret_key import key_from_environment


def trail_of(settings: Settings) -> AuditTrail | None:
    """What puts accesses on record; None where the settings name no folder for it.

    Raises:
        SecretKeyError: its key is missing, or is none.
    """
    folder = settings.audit.folder
    if folder is None:
        return None
    key = key_from_environment(ENVIRONMENT_VARIABLE)
    # where a server knows no pseudonyms, its log has some of its own
    of_its_own = hmac.digest(key, b"bookverse audit pseudonyms", hashlib.sha256)
    return AuditTrail(folder, key, pseudonyms_of(settings) or Pseudonyms(of_its_own))
