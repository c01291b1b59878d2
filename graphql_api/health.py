"""What an orchestrator asks: is the process up, can it answer."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from graphql_api.cache.responses import ResponseCache
from graphql_api.snapshots import Snapshots


async def live(_: Request) -> Response:
    """The process is up."""
    return _json({"status": "up"})


class Readiness:
    """Answers `/health/ready`: 200 while queries are answered, with Redis or without; 503 before and after.

    Args:
        snapshots: what is served.
        cache: its counts are reported.
    """

    def __init__(self, snapshots: Snapshots, cache: ResponseCache) -> None:
        self._snapshots = snapshots
        self._cache = cache
        self.serving = False
        """Whether the server has started and not begun to stop."""

    async def ready(self, _: Request) -> Response:
        """What is served, and how the cache does."""
        bundle = self._snapshots.current.recommender.bundle
        state = {
            "status": "ready" if self.serving else "not ready",
            "bundle": bundle.version,
            "model": bundle.meta.model_name,
            "redis": await self._redis_state(),
            "cache": self._cache.report(),
        }
        return _json(state, 200 if self.serving else 503)

    async def _redis_state(self) -> str:
        if self._cache.shared is None:
            return "off"
        return "up" if await self._cache.shared.connection.is_up() else "down"


def _json(value: dict[str, Any], status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, {"Cache-Control": "no-store"}, "application/json")
