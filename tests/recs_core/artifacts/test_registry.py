"""The registry keeps its promises in a folder and on an object store alike."""

from __future__ import annotations

import os
import shutil
import time
import uuid
from pathlib import Path

import fsspec
import pytest

from recs_core.artifacts.bundle import Bundle, open_bundle
from recs_core.artifacts.published import Provenance
from recs_core.artifacts.registry import BundleRegistry
from recs_core.errors import ArtifactError, ParameterError
from recs_core.testing.tiny import tiny_bundle


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> list[Bundle]:
    root = tmp_path_factory.mktemp("bundles")
    return [tiny_bundle(root / str(seed), seed=seed) for seed in range(3)]


@pytest.fixture(params=["folder", "object store"])
def registry(request: pytest.FixtureRequest, tmp_path: Path) -> BundleRegistry:
    url = str(tmp_path / "published") if request.param == "folder" else f"memory://{uuid.uuid4()}/published"
    return BundleRegistry(url, cache=tmp_path / "cache")


def provenance(minute: int, forced: str | None = None) -> Provenance:
    return Provenance(published_at=f"2026-01-01T00:{minute:02}:00+00:00", forced=forced)


def publish_all(registry: BundleRegistry, bundles: list[Bundle]) -> list[str]:
    return [registry.publish(each.path, provenance(minute)) for minute, each in enumerate(bundles)]


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def test_what_was_published_is_current_and_can_be_opened(
    registry: BundleRegistry, bundles: list[Bundle]
) -> None:
    version = registry.publish(bundles[0].path, provenance(0))
    assert registry.current() == version == bundles[0].version
    path = registry.pull(version)
    assert path == registry.place(version)
    assert open_bundle(path).version == version


def test_nothing_published_says_what_to_do(registry: BundleRegistry) -> None:
    with pytest.raises(ArtifactError, match=r"CURRENT is missing; run `make demo`"):
        registry.current()
    assert registry.entries() == []


def test_the_list_has_every_version_and_what_is_known_of_it(
    registry: BundleRegistry, bundles: list[Bundle]
) -> None:
    versions = publish_all(registry, bundles)
    entries = registry.entries()
    assert [entry.version for entry in entries] == versions[::-1]
    assert [entry.is_current for entry in entries] == [True, False, False]
    assert [entry.provenance for entry in entries] == [provenance(2), provenance(1), provenance(0)]
    assert [entry.meta for entry in entries] == [each.meta for each in reversed(bundles)]


def test_a_damaged_bundle_does_not_become_current(
    registry: BundleRegistry, bundles: list[Bundle], tmp_path: Path
) -> None:
    version = registry.publish(bundles[0].path, provenance(0))
    shutil.copytree(bundles[1].path, tmp_path / "damaged")
    damage(tmp_path / "damaged/users.npy")
    with pytest.raises(ArtifactError, match=r"users\.npy is damaged"):
        registry.publish(tmp_path / "damaged", provenance(1))
    assert registry.current() == version
    assert registry.versions() == [version]


def test_going_back_again_goes_further_back(registry: BundleRegistry, bundles: list[Bundle]) -> None:
    first, second, third = publish_all(registry, bundles)
    assert registry.rollback() == second == registry.current()
    assert registry.rollback() == first == registry.current()
    with pytest.raises(ArtifactError, match="nothing was served before"):
        registry.rollback()
    # what came after is still there
    assert registry.rollback(third, reason="it was not its fault") == third == registry.current()
    changes = [(change.version, change.how) for change in registry.changes()]
    assert changes == [
        *((version, "publish") for version in (first, second, third)),
        *((version, "rollback") for version in (second, first, third)),
    ]
    assert registry.changes()[-1].reason == "it was not its fault"


def test_after_going_back_and_publishing_the_way_back_is_the_way_that_was_gone(
    registry: BundleRegistry, bundles: list[Bundle]
) -> None:
    first, _, third = (each.version for each in bundles)
    publish_all(registry, bundles[:2])
    registry.rollback()
    registry.publish(bundles[2].path, provenance(2))
    assert registry.current() == third
    assert registry.before() == first


def test_there_is_no_way_back_to_what_is_unknown_or_damaged(
    registry: BundleRegistry, bundles: list[Bundle], tmp_path: Path
) -> None:
    first, second = publish_all(registry, bundles[:2])
    with pytest.raises(ArtifactError, match=f"has no bundle 0123456789abcdef; there are: .*{first}"):
        registry.rollback("0123456789abcdef")
    if registry.url.startswith("memory"):
        file = f"{registry.url}/{first}/users.npy"
        with fsspec.open(file, "rb") as stream:
            content = stream.read()
        with fsspec.open(file, "wb") as stream:
            stream.write(content[:-1] + b"!")
    else:
        damage(registry.place(first) / "users.npy")
    with pytest.raises(ArtifactError, match=r"users\.npy is damaged"):
        registry.rollback()
    assert registry.current() == second


def test_pruning_keeps_the_newest_and_the_current(registry: BundleRegistry, bundles: list[Bundle]) -> None:
    first, second, third = publish_all(registry, bundles)
    registry.rollback(first)
    assert registry.prune(keep=1) == [second]
    assert registry.versions() == sorted([first, third])
    assert registry.current() == first
    with pytest.raises(ParameterError, match="keep must be at least 1"):
        registry.prune(keep=0)


def test_each_publication_has_a_stamp_of_its_own(registry: BundleRegistry, bundles: list[Bundle]) -> None:
    stamps = {registry.stamp()}
    for _ in range(2):
        registry.publish(bundles[0].path, provenance(0))
        stamps.add(registry.stamp())
        time.sleep(0.01)
    assert len(stamps) == 3


def test_a_bundle_of_another_schema_is_listed_without_its_figures(tmp_path: Path, bundle: Bundle) -> None:
    registry = BundleRegistry(tmp_path)
    version = registry.publish(bundle.path, provenance(0))
    manifest = tmp_path / version / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"schema_version": 4', '"schema_version": 3'))
    (entry,) = registry.entries()
    assert (entry.version, entry.meta) == (version, None)


def test_a_bundle_that_is_sent_only_in_part_is_not_there(tmp_path: Path, bundle: Bundle) -> None:
    registry = BundleRegistry(f"memory://{uuid.uuid4()}", cache=tmp_path)
    registry.publish(bundle.path, provenance(0))
    # the manifest is sent last
    fs, root = fsspec.url_to_fs(registry.url)
    fs.rm_file(f"{root}/{bundle.version}/manifest.json")
    assert registry.versions() == []
    with pytest.raises(ArtifactError, match="has no bundle"):
        registry.pull(bundle.version)


def test_what_arrives_damaged_is_fetched_again(tmp_path: Path, bundle: Bundle) -> None:
    registry = BundleRegistry(f"memory://{uuid.uuid4()}", cache=tmp_path)
    path = registry.pull(registry.publish(bundle.path, provenance(0)))
    damage(path / "users.npy")
    assert open_bundle(registry.pull(bundle.version)).version == bundle.version


def test_copies_are_forgotten_unless_they_are_kept_or_new(tmp_path: Path, bundles: list[Bundle]) -> None:
    registry = BundleRegistry(f"memory://{uuid.uuid4()}", cache=tmp_path)
    paths = [registry.pull(version) for version in publish_all(registry, bundles)]
    hours_ago = time.time() - 2 * 3_600
    for path in paths[:2]:
        os.utime(path, (hours_ago, hours_ago))
    registry.forget({bundles[0].version})
    assert [path.exists() for path in paths] == [True, False, True]


def test_a_store_of_an_unknown_kind_is_named() -> None:
    with pytest.raises(ParameterError, match="no store can be opened at nowhere://bundles"):
        BundleRegistry("nowhere://bundles")
