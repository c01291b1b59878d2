"""Published bundles: a folder of versions, the name of the one to serve, and where each came from."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from recs_core.artifacts.bundle import CURRENT
from recs_core.errors import ArtifactError

PROVENANCE = "provenance.json"
"""Beside a published bundle's files: what its version does not depend on."""


class Provenance(BaseModel):
    """Where a published bundle came from; None where that is not known, as without git."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    git_revision: str | None = None
    uncommitted_changes: bool | None = None
    dvc_lock_sha256: str | None = None
    published_at: str | None = None


def published_bundle(published: Path) -> Path:
    """The bundle that a folder of published bundles says to serve.

    Raises:
        ArtifactError: none is published, or the file that names it is damaged.
    """
    current = published / CURRENT
    try:
        version = current.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        raise ArtifactError(
            f"no bundle is published: {current} is missing; run `make demo` or "
            "`python -m pipelines.publish`, or name a bundle with --bundle"
        ) from None
    if not version or Path(version).name != version:
        raise ArtifactError(f"{current} is damaged: {version!r} is not a version")
    return published / version


def provenance_of(bundle: Path) -> Provenance:
    """Where a bundle came from; nothing is known of one that was not published.

    Raises:
        ArtifactError: the file is damaged.
    """
    path = bundle / PROVENANCE
    if not path.exists():
        return Provenance()
    try:
        return Provenance.model_validate(json.loads(path.read_bytes()))
    except (ValidationError, ValueError) as error:
        raise ArtifactError(f"{path} is damaged: {error}") from None
