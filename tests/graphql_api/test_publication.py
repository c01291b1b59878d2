"""A publication is served as soon as it is known of, warm, and what it replaces is let go."""

from __future__ import annotations

import asyncio
import gc
import uuid
import weakref
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest
from api_server import RECOMMENDATIONS, ApiServer, api_server, eventually

from graphql_api import publication
from graphql_api.publication import PublicationWatch, is_published
from graphql_api.snapshots import Snapshot, Snapshots
from pipelines.bundle import main as bundle_command
from recs_core.artifacts.bundle import Bundle, open_bundle
from recs_core.artifacts.published import Provenance
from recs_core.artifacts.registry import BundleRegistry
from recs_core.online.current import announce
from recs_core.online.redis_server import EmbeddedRedis
from recs_core.serving.recommender import ServingRecommender
from recs_core.testing.tiny import tiny_bundle


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return tiny_bundle(tmp_path_factory.mktemp("other") / "bundle", seed=8)


def open_(path: Path) -> Snapshot:
    return Snapshot.of(ServingRecommender(open_bundle(path)))


@asynccontextmanager
async def watched(
    registry: BundleRegistry, snapshots: Snapshots, redis_url: str | None
) -> AsyncIterator[None]:
    async def warm(_: Snapshot) -> int:
        return 0

    watch = PublicationWatch(registry, snapshots, make=open_, warm=warm, swapped=lambda *_: None)
    async with watch.running(redis_url):
        yield


async def served(snapshots: Snapshots, version: str) -> None:
    async with asyncio.timeout(20):
        while snapshots.current.version != version:
            await asyncio.sleep(0.01)


@pytest.fixture(params=["folder", "object store"])
def registry(request: pytest.FixtureRequest, tmp_path: Path, bundle: Bundle) -> BundleRegistry:
    url = str(tmp_path / "published") if request.param == "folder" else f"memory://{uuid.uuid4()}"
    made = BundleRegistry(url, cache=tmp_path / "cache")
    made.publish(bundle.path, Provenance())
    return made


def first(registry: BundleRegistry) -> Snapshots:
    return Snapshots(open_(registry.pull(registry.current())), kept=0, ttl_s=60)


@pytest.mark.anyio
async def test_word_from_redis_is_enough(
    registry: BundleRegistry, other: Bundle, redis_server: EmbeddedRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    # nobody looks by himself
    monkeypatch.setattr(publication, "LOOK_EVERY_S", 3_600)
    snapshots = first(registry)
    async with watched(registry, snapshots, redis_server.url):
        version = await asyncio.to_thread(registry.publish, other.path, Provenance())
        await asyncio.to_thread(announce, redis_server.url, version)
        await served(snapshots, version)


@pytest.mark.anyio
@pytest.mark.parametrize("redis_url", [None, "redis://127.0.0.1:1"], ids=["none", "away"])
async def test_without_redis_it_is_found(
    registry: BundleRegistry, other: Bundle, redis_url: str | None
) -> None:
    snapshots = first(registry)
    async with watched(registry, snapshots, redis_url):
        await served(snapshots, await asyncio.to_thread(registry.publish, other.path, Provenance()))


@pytest.mark.anyio
async def test_what_was_published_before_the_start_is_served_from_the_start(
    registry: BundleRegistry, other: Bundle
) -> None:
    snapshots = first(registry)
    version = registry.publish(other.path, Provenance())
    async with watched(registry, snapshots, None):
        assert snapshots.current.version == version


@pytest.mark.anyio
async def test_a_replaced_bundle_is_gone_with_its_last_user(registry: BundleRegistry, other: Bundle) -> None:
    snapshots = first(registry)
    in_flight: Snapshot | None = snapshots.current
    before = weakref.ref(snapshots.current)
    gc.disable()
    try:
        async with watched(registry, snapshots, None):
            await served(snapshots, await asyncio.to_thread(registry.publish, other.path, Provenance()))
            await anyio.sleep(2 * publication.LOOK_EVERY_S)
            assert before() is in_flight
            in_flight = None
            # by counting alone: the collector might be hours away
            assert before() is None
    finally:
        gc.enable()


def test_a_bundle_elsewhere_is_not_published(registry: BundleRegistry, bundle: Bundle) -> None:
    assert is_published(registry.pull(bundle.version), registry)
    assert not is_published(bundle.path, registry)


def served_version(server: ApiServer) -> str:
    return server.client.get("/health/ready").json()["bundle"]


def test_what_was_asked_of_late_is_answered_from_the_cache_when_a_bundle_is_new(
    publishing: ApiServer, published: Path, other: Bundle
) -> None:
    publishing.data(RECOMMENDATIONS, userId="u001")
    publishing.error(RECOMMENDATIONS, userId="u001", first=-1)
    bundle_command(["publish", "--bundle", str(other.path), "--to", str(published), "--force", "a test"])
    eventually(lambda: served_version(publishing) == other.version)
    known = publishing.post(RECOMMENDATIONS, userId="u001")
    assert known.headers["Cache-Status"] == "bookverse; hit; detail=L1"
    assert known.headers["Bookverse-Bundle"] == other.version
    unknown = publishing.post(RECOMMENDATIONS, userId="u002")
    assert unknown.headers["Cache-Status"] == "bookverse; fwd=miss; stored"
    assert "1 answers ready" in publishing.log()


@pytest.fixture
def keeping_none(published: Path, tmp_path: Path) -> Iterator[ApiServer]:
    """A server that keeps no bundle but the one that it serves."""
    settings = {"BOOKVERSE_API__PUBLISHED": str(published), "BOOKVERSE_API__SNAPSHOTS_KEPT": "0"}
    with api_server(None, tmp_path / "log", **settings) as running:
        yield running


def mapped(server: ApiServer, version: str) -> list[str]:
    maps = Path(f"/proc/{server.process.pid}/maps").read_text().splitlines()
    return [line for line in maps if f"/{version}/" in line]


def test_the_files_of_a_replaced_bundle_are_no_longer_mapped_and_going_back_maps_them_again(
    keeping_none: ApiServer, published: Path, bundle: Bundle, other: Bundle
) -> None:
    keeping_none.data(RECOMMENDATIONS, userId="u001")
    assert mapped(keeping_none, bundle.version)
    bundle_command(["publish", "--bundle", str(other.path), "--to", str(published), "--force", "a test"])
    eventually(lambda: served_version(keeping_none) == other.version)
    eventually(lambda: not mapped(keeping_none, bundle.version))
    assert mapped(keeping_none, other.version)
    assert bundle_command(["rollback", "--to", str(published)]) == 0
    eventually(lambda: served_version(keeping_none) == bundle.version)
    eventually(lambda: not mapped(keeping_none, other.version))
