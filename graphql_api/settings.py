"""What the server can be told from outside: environment variables that begin with `BOOKVERSE_`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Self

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from recs_core.artifacts.bundle import CURRENT
from recs_core.errors import ArtifactError, ParameterError

PREFIX = "BOOKVERSE_"

READ_ELSEWHERE = frozenset({"BOOKVERSE_PROGRESS"})
"""Variables with our prefix that are for other rooms."""

REDIS_SCHEMES = ("redis://", "rediss://", "unix://")


class Settings(BaseSettings):
    """The server's settings; `BOOKVERSE_PORT=8001` sets `port`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, extra="forbid", frozen=True, populate_by_name=True, hide_input_in_errors=True
    )

    bundle: Path | None = Field(None, description="the bundle to serve; the published one where unset")
    published: Path = Field(Path("data/published"), description="where bundles are published")
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65_535, description="0 takes a free one")
    redis_url: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices(f"{PREFIX}REDIS_URL", "REDIS_URL"),
        description="the Redis that servers share; one is started for this server alone where unset",
    )
    redis_timeout_ms: int = Field(50, gt=0, description="patience with one Redis operation")
    cache_ttl_s: int = Field(60, gt=0, description="how long an answer is kept")
    cache_l1_bytes: int = Field(64 * 2**20, ge=0, description="memory for answers in this process")
    max_body_bytes: int = Field(64 * 2**10, gt=0, description="largest request")
    max_first: int = Field(100, gt=0, description="longest list")
    max_depth: int = Field(8, gt=0, description="levels of selections in an operation")
    max_tokens: int = Field(1_000, gt=0, description="words and brackets in a document")
    max_aliases: int = Field(15, ge=0, description="aliases in a document")
    max_selections: int = Field(1_000, gt=0, description="selections in a document, fragments written out")

    @field_validator("redis_url")
    @classmethod
    def _is_redis_url(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not url.get_secret_value().startswith(REDIS_SCHEMES):
            raise ValueError(f"must begin with one of {', '.join(REDIS_SCHEMES)}")
        return url

    @classmethod
    def load(cls, **given: Any) -> Self:
        """Read the environment; what is given goes before it.

        Raises:
            ParameterError: a value is wrong, or a variable with our prefix is none of ours.
        """
        # pydantic-settings reads the variables that it knows and would let a misspelt one pass
        known = {f"{PREFIX}{name.upper()}" for name in cls.model_fields} | READ_ELSEWHERE
        unknown = sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known)
        if unknown:
            raise ParameterError(
                f"{', '.join(unknown)}: no such setting; there are {', '.join(sorted(known))}"
            )
        try:
            return cls(**given)
        except ValidationError as error:
            # without the values: one of them may be a password
            faults = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()]
            raise ParameterError("; ".join(faults)) from None


def bundle_path(settings: Settings) -> Path:
    """Where the bundle to serve lies.

    Raises:
        ArtifactError: none is named and none is published.
    """
    if settings.bundle is not None:
        return settings.bundle
    current = settings.published / CURRENT
    try:
        version = current.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        raise ArtifactError(
            f"no bundle is published: {current} is missing; run `make demo` or "
            "`python -m pipelines.publish`, or name a bundle with --bundle"
        ) from None
    if not version or Path(version).name != version:
        raise ArtifactError(f"{current} is damaged: {version!r} is not a version")
    return settings.published / version
