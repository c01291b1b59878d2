"""From the settings to the audit log."""

from __future__ import annotations

from graphql_api.audit.chain import ENVIRONMENT_VARIABLE
from graphql_api.audit.trail import AuditTrail
from graphql_api.privacy.names import pseudonyms_of
from graphql_api.settings import Settings
from recs_core.data.secret_key import key_from_environment


def trail_of(settings: Settings) -> AuditTrail | None:
    """What puts accesses on record; None where the settings name no folder for it.

    Raises:
        SecretKeyError: a key is missing, or is none: that of the log, or in production that of pseudonyms.
    """
    folder = settings.audit.folder
    if folder is None:
        return None
    return AuditTrail(folder, key_from_environment(ENVIRONMENT_VARIABLE), pseudonyms_of(settings))
