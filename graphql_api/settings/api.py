"""The settings of the server."""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from recs_core.artifacts.stores import CACHE

_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]+)?|https?://\[[0-9a-f:]+\](:[0-9]+)?")
_HOST = re.compile(r"(\*\.)?[A-Za-z0-9.-]+|\[[0-9a-f:]+\]")

Network = IPv4Network | IPv6Network


def _text_of(path: object) -> object:
    return str(path) if isinstance(path, Path) else path


class ApiSettings(BaseModel):
    """The server: where it listens, what it serves, what a request may cost."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field("127.0.0.1", description="The address to listen on.")
    port: int = Field(8000, ge=0, le=65_535, description="The port to listen on; 0 takes a free one.")
    bundle: Path | None = Field(None, description="The bundle to serve; the published one where unset.")
    published: Annotated[str, BeforeValidator(_text_of)] = Field(
        "data/published",
        description="Where bundles are published: a path, or a URL such as s3://bucket/bundles.",
    )
    bundle_cache: Path = Field(
        CACHE, description="Where bundles are fetched to that are published on an object store."
    )
    workers: int = Field(
        1, ge=1, le=256, description="Processes that answer; they share the memory of the bundle."
    )
    warm_operations: int = Field(
        256,
        ge=0,
        description="Recent operations that are answered from a new bundle before it is served, at most; 0 for none.",
    )
    snapshots_kept: int = Field(
        2,
        ge=0,
        description="How many bundles stay open, after a newer one replaced them, for pages begun on them.",
    )
    snapshot_ttl_s: int = Field(900, gt=0, description="How long a replaced bundle stays open, in seconds.")

    debug_mode: bool = Field(
        False,
        description="Whether each request is logged, with its status, where it was answered from, and its time.",
    )
    introspection: bool = Field(False, description="Whether clients may read the schema from the server.")
    suggestions: bool = Field(False, description="Whether an error may suggest names of the schema.")
    page: bool = Field(False, description="Whether a browser gets the GraphQL page.")

    cache_ttl: int = Field(60, ge=0, description="How long an answer is kept, in seconds; 0 for not at all.")
    cache_l1_bytes: int = Field(64 * 2**20, ge=0, description="Memory for answers in this process, in bytes.")
    redis_timeout_ms: int = Field(50, gt=0, description="Patience with one Redis operation, in milliseconds.")
    rate_limit: int = Field(
        1_000,
        ge=0,
        description="Requests a minute of one client, on all servers together, at most; 0 for any number.",
    )
    rate_unit: int = Field(
        250, gt=0, description="The cost that a request pays for; one that costs more counts as several."
    )
    trusted_proxies: tuple[Network, ...] = Field(
        (), description="Networks of the proxies whose X-Forwarded-For says where a request comes from."
    )
    timeout_ms: int = Field(10_000, gt=0, description="How long a request may take, in milliseconds.")

    compiled_documents: bool = Field(
        True, description="Whether documents that come again are executed by plans that are made once."
    )

    max_connections: int = Field(
        10_000, gt=0, description="Connections of one process at once; more are told to come again."
    )
    patience_s: float = Field(
        20,
        gt=0,
        description="How long a request may take to arrive, and a response to be read, in seconds.",
    )
    allowed_hosts: tuple[str, ...] = Field(
        (), description="Names that clients may know the server by, such as *.shop.example; none: any."
    )
    cors_origins: tuple[str, ...] = Field(
        (), description="Other origins whose pages may ask, such as https://shop.example; none: no other."
    )
    hsts_s: int = Field(
        0, ge=0, description="How long browsers shall come by HTTPS alone, in seconds; 0 does not say so."
    )
    tls_certificate: Path | None = Field(
        None, description="The PEM file of the certificate to speak HTTPS with; plain HTTP where unset."
    )
    tls_key: Path | None = Field(None, description="The PEM file of the certificate's private key.")

    max_body_bytes: int = Field(64 * 2**10, gt=0, description="The largest request, in bytes.")
    max_first: int = Field(100, gt=0, description="The longest list that `first` may ask for.")
    max_ids: int = Field(100, gt=0, description="The longest list that an argument may hold, such as of ids.")
    max_depth: int = Field(8, gt=0, description="Levels of selections in an operation, at most.")
    max_tokens: int = Field(1_000, gt=0, description="Words and signs of a document, at most.")
    max_aliases: int = Field(15, ge=0, description="Aliases in a document, at most.")
    max_directives: int = Field(
        20, ge=0, description="Directives in a document, fragments written out, at most."
    )
    max_selections: int = Field(
        1_000, gt=0, description="Selections in a document, fragments written out, at most."
    )
    max_cost: int = Field(
        10_000, gt=0, description="The cost of an operation, computed before it runs, at most."
    )
    batch_limit: int = Field(
        0, ge=0, description="Operations in one HTTP request, at most; 0 refuses batches."
    )

    persisted_documents: Literal["off", "automatic", "trusted"] = Field(
        "automatic",
        description="Persisted documents: off; automatic, which clients register themselves; trusted, where "
        "nothing else is executed.",
    )
    documents: Path | None = Field(
        None, description="The folder of trusted documents, `.graphql` files read at the start."
    )

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            if not _ORIGIN.fullmatch(origin):
                raise ValueError(f"must be like https://shop.example, without a path (got {origin!r})")
        return origins

    @field_validator("allowed_hosts")
    @classmethod
    def _are_hosts(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        for host in hosts:
            if not _HOST.fullmatch(host):
                raise ValueError(
                    f"must be like api.shop.example or *.shop.example, without a port (got {host!r})"
                )
        return hosts

    @model_validator(mode="after")
    def _key_goes_with_certificate(self) -> Self:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key go together: set both, or none")
        return self

    @model_validator(mode="after")
    def _trusted_documents_lie_somewhere(self) -> Self:
        if self.persisted_documents == "trusted" and self.documents is None:
            raise ValueError("persisted_documents is trusted, so documents must name their folder")
        return self
