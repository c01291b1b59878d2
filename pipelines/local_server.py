"""The real server, in a process of its own, for as long as a command needs it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from recs_core.errors import BookverseError

READY_WITHIN_S = 60


class ServerError(BookverseError):
    """The server did not start, or is not ready."""


@contextmanager
def local_server(
    port: int = 0, *, bundle: Path | None = None, settings: Mapping[str, str] | None = None
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start the server; gives its process and its address, and stops it at the end.

    Args:
        port: where it listens; 0 for a free one.
        bundle: what it serves; what is published where None.
        settings: environment variables beside those of this process.

    Raises:
        ServerError: it did not start, or was not ready in time.
    """
    command = [sys.executable, "-m", "graphql_api", "--port", str(port)]
    command += ["--bundle", str(bundle)] if bundle is not None else []
    # a group of its own, so that Ctrl-C reaches this process alone and the server is stopped in order
    server = subprocess.Popen(  # noqa: S603 - this environment's server
        command,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=os.environ | dict(settings or {}),
    )
    try:
        announced = next(iter(server.stdout or ()), "")
        if "http" not in announced:
            raise ServerError(
                f"the server did not start (exit status {server.wait()}); see its message above"
            )
        url = announced.split()[-1].removesuffix("/graphql")
        _wait_until_ready(url, server)
        yield server, url
    finally:
        server.terminate()
        server.wait()
        if server.stdout is not None:
            server.stdout.close()


def _wait_until_ready(url: str, server: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline and server.poll() is None:
        try:
            if httpx.get(f"{url}/health/ready").status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise ServerError(f"the server at {url} was not ready within {READY_WITHIN_S} s")
