"""The clients in docs/clients: generated from the schema, type-checked, and run against a real server."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest
from api_server import api_server

from pipelines.publish import publish
from recs_core.testing.tiny import tiny_bundle

CLIENTS = Path("docs/clients")
NPM = shutil.which("npm")

needs_packages = pytest.mark.skipif(
    NPM is None or not (CLIENTS / "node_modules").is_dir(),
    reason="npm is not installed" if NPM is None else f"{CLIENTS}/node_modules is missing: make clients",
)

PUBLISH_EVERY_S = 2.0
"""A subscriber hears of nothing that was published before it was listening, so bundles take turns."""


class Publisher:
    """A folder of published bundles, in which two take turns while somebody waits for a change."""

    def __init__(self, folder: Path) -> None:
        self.published = folder / "published"
        self._bundles = [tiny_bundle(folder / f"bundle{seed}", seed=seed).path for seed in (7, 8)]
        publish(self._bundles[0], self.published)

    def publish_until(self, ended: threading.Event) -> None:
        turn = 0
        while not ended.is_set():
            turn = 1 - turn
            publish(self._bundles[turn], self.published)
            ended.wait(PUBLISH_EVERY_S)


@pytest.fixture(scope="module")
def publisher(tmp_path_factory: pytest.TempPathFactory) -> Publisher:
    return Publisher(tmp_path_factory.mktemp("clients"))


@pytest.fixture(scope="module")
def url(publisher: Publisher, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    settings = {"BOOKVERSE_API__PUBLISHED": str(publisher.published)}
    with api_server(None, tmp_path_factory.mktemp("server") / "log", **settings) as server:
        yield str(server.client.base_url.join("/graphql"))


def run_client(client: str, url: str, publisher: Publisher) -> tuple[int, str]:
    """The exit status and the output of a client's `npm test`."""
    environment = os.environ | {"BOOKVERSE_URL": url, "BOOKVERSE_PUBLISHES": "1"}
    command = [NPM or "npm", "test", "--workspace", client]
    ended = threading.Event()
    publishing = threading.Thread(target=publisher.publish_until, args=(ended,))
    output = []
    with subprocess.Popen(
        command, cwd=CLIENTS, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        lines: IO[str] = process.stdout or pytest.fail("npm has no output")
        try:
            for line in lines:
                output.append(line)
                if line.startswith("waiting for a new bundle"):
                    publishing.start()
        finally:
            ended.set()
    if publishing.ident is not None:
        publishing.join()
    return process.wait(), "".join(output)


@needs_packages
@pytest.mark.parametrize("client", ["apollo", "urql", "relay"])
def test_a_client_gets_pages_reasons_hits_and_changes(client: str, url: str, publisher: Publisher) -> None:
    status, output = run_client(client, url, publisher)
    assert f"{client}: every document was answered" in output, output
    assert status == 0, output


@needs_packages
def test_generated_code_is_current_and_the_schema_is_one_for_relay() -> None:
    checked = subprocess.run(
        [NPM or "npm", "run", "check"], cwd=CLIENTS, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_lock_names_no_registry() -> None:
    packages = json.loads((CLIENTS / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert {p["resolved"] for p in packages.values() if "resolved" in p} == {"apollo", "relay", "urql"}
    assert all(
        "integrity" in p for name, p in packages.items() if "node_modules/" in name and not p.get("link")
    )
