"""The project's copies that the tests share, and a Redis for each."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from project_copy import Workspace, make_workspace
from redis import Redis

from recs_core.online.redis_server import EmbeddedRedis


@pytest.fixture
def client() -> Iterator[Redis]:
    with EmbeddedRedis(max_memory_bytes=2**26) as server, Redis.from_url(server.url) as connected:
        yield connected


@pytest.fixture(scope="session")
def empty_workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The project before anything has run. Do not change it."""
    return make_workspace(tmp_path_factory.mktemp("empty") / "project")


@pytest.fixture(scope="session")
def reproduced(tmp_path_factory: pytest.TempPathFactory) -> list[Workspace]:
    """Two copies in different places, each after one `dvc repro` from nothing, side by side to save time."""
    made = [make_workspace(tmp_path_factory.mktemp(name) / f"project-{name}") for name in ("one", "another")]
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda workspace: workspace.dvc("repro"), made))
    return made


@pytest.fixture(scope="session")
def workspace(reproduced: list[Workspace]) -> Workspace:
    """The project after one `dvc repro`. A test that changes it puts it back."""
    return reproduced[0]


@pytest.fixture(scope="session")
def other_workspace(reproduced: list[Workspace]) -> Workspace:
    """The same, made independently."""
    return reproduced[1]
