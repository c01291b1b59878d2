"""Asks a server over a few connections that are kept open, as fast as it answers, and notes every reply."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any
from urllib.parse import urlsplit

import numpy as np

TIMEOUT_S = 30
UNLIMITED = {"BOOKVERSE_API__RATE_LIMIT": "0"}
"""Settings of a server that one client may ask as often as it likes."""

RECOMMENDATIONS = """query Recommendations($userId: ID!, $first: Int! = 10) {
  recommendations(userId: $userId, first: $first) {
    nodes { rank score servedFrom book { bookId title authors } reasons { kind amount text } }
  }
}"""


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply.

    Args:
        at: when it was there, seconds of `time.perf_counter`.
        took: seconds since the request.
        ok: it is a whole answer without errors.
        version: the bundle that is said to be served.
        cached: it came from the process's memory.
    """

    at: float
    took: float
    ok: bool
    version: str
    cached: bool


def request_of(query: str, variables: dict[str, Any]) -> bytes:
    """An HTTP request as it is sent."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    head = f"POST /graphql HTTP/1.1\r\nHost: api\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return f"{head}\r\n".encode() + body


READY = b"GET /health/ready HTTP/1.1\r\nHost: api\r\n\r\n"


@contextmanager
def serving(
    *arguments: str, log: IO[str] | None = None, settings: Mapping[str, str] | None = None
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start the server; gives its process and its address as soon as it listens, and stops it at the end.

    Args:
        arguments: of the command.
        log: where its log goes; where ours goes if None.
        settings: environment variables.
    """
    command = [sys.executable, "-m", "graphql_api", "--port", "0", *arguments]
    process = subprocess.Popen(  # noqa: S603 - this environment's server
        command,
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
        env=os.environ | UNLIMITED | dict(settings or {}),
    )
    assert process.stdout is not None  # noqa: S101 - it was asked for
    try:
        announced = process.stdout.readline()
        if "http" not in announced:
            raise SystemExit("the server did not start; see its message above")
        yield process, announced.split()[-1]
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def ask_all(url: str, requests: Sequence[bytes]) -> list[Reply]:
    """The replies to some requests, one after the other over one connection."""
    replies: list[Reply] = []
    asyncio.run(ask(url, iter(requests), replies, asyncio.Event()))
    return replies


async def ask(url: str, requests: Iterator[bytes], replies: list[Reply], until: asyncio.Event) -> None:
    """Ask one after the other over one connection, until the event or the last request."""
    address = urlsplit(url)
    connection: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
    for request in requests:
        if until.is_set():
            break
        start = time.perf_counter()
        try:
            async with asyncio.timeout(TIMEOUT_S):
                if connection is None:
                    connection = await asyncio.open_connection(address.hostname, address.port)
                connection[1].write(request)
                replies.append(await _reply(connection[0], start))
        except (OSError, EOFError, TimeoutError):
            end = time.perf_counter()
            replies.append(Reply(end, end - start, ok=False, version="", cached=False))
            connection = None
    if connection is not None:
        connection[1].close()


async def _reply(reader: asyncio.StreamReader, start: float) -> Reply:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
    body = await reader.readexactly(int(headers["content-length"]))
    end = time.perf_counter()
    ok = head.startswith("http/1.1 200") and b'"errors"' not in body
    cached = "detail=l1" in headers.get("cache-status", "")
    return Reply(end, end - start, ok, headers.get("bookverse-bundle", ""), cached)


def percentiles(replies: Sequence[Reply]) -> dict[str, float]:
    """Milliseconds of the replies: median, 95th and 99th percentile, the longest."""
    took = [1e3 * reply.took for reply in replies]
    found = {"p50": np.percentile(took, 50), "p95": np.percentile(took, 95), "p99": np.percentile(took, 99)}
    return {name: round(float(value), 2) for name, value in (found | {"max": max(took)}).items()}
