"""What is known of a published bundle beside its content: where it came from, and why it was let in."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from recs_core.errors import ArtifactError

PROVENANCE = "provenance.json"
"""Beside a published bundle's files: what its version does not depend on."""


class Provenance(BaseModel):
    """Where a published bundle came from; None where that is not known, as without git.

    Args:
        git_revision: of the working tree.
        uncommitted_changes: whether the working tree had any.
        dvc_lock_sha256: of dvc.lock.
        published_at: ISO time with its zone.
        admission: what the gate found, see `recs_core.artifacts.admission`.
        forced: the reason for which it was published all the same, where the gate refused it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    git_revision: str | None = None
    uncommitted_changes: bool | None = None
    dvc_lock_sha256: str | None = None
    published_at: str | None = None
    admission: str | None = None
    forced: str | None = None


def provenance_of(bundle: Path) -> Provenance:
    """Where a bundle came from; nothing is known of one that was not published.

    Raises:
        ArtifactError: the file is damaged.
    """
    path = bundle / PROVENANCE
    return parse_provenance(path.read_bytes() if path.exists() else None, where=str(path))


def parse_provenance(content: bytes | None, *, where: str) -> Provenance:
    """Read what `provenance.json` says; nothing is known where there is none.

    Raises:
        ArtifactError: it is damaged.
    """
    if content is None:
        return Provenance()
    try:
        return Provenance.model_validate(json.loads(content))
    except (ValidationError, ValueError) as error:
        raise ArtifactError(f"{where} is damaged: {error}") from None
