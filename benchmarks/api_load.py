"""Load by wrk: one thread, on a core of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from benchmarks.api_servers import LOAD_CORE, Running, pin

SCRIPT = Path(__file__).parent / "api_wrk.lua"


def wrk(
    server: Running, bodies: Path, *, seconds: int, connections: int, tokens: Path | None = None
) -> dict[str, Any]:
    """Ask a server as fast as it answers.

    Args:
        server: where requests are posted to.
        bodies: a file of bodies, see `api_data.bodies`.
        seconds: for how long.
        connections: how many requests are in flight.
        tokens: a file of access tokens, one for each body; None sends none.

    Returns:
        `requests_per_s`, `cpu_ms` of the server for each of them, `p50_ms`, `p95_ms`, `p99_ms`, `failed` responses
        with an HTTP error, `unanswered` requests.

    Raises:
        RuntimeError: wrk is not installed or stopped.
    """
    if shutil.which("wrk") is None:
        raise RuntimeError("wrk is not installed: apt-get install wrk")
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(SCRIPT), server.url]
    before = server.cpu_s()
    process = subprocess.Popen(  # noqa: S603 - our own arguments
        [*command, "--", str(bodies), *([] if tokens is None else [str(tokens)])],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    pin(process.pid, LOAD_CORE)
    output, errors = process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"wrk stopped with {process.returncode}: {errors.strip() or output.strip()}")
    told = json.loads(output.strip().splitlines()[-1])
    return {
        "requests_per_s": 1e6 * told["requests"] / told["microseconds"],
        "cpu_ms": 1e3 * (server.cpu_s() - before) / max(1, told["requests"]),
        **{f"{name}_ms": told[name] / 1e3 for name in ("p50", "p95", "p99")},
        "failed": told["failed"],
        "unanswered": told["unanswered"],
    }
