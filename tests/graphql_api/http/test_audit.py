"""The audits of the `graphql-http` package, the standard's own list, on the real server.

They need node, and the package from `make clients` or where `GRAPHQL_HTTP` says.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from api_server import ApiServer

NODE = shutil.which("node")
PACKAGE = Path(os.environ.get("GRAPHQL_HTTP", "docs/clients/node_modules/graphql-http"))

AUDIT = """
import { pathToFileURL } from "node:url";
const { serverAudits } = await import(pathToFileURL(process.argv[1] + "/lib/audits/index.mjs"));
const withHeader = (url, init = {}) =>
  fetch(url, { ...init, headers: { ...init.headers, "GraphQL-Require-Preflight": "1" } });
const fetchFn = process.argv[3] === "preflight" ? withHeader : fetch;
const results = [];
for (const audit of serverAudits({ url: process.argv[2], fetchFn })) {
  const { status, reason } = await audit.fn();
  results.push({ id: audit.id, name: audit.name, status, reason: reason ?? null });
}
process.stdout.write(JSON.stringify(results));
"""

NEED_A_PREFLIGHT_HEADER = {
    "5A70": "MAY accept application/x-www-form-urlencoded formatted GET requests",
    "D6D5": "MAY allow URL-encoded JSON string {variables} parameter in GETs when accepting "
    "application/graphql-response+json",
    "6A70": "MAY allow URL-encoded JSON string {variables} parameter in GETs when accepting application/json",
}
"""What is refused on purpose to who may be another site's page."""

pytestmark = [
    pytest.mark.skipif(NODE is None, reason="node is not installed"),
    pytest.mark.skipif(
        not (PACKAGE / "package.json").exists(),
        reason=f"{PACKAGE} is missing: make clients",
    ),
]


def failed_audits(server: ApiServer, mode: str) -> tuple[int, dict[str, str]]:
    """How many audits there are, and those that the server fails."""
    url = str(server.client.base_url.join("/graphql"))
    command = [NODE, "--input-type=module", "--eval", AUDIT, str(PACKAGE.resolve()), url, mode]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr
    results = json.loads(ended.stdout)
    return len(results), {r["id"]: r["name"] for r in results if r["status"] != "ok"}


def test_every_audit_is_passed_by_a_client_that_sends_the_preflight_header(server: ApiServer) -> None:
    n, failed = failed_audits(server, "preflight")
    assert n > 50
    assert failed == {}


def test_without_the_header_only_the_optional_get_is_missing(server: ApiServer) -> None:
    _, failed = failed_audits(server, "plain")
    assert failed == NEED_A_PREFLIGHT_HEADER
