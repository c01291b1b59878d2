"""Latency as readers see it: requests arrive at a constant rate, whether or not those before were answered.

A client that waits for an answer before it asks again asks a slow server less, and so does not see how slow it is.
Here each request has a time at which it is due, and its latency counts from then on, also while it waits for a
connection. The rate is a share of the highest that wrk reached just before. Prints JSON and writes
benchmarks/results/open_loop.json.

    python -m benchmarks.open_loop --bundle data/bundle
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import time
from collections import deque
from itertools import cycle
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import uvloop

from benchmarks.api_data import answers, bodies
from benchmarks.api_load import wrk
from benchmarks.api_servers import LOAD_CORE, UNCACHED, Running, pin, product
from benchmarks.machine import machine
from recs_core.data.arrays import replacing_file

RESULT = Path("benchmarks/results/open_loop.json")

CONNECTIONS = 64
CAPACITY_S = 5


class Connection(asyncio.Protocol):
    """A connection with one request at a time, of a server that always says Content-Length."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._received = bytearray()
        self._due = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be free for a request."""
        self._transport: Any = transport
        self._load.free(self)

    def send(self, request: bytes, due: float) -> None:
        """Send a request that was due at a time."""
        self._due = due
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Note the latency once the response is whole."""
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        if len(body) < length:
            return
        self._load.answered(self._due, ok=head.startswith(b"HTTP/1.1 200"))
        self._received.clear()
        self._load.free(self)


class Load:
    """Sends requests when they are due, over the first connection that is free.

    Args:
        requests: sent in turn.
        rate: how many a second.
        seconds: for how long.
    """

    def __init__(self, requests: list[bytes], *, rate: float, seconds: float) -> None:
        self._requests = cycle(requests)
        self._rate = rate
        self._total = int(rate * seconds)
        self._free: deque[Connection] = deque()
        self._waiting: deque[float] = deque()
        self._done = asyncio.Event()
        self.latencies: list[float] = []
        self.failed = 0
        self.late_by: list[float] = []

    def free(self, connection: Connection) -> None:
        """Take a connection back; what waits longest goes first."""
        if self._waiting:
            connection.send(next(self._requests), self._waiting.popleft())
        else:
            self._free.append(connection)

    def answered(self, due: float, *, ok: bool) -> None:
        """Note a response."""
        self.latencies.append(time.perf_counter() - due)
        self.failed += not ok
        if len(self.latencies) == self._total:
            self._done.set()

    async def run(self) -> None:
        """Send all requests and wait for the last answer."""
        begin = time.perf_counter()
        for number in range(self._total):
            due = begin + number / self._rate
            ahead = due - time.perf_counter()
            # a timer is as coarse as a millisecond; between two of them the loop turns, and answers come in
            await asyncio.sleep(ahead if ahead > 0.001 else 0)
            while time.perf_counter() < due:
                await asyncio.sleep(0)
            self.late_by.append(time.perf_counter() - due)
            if self._free:
                self._free.popleft().send(next(self._requests), due)
            else:
                self._waiting.append(due)
        await self._done.wait()


async def latencies(url: str, sent: list[str], *, rate: float, seconds: float) -> dict[str, Any]:
    """Ask a server at a constant rate.

    Args:
        url: where requests are posted to.
        sent: their bodies, in turn.
        rate: requests a second.
        seconds: for how long.
    """
    place = urlsplit(url)
    requests = [
        f"POST {place.path} HTTP/1.1\r\nHost: {place.netloc}\r\nContent-Type: application/json\r\n"
        f"Accept: application/json\r\nContent-Length: {len(body.encode())}\r\n\r\n{body}".encode()
        for body in sent
    ]
    load = Load(requests, rate=rate, seconds=seconds)
    loop = asyncio.get_running_loop()
    for _ in range(CONNECTIONS):
        await loop.create_connection(lambda: Connection(load), str(place.hostname), place.port or 80)
    await load.run()
    took, late = 1e3 * np.array(load.latencies), 1e3 * np.array(load.late_by)
    figures = {f"p{share}_ms": round(float(np.percentile(took, share)), 3) for share in (50, 95, 99, 99.9)}
    return {
        "requests_per_s": round(rate, 1),
        "requests": len(load.latencies),
        "failed": load.failed,
        **figures,
        "longest_ms": round(float(took.max()), 3),
        # of the client: what it sent late is counted as the server's
        "sent late, p99 ms": round(float(np.percentile(late, 99)), 3),
    }


def measure(
    bundle: Path, *, readers: int, share: float, rounds: int, seconds: int, seed: int
) -> dict[str, Any]:
    """Every figure.

    Args:
        bundle: what the product serves.
        readers: how many are asked for in turn.
        share: of the highest load.
        rounds: at that rate; figures are their medians.
        seconds: of load in each.
        seed: of the lot.
    """
    found: dict[str, Any] = {"machine": machine(), "share of the highest load": share}
    with TemporaryDirectory(prefix="bookverse-benchmark-") as directory:
        scratch = Path(directory)
        lists = answers(bundle, readers=readers, seed=seed)["lists"]
        asked = bodies(lists)
        (scratch / "bodies").write_text(asked)
        for name, settings in (("cached", {}), ("uncached", UNCACHED)):
            with product(bundle.resolve(), scratch / f"{name}.log", **settings) as server:
                runs = [
                    wrk(server, scratch / "bodies", seconds=CAPACITY_S, connections=CONNECTIONS)
                    for _ in range(3)
                ]
                highest = sorted(run["requests_per_s"] for run in runs)[1]
                apart = [
                    _apart(server, asked.splitlines(), rate=share * highest, seconds=seconds)
                    for _ in range(rounds)
                ]
                medians = {figure: median(each[figure] for each in apart) for figure in apart[0]}
                found[name] = {
                    "highest_requests_per_s": round(highest, 1),
                    "medians": medians,
                    "rounds": apart,
                }
    return found


def _apart(server: Running, sent: list[str], *, rate: float, seconds: int) -> dict[str, Any]:
    pin(os.getpid(), LOAD_CORE)
    return uvloop.run(latencies(server.url, sent, rate=rate, seconds=seconds))


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bundle", type=Path, default=Path("data/bundle"))
    parser.add_argument("--readers", type=int, default=500)
    parser.add_argument("--share", type=float, default=0.7, help="of the highest load")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=8, help="of load in each round")
    parser.add_argument("--seed", type=int, default=20040801)
    parser.add_argument("--result", type=Path, default=RESULT, help="where the JSON is written")
    given = vars(parser.parse_args())
    result = given.pop("result")
    text = json.dumps(measure(**given), indent=2) + "\n"
    print(text, end="")
    with replacing_file(result) as file:
        file.write_text(text)


if __name__ == "__main__":
    main()
