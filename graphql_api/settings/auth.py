"""The settings of who may ask what."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from graphql_api.auth.issue import AUDIENCE, ISSUER
from graphql_api.auth.scopes import Scope


class AuthSettings(BaseModel):
    """Access tokens: who signs them, and what is open without one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    keys: str | None = Field(
        None,
        min_length=1,
        description="The JSON Web Key Set that tokens are verified with, a path or an https URL; where unset, "
        "development makes keys of its own in `data/keys`.",
    )
    issuer: str = Field(ISSUER, min_length=1, description="What `iss` of a token must be.")
    audience: str = Field(AUDIENCE, min_length=1, description="What `aud` of a token must be or hold.")
    leeway_s: float = Field(
        30, ge=0, le=300, description="How far the issuer's clock may be from ours, in seconds."
    )
    keys_fresh_s: float = Field(
        300, gt=0, description="The age from which the key set is got anew beside the requests, in seconds."
    )
    keys_stale_s: float = Field(
        86_400, gt=0, description="The age up to which it is used while the issuer is away, in seconds."
    )
    anonymous: tuple[Scope, ...] | None = Field(
        None,
        description="The scopes that need no token; where unset, all of them in development, and none in production.",
    )
