"""Publishing: only a bundle that is whole gets to where the server looks."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from graphql_api.settings import Settings, bundle_path
from pipelines.publish import publish
from recs_core.artifacts.bundle import open_bundle
from recs_core.errors import ArtifactError
from recs_core.testing.tiny import tiny_bundle


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_bundle(tmp_path_factory.mktemp("bundle") / "bundle").path


def test_the_server_finds_what_was_published(bundle: Path, tmp_path: Path) -> None:
    version = publish(bundle, tmp_path).version
    found = bundle_path(Settings.load(api={"published": tmp_path}))
    assert open_bundle(found).version == version == open_bundle(bundle).version
    assert (found / "provenance.json").exists()


def test_publishing_twice_changes_nothing_that_is_served(bundle: Path, tmp_path: Path) -> None:
    assert publish(bundle, tmp_path).version == publish(bundle, tmp_path).version
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["CURRENT", "changes", open_bundle(bundle).version]
    )


def test_a_damaged_bundle_is_not_published_and_the_old_one_stays(bundle: Path, tmp_path: Path) -> None:
    version = publish(bundle, tmp_path / "published").version
    damaged = tmp_path / "damaged"
    shutil.copytree(bundle, damaged)
    victim = damaged / "users.npy"
    content = bytearray(victim.read_bytes())
    content[-1] ^= 1
    victim.write_bytes(content)
    with pytest.raises(ArtifactError, match=r"users\.npy is damaged"):
        publish(damaged, tmp_path / "published")
    short_form = [sys.executable, "-m", "pipelines.publish", "--bundle", str(damaged)]
    refused = subprocess.run(
        [*short_form, "--to", str(tmp_path / "published")], capture_output=True, text=True, check=False
    )
    assert refused.returncode == 1
    assert refused.stderr.startswith("nothing was published")
    assert (tmp_path / "published/CURRENT").read_text().strip() == version
