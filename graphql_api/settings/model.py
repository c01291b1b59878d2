"""The settings: what there is, what it means, and what goes where nothing is said."""

from __future__ import annotations

from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from graphql_api.settings.api import ApiSettings
from graphql_api.settings.audit import AuditSettings
from graphql_api.settings.auth import AuthSettings
from graphql_api.settings.loading import load
from graphql_api.settings.privacy import PrivacySettings
from graphql_api.settings.upstream import UpstreamSettings, check_token
from graphql_api.settings.worker import WorkerSettings
from recs_core.data.pseudonyms import Pseudonyms
from recs_core.data.secret_key import SecretKeyError
from recs_core.errors import ParameterError
from recs_core.online.sealed import SealingKeys
from recs_core.serving.discretion import MIN_READERS
from recs_core.serving.rerank import RerankConfig
from recs_core.serving.strategies import GroupWeights, StrategyConfig

PREFIX = "BOOKVERSE_"

REDIS_SCHEMES = ("redis://", "rediss://", "unix://")

CURSOR_KEY_LENGTH = 32
"""Characters that a key must have at least: as hexadecimal digits, 128 bits."""


class StrategySettings(BaseModel):
    """A named way to make a list."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    description: str = Field(min_length=1, description="What the strategy is for, shown to clients.")
    weights: GroupWeights | None = Field(
        None,
        description="Weights of its own; null takes those that the bundle was tuned to, and leaving them out "
        "`algorithms.default_weights`.",
    )
    rerank: RerankConfig = Field(RerankConfig(), description="Diversity, author cap and popularity damping.")

    def as_config(self) -> StrategyConfig:
        """The library's strategy."""
        return StrategyConfig(description=self.description, weights=self.weights, rerank=self.rerank)


def _strategies() -> dict[str, StrategySettings]:
    tuned = "The bundle's own blend, with the weights that were tuned on the validation part."
    return {"tuned": StrategySettings(description=tuned, weights=None)}


class AlgorithmSettings(BaseModel):
    """How lists are made."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    default_strategy: str = Field("tuned", description="The strategy where a request names none.")
    min_readers: int = Field(
        MIN_READERS,
        ge=1,
        description="Of how many readers anything that is said of other readers must be, at least: reasons, "
        "`alsoRead`, `trending`.",
    )
    default_weights: GroupWeights = Field(
        GroupWeights(content=0.4, collaborative=0.4, popularity=0.2),
        description="The weights of the strategies that leave theirs out.",
    )
    strategies: dict[str, StrategySettings] = Field(
        default_factory=_strategies, description="The strategies that a request may name, by name."
    )

    @model_validator(mode="after")
    def _strategies_are_complete(self) -> Self:
        if self.default_strategy not in self.strategies:
            named = ", ".join(sorted(self.strategies)) or "none"
            raise ValueError(f"default_strategy {self.default_strategy!r} is not one of strategies: {named}")
        for name, strategy in self.strategies.items():
            if "weights" not in strategy.model_fields_set:
                self.strategies[name] = strategy.model_copy(update={"weights": self.default_weights})
        return self


class Settings(BaseSettings):
    """All settings. `Settings.load` reads them; calling the class takes what is given and defaults."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    environment: Literal["development", "production"] = Field(
        "development", description="What the server runs for; production insists on its secrets."
    )
    api: ApiSettings = Field(ApiSettings(), description="The server.")
    auth: AuthSettings = Field(AuthSettings(), description="Who may ask what.")
    audit: AuditSettings = Field(AuditSettings(), description="The record of who looked at whose data.")
    privacy: PrivacySettings = Field(
        PrivacySettings(), description="What readers can have done with their data."
    )
    worker: WorkerSettings = Field(WorkerSettings(), description="The worker.")
    upstream: UpstreamSettings = Field(
        UpstreamSettings(), description="The store's services, which the worker reads."
    )
    algorithms: AlgorithmSettings = Field(AlgorithmSettings(), description="How lists are made.")
    redis_url: SecretStr | None = Field(
        None,
        description="The Redis that servers share, also read from `REDIS_URL`; where unset, development starts "
        "one for this server alone.",
    )
    cursor_key: SecretStr | None = Field(
        None,
        description=f"Signs the cursors of pages, {CURSOR_KEY_LENGTH} characters or more, equal on all servers; "
        "where unset, development has one that everybody knows.",
    )
    pseudonym_key: SecretStr | None = Field(
        None,
        description="Makes pseudonyms of readers' ids, 64 hexadecimal digits; the one that the bundle was made with, "
        "and unset for a bundle with the ids of its source.",
    )
    profile_keys: SecretStr | None = Field(
        None,
        description="Seal what profiles hold in Redis, 64 hexadecimal digits each, separated by commas: the first "
        "seals, all open; where unset, development leaves them plain.",
    )
    inventory_token: SecretStr | None = Field(
        None, description="The bearer token for the inventory service; none is sent where unset."
    )
    checkout_token: SecretStr | None = Field(
        None, description="The bearer token for the checkout service; none is sent where unset."
    )
    users_token: SecretStr | None = Field(
        None, description="The bearer token for the users service; none is sent where unset."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read nothing but what is given: `load` puts the layers together, and knows where a value came from."""
        return (init_settings,)

    @field_validator("redis_url")
    @classmethod
    def _is_redis_url(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not url.get_secret_value().startswith(REDIS_SCHEMES):
            raise ValueError(f"must begin with one of {', '.join(REDIS_SCHEMES)}")
        try:
            _ = url is None or urlsplit(url.get_secret_value()).port
        except ValueError:
            # what Python says may quote a password
            raise ValueError(
                "must have a number as its port; in a password write / as %2F, : as %3A, @ as %40"
            ) from None
        return url

    @field_validator("cursor_key")
    @classmethod
    def _is_long(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None and len(key.get_secret_value()) < CURSOR_KEY_LENGTH:
            raise ValueError(
                f"must have at least {CURSOR_KEY_LENGTH} characters; `openssl rand -hex 32` makes one"
            )
        return key

    @field_validator("pseudonym_key", "profile_keys")
    @classmethod
    def _is_key(cls, given: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if given is not None:
            parse = Pseudonyms.parse if info.field_name == "pseudonym_key" else SealingKeys.parse
            try:
                parse(given.get_secret_value())
            except SecretKeyError as error:
                raise ValueError(str(error)) from None
        return given

    @field_validator("inventory_token", "checkout_token", "users_token")
    @classmethod
    def _is_bearer_token(cls, token: SecretStr | None) -> SecretStr | None:
        if token is not None:
            check_token(token.get_secret_value())
        return token

    @model_validator(mode="after")
    def _tokens_travel_unread(self) -> Self:
        if self.environment == "production":
            for name in ("inventory", "checkout", "users"):
                url, token = getattr(self.upstream, f"{name}_url"), getattr(self, f"{name}_token")
                if token is not None and url is not None and not url.startswith("https://"):
                    raise ValueError(
                        f"production sends no token over plain HTTP: upstream.{name}_url must begin with https://, "
                        f"or {PREFIX}{name.upper()}_TOKEN be unset"
                    )
        return self

    @model_validator(mode="after")
    def _production_has_its_secrets(self) -> Self:
        missing = self._missing(
            REDIS_URL=(self.redis_url, "name the Redis that all servers share, redis://..."),
            PROFILE_KEYS=(
                self.profile_keys,
                "set it to what `openssl rand -hex 32` prints, once for all servers and workers",
            ),
        )
        if missing:
            raise ValueError(missing)
        return self

    def insist_on_secrets_of_servers(self) -> None:
        """Make sure that a server has what a worker of production does without.

        Raises:
            ParameterError: it is a server of production, and lacks a secret.
        """
        missing = self._missing(
            AUTH__KEYS=(self.auth.keys, "the key set that tokens are verified with, a path or https://..."),
            CURSOR_KEY=(
                self.cursor_key,
                "set it to what `openssl rand -hex 32` prints, once for all servers",
            ),
        )
        if missing:
            raise ParameterError(missing)

    def _missing(self, **needed: tuple[object, str]) -> str:
        """What production lacks, and what to do; empty where it lacks nothing."""
        if self.environment != "production":
            return ""
        lacking = [f"{PREFIX}{name}: {how}" for name, (value, how) in needed.items() if value is None]
        return f"production needs the environment variable {'; and '.join(lacking)}" if lacking else ""

    @property
    def sealing(self) -> SealingKeys | None:
        """The keys of profiles."""
        return None if self.profile_keys is None else SealingKeys.parse(self.profile_keys.get_secret_value())

    @property
    def pseudonyms(self) -> Pseudonyms | None:
        """Who gives readers their pseudonyms; None where ids are used as they are."""
        key = self.pseudonym_key
        return None if key is None else Pseudonyms.parse(key.get_secret_value())

    @classmethod
    def load(cls, **given: Any) -> Self:
        """The settings of this process: defaults, configuration file, environment variables, what is given.

        Args:
            given: values by name, those of a part as a mapping: `load(api={"port": 0})`.

        Raises:
            ParameterError: a value is wrong, a key or variable is none of ours, or production lacks a secret.
        """
        return load(cls, given, origin="argument").settings
