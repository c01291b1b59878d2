"""The settings of what readers can have done with their data."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class PrivacySettings(BaseModel):
    """Erasure and export."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    receipt_keys: Path | None = Field(
        None,
        description="The folder with the Ed25519 key that receipts of erasures are signed with, as `python -m "
        "graphql_api.auth.keys` makes it; where unset, development signs with its own of `data/keys`, and production "
        "erases nobody.",
    )
