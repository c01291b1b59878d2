"""Several processes serve as one: they share a port, swap bundles, and are replaced where they die."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from api_server import ApiServer, api_server, children, eventually, is_running

from pipelines.publish import publish
from recs_core.artifacts.bundle import Bundle
from recs_core.testing.tiny import tiny_bundle

WORKERS = 2


@pytest.fixture
def many(published: Path, tmp_path: Path) -> Iterator[ApiServer]:
    settings = {
        "BOOKVERSE_API__PUBLISHED": str(published),
        "BOOKVERSE_API__WORKERS": str(WORKERS),
        "BOOKVERSE_API__SNAPSHOTS_KEPT": "0",
    }
    with api_server(None, tmp_path / "log", **settings) as running:
        yield running


def workers(server: ApiServer) -> list[int]:
    return [pid for pid in children(server.process.pid) if is_python(pid)]


def is_python(pid: int) -> bool:
    try:
        return b"graphql_api" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return False


def mapped_versions(pid: int, published: Path) -> set[str]:
    """Whose files a process has mapped."""
    paths = {line.split()[-1] for line in Path(f"/proc/{pid}/maps").read_text().splitlines()}
    return {Path(path).parent.name for path in paths if path.startswith(str(published.resolve()))}


def answered(server: ApiServer) -> bool:
    """Over a connection of its own, which any worker may take."""
    query = {"query": "{ bundle { version } }"}
    return httpx.post(f"{server.client.base_url}/graphql", json=query, timeout=20).is_success


def test_they_answer_share_one_redis_and_stop_in_order(many: ApiServer) -> None:
    assert len(workers(many)) == WORKERS
    assert len(children(many.process.pid)) == WORKERS + 1
    assert all(answered(many) for _ in range(20))
    started = children(many.process.pid)
    assert many.stop() == 0
    assert not any(map(is_running, started))
    assert "Traceback" not in many.log()


def test_each_of_them_swaps_and_the_one_that_started_them_holds_no_bundle(
    many: ApiServer, published: Path, bundle: Bundle, tmp_path: Path
) -> None:
    eventually(lambda: not mapped_versions(many.process.pid, published))
    assert [mapped_versions(pid, published) for pid in workers(many)] == [{bundle.version}] * WORKERS
    other = tiny_bundle(tmp_path / "other", seed=8)
    publish(other.path, published, force="a test")
    eventually(lambda: all(mapped_versions(pid, published) == {other.version} for pid in workers(many)))
    assert answered(many)


def test_one_that_dies_is_replaced_by_one_that_serves_what_is_published_by_then(
    many: ApiServer, published: Path, tmp_path: Path
) -> None:
    before = set(workers(many))
    version = publish(tiny_bundle(tmp_path / "other", seed=8).path, published, force="a test").version
    victim = min(before)
    os.kill(victim, signal.SIGKILL)
    eventually(lambda: len(set(workers(many)) - before) == 1)
    assert answered(many)
    (fresh,) = set(workers(many)) - before
    eventually(lambda: mapped_versions(fresh, published) == {version})
    assert f"worker {victim} ended with status -9" in many.log()


def test_they_do_not_outlive_the_one_that_started_them(many: ApiServer) -> None:
    started = workers(many)
    many.process.kill()
    eventually(lambda: not any(map(is_running, started)))
