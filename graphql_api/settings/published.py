"""Which bundle the settings mean."""

from __future__ import annotations

from pathlib import Path

from graphql_api.settings.model import Settings
from recs_core.artifacts.bundle import CURRENT
from recs_core.errors import ArtifactError


def bundle_path(settings: Settings) -> Path:
    """Where the bundle to serve lies.

    Raises:
        ArtifactError: none is named and none is published.
    """
    if settings.api.bundle is not None:
        return settings.api.bundle
    current = settings.api.published / CURRENT
    try:
        version = current.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        raise ArtifactError(
            f"no bundle is published: {current} is missing; run `make demo` or "
            "`python -m pipelines.publish`, or name a bundle with --bundle"
        ) from None
    if not version or Path(version).name != version:
        raise ArtifactError(f"{current} is damaged: {version!r} is not a version")
    return settings.api.published / version
