"""Which bundle the settings mean."""

from __future__ import annotations

from pathlib import Path

from graphql_api.settings.model import Settings
from recs_core.artifacts.published import published_bundle


def bundle_path(settings: Settings) -> Path:
    """Where the bundle to serve lies.

    Raises:
        ArtifactError: none is named and none is published.
    """
    return settings.api.bundle or published_bundle(settings.api.published)
