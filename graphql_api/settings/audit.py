"""The settings of the record of who looked at whose data."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class AuditSettings(BaseModel):
    """The audit log, which holds access to other readers' data, and administration."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    folder: Path | None = Field(
        None,
        description="Where each process keeps its audit log; where unset, none is kept. Its key is in "
        "`BOOKVERSE_AUDIT_KEY`.",
    )
