"""What all commands need: the settings, and Redis. Each is there when a command first asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import typer
from redis import Redis

from graphql_api.settings import Settings
from graphql_api.settings.loading import load
from recs_core.errors import ParameterError
from recs_core.online.connection import connect


@dataclass
class State:
    """What one call of the command line works with.

    Args:
        config: the configuration file; None for that of the environment.
    """

    config: Path | None

    @cached_property
    def settings(self) -> Settings:
        """The settings.

        Raises:
            ParameterError: one is wrong.
        """
        return load(Settings, {}, origin="command line", config=self.config).settings

    @cached_property
    def redis_url(self) -> str:
        """Where the Redis is that servers and workers share.

        Raises:
            ParameterError: none is named.
        """
        if self.settings.redis_url is None:
            raise ParameterError(
                "no Redis is named: set REDIS_URL to the one that servers and workers share, such as "
                "redis://127.0.0.1:6379/0"
            )
        return self.settings.redis_url.get_secret_value()

    @cached_property
    def redis(self) -> Redis:
        """A client of that Redis."""
        return connect(self.redis_url)


def state_of(context: typer.Context) -> State:
    """The state of a command's call."""
    state = context.obj
    assert isinstance(state, State)  # noqa: S101 - the callback of the app has set it
    return state
