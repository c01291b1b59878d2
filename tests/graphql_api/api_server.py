"""The real server as a process of its own, and the same application in this one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from graphql_api.app import create_app
from graphql_api.settings import Settings
from pipelines.publish import publish
from recs_core.serving.recommender import ServingRecommender
from recs_core.testing.tiny import tiny_bundle

RECOMMENDATIONS = """query Recommendations($userId: ID!, $first: Int! = 10) {
  recommendations(userId: $userId, first: $first) {
    nodes { rank score servedFrom book { bookId title } reasons { kind amount text } }
  }
}"""


@dataclass
class ApiServer:
    process: subprocess.Popen[str]
    client: httpx.Client
    log_path: Path

    def post(self, query: str, **variables: Any) -> httpx.Response:
        return self.client.post("/graphql", json={"query": query, "variables": variables})

    def data(self, query: str, **variables: Any) -> dict[str, Any]:
        answer = self.post(query, **variables).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def error(self, query: str, **variables: Any) -> dict[str, Any]:
        (error,) = self.post(query, **variables).json()["errors"]
        return error

    def redis_state(self) -> str:
        return self.client.get("/health/ready").json()["redis"]

    def log(self) -> str:
        return self.log_path.read_text(encoding="utf-8")

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


def server_command(*arguments: str) -> list[str]:
    return [sys.executable, "-W", "error", "-m", "graphql_api", *arguments]


def server_environment(**settings: str) -> dict[str, str]:
    """This environment with `settings` and no others of the server's."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith("BOOKVERSE_") and key != "REDIS_URL"
    }
    # hundreds of tests are one client
    return kept | {"BOOKVERSE_API__RATE_LIMIT": "10000000"} | settings


@contextmanager
def api_server(bundle: Path | None, log_path: Path, **settings: str) -> Iterator[ApiServer]:
    command = server_command("--port", "0", *(["--bundle", str(bundle)] if bundle else []))
    with log_path.open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, text=True, env=server_environment(**settings)
        )
    try:
        assert process.stdout is not None
        announced = process.stdout.readline()
        assert "http://" in announced, log_path.read_text(encoding="utf-8")
        url = announced.split()[-1].removesuffix("/graphql")
        with httpx.Client(base_url=url, timeout=20) as client:
            server = ApiServer(process, client, log_path)
            eventually(lambda: client.get("/health/live").is_success)
            yield server
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(20)
        process.stdout.close()


def eventually(true: Callable[[], bool], *, within_s: float = 10) -> None:
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)


async def nothing_to_catch_up(_: object) -> None:
    """For who follows invalidations of what nobody computes."""


def children(pid: int) -> list[int]:
    """The processes that a process started."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@asynccontextmanager
async def app_client(settings: Settings, recommender: ServingRecommender) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application in this process, started and stopped as a server would."""
    app = create_app(settings, recommender)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
            yield client


def publish_another(published: Path, server: ApiServer, seed: int) -> str:
    """Publish another bundle and wait until it is served; its version."""
    other = tiny_bundle(published.parent / f"bundle{seed}", seed=seed)
    version = publish(other.path, published, force="another is wanted, be it worse").version
    eventually(lambda: server.data("{ bundle { version } }")["bundle"]["version"] == version)
    return version
