"""The servers that are measured side by side, each one process on one core."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

SERVER_CORE, LOAD_CORE = 0, 1
"""Of the machine: what is measured and what measures do not share one."""

MERCURIUS = Path(__file__).parent / "mercurius"

READY_S = 60

UNCACHED = {"BOOKVERSE_API__CACHE_TTL": "0"}
"""Settings of a product that keeps no answer."""

QUIET = {"BOOKVERSE_API__DEBUG_MODE": "false", "BOOKVERSE_API__RATE_LIMIT": "0"}
"""Of one that writes no line a request, as in production, and lets one client ask as often as it likes."""


@dataclass(frozen=True)
class Running:
    """A server.

    Args:
        url: of its `/graphql`.
        pid: of its process.
    """

    url: str
    pid: int

    def cpu_s(self) -> float:
        """The processor time that it has used, in seconds: what others on the machine change least."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        # utime and stime, of proc_pid_stat(5)
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Measured:
    """A server under a name.

    Args:
        name: in the table.
        server: that is asked.
    """

    name: str
    server: Running


@contextmanager
def servers(bundle: Path, data: Path, scratch: Path) -> Iterator[tuple[list[Measured], dict[str, str]]]:
    """All servers, and why those that are missing are not there.

    Args:
        bundle: what the product serves.
        data: the file of `api_data.answers`, for servers without a recommender.
        scratch: an empty directory, for logs and what npm installs.
    """
    stock = [sys.executable, "-m", "uvicorn", "--loop", "uvloop", "--http", "httptools"]
    stock += ["--no-access-log", "--log-level", "warning"]
    given = {"BENCHMARK_DATA": str(data), "BENCHMARK_BUNDLE": str(bundle)}
    skipped: dict[str, str] = {}
    with ExitStack() as running:

        def start(name: str, command: list[str]) -> Running:
            return running.enter_context(_server(command, scratch / f"{name}.log", given))

        def ours(name: str, **settings: str) -> Measured:
            return Measured(name, running.enter_context(product(bundle, scratch / f"{name}.log", **settings)))

        found = [
            ours("product, cached"),
            ours("product, uncached, compiled", **UNCACHED),
            ours("product, uncached, by graphql-core", **UNCACHED, BOOKVERSE_API__COMPILED_DOCUMENTS="false"),
            Measured("raw Starlette route", start("raw", [*stock, "benchmarks.api_raw:app", "--port"])),
            Measured(
                "stock Strawberry on objects in memory",
                start("stock-memory", [*stock, "benchmarks.api_stock_memory:app", "--port"]),
            ),
            Measured(
                "stock Strawberry on the same recommender",
                start("stock-recommender", [*stock, "benchmarks.api_stock_recommender:app", "--port"]),
            ),
        ]
        reason = _install_mercurius(scratch)
        if reason is None:
            node = ["node", str(scratch / "server.js"), str(data)]
            found.append(Measured("Mercurius with JIT", start("mercurius", node)))
        else:
            skipped["Mercurius with JIT"] = reason
        yield found, skipped


@contextmanager
def product(bundle: Path, log: Path, **environment: str) -> Iterator[Running]:
    """The product as it is started by hand, but for the log of each request.

    Args:
        bundle: what it serves.
        log: where its log goes.
        environment: settings.
    """
    command = [sys.executable, "-m", "graphql_api", "--bundle", str(bundle), "--port"]
    with _server(command, log, QUIET | environment) as running:
        yield running


def _install_mercurius(scratch: Path) -> str | None:
    """Install Mercurius into `scratch`; why it cannot be, if so."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    for file in ("package.json", "server.js"):
        shutil.copy(MERCURIUS / file, scratch)
    command = ["npm", "install", "--no-audit", "--no-fund", "--silent"]
    installed = subprocess.run(  # noqa: S603 - our own arguments
        command, cwd=scratch, capture_output=True, text=True, check=False
    )
    return None if installed.returncode == 0 else f"npm install failed: {installed.stderr.strip()[-300:]}"


@contextmanager
def _server(command: list[str], log: Path, environment: dict[str, str]) -> Iterator[Running]:
    """Run a server on a free port, the last argument of its command, until it is not needed any more."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    # one thread for sums of numbers: the core is one
    one = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "UV_THREADPOOL_SIZE": "1"}
    with log.open("w") as file:
        process = subprocess.Popen(  # noqa: S603 - our own arguments
            [*command, str(port)], stdout=file, stderr=file, env=os.environ | one | environment
        )
    try:
        pin(process.pid, SERVER_CORE)
        url = f"http://127.0.0.1:{port}/graphql"
        _until_ready(url, process, log)
        yield Running(url, process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def pin(pid: int, core: int) -> None:
    """Keep a process, and what it starts from now on, on one core where there are several."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(pid, {cores[core % len(cores)]})


def _until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            if httpx.post(url, json={"query": "{ __typename }"}).status_code < 500:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise RuntimeError(f"{' '.join(process.args)} does not answer: {log.read_text()[-500:]}")  # type: ignore[arg-type]
