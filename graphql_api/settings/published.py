"""Which bundle the settings mean."""

from __future__ import annotations

from pathlib import Path

from graphql_api.settings.model import Settings
from recs_core.artifacts.registry import BundleRegistry


def registry_of(settings: Settings) -> BundleRegistry:
    """Where the settings say that bundles are published.

    Raises:
        ParameterError: no such store can be opened.
    """
    return BundleRegistry(settings.api.published, cache=settings.api.bundle_cache)


def bundle_path(settings: Settings) -> Path:
    """Where the bundle to serve lies on this machine, fetched if need be.

    Raises:
        ArtifactError: none is named and none is published.
        ParameterError: the store of published bundles cannot be opened.
    """
    if settings.api.bundle is not None:
        return settings.api.bundle
    registry = registry_of(settings)
    return registry.pull(registry.current())
