"""The settings of the store's services: where they are, and what a request to one may take."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

from recs_core.online.streams import MAX_BATCH

_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")
"""As RFC 6750 has it."""


class UpstreamSettings(BaseModel):
    """The store's services, which a worker reads: docs/upstream.md. One without a URL is not asked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    inventory_url: str | None = Field(
        None, description="Where the inventory service is, such as https://inventory.shop.example/v1."
    )
    checkout_url: str | None = Field(None, description="Where the checkout service is.")
    users_url: str | None = Field(
        None, description="Where the users service is; readers whose accounts it says are closed are erased."
    )
    page_rows: int = Field(500, gt=0, le=MAX_BATCH, description="Rows that are asked for at a time.")
    connect_timeout_s: float = Field(5, gt=0, description="Until a connection stands, in seconds.")
    read_timeout_s: float = Field(20, gt=0, description="Until the next byte comes, in seconds.")
    total_timeout_s: float = Field(60, gt=0, description="Until an answer is there as a whole, in seconds.")
    max_body_bytes: int = Field(8 * 2**20, gt=0, description="The largest answer, in bytes.")
    max_pages: int = Field(10_000, gt=0, description="The longest list, in pages.")

    @field_validator("inventory_url", "checkout_url", "users_url")
    @classmethod
    def _is_url_without_secrets(cls, url: str | None) -> str | None:
        if url is None:
            return None
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("must be like https://inventory.shop.example/v1, without ? and #")
        if parts.username is not None or parts.password is not None:
            raise ValueError("must hold no name and no password: a token is set by its environment variable")
        return url


def check_token(token: str) -> None:
    """Check that a bearer token can be sent as one.

    Raises:
        ValueError: it cannot.
    """
    if not _TOKEN.fullmatch(token):
        raise ValueError("must be a bearer token: letters, digits and -._~+/, with = at its end at most")
