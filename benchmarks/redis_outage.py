"""Redis dies under load and comes back: does a reader notice, and how soon is it done without, and used again?

Readers ask for recommendations without a pause; who asks goes by the law of Zipf, so many answers are looked for in
Redis. Redis is ended with SIGKILL and started again. Prints, for each time, the milliseconds from the end of Redis to
the moment when the server leaves it alone (the circuit breaker opens), and from its return to the moment when it is
used again; both by the server's log. And how many requests failed, and the longest.

    python -m benchmarks.redis_outage --bundle data/bundle --outages 3
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.load import READY, Reply, ask, ask_all, percentiles, serving
from benchmarks.machine import machine
from benchmarks.printing import print_table, write_result
from benchmarks.swap import READERS, zipf_requests
from recs_core.artifacts.bundle import open_bundle
from recs_core.online.redis_server import DurableRedis

RESULT = Path("benchmarks/results/redis_outage.json")
OPENED, CLOSED = "Redis fails, serving without it", "Redis answers again"
APART_S = 4.0
"""Seconds before, within and after an outage."""


async def measure(
    url: str, redis: DurableRedis, users: list[str], *, outages: int, connections: int
) -> tuple[list[tuple[float, float]], list[Reply]]:
    """Load, end Redis and start it again; the moments of both, in seconds since 1970, and all replies."""
    replies: list[Reply] = []
    until = asyncio.Event()
    asking = [
        asyncio.create_task(ask(url, zipf_requests(users, seed), replies, until))
        for seed in range(connections)
    ]
    moments = []
    for _ in range(outages):
        await asyncio.sleep(APART_S)
        ended = time.time()
        await asyncio.to_thread(redis.kill)
        await asyncio.sleep(APART_S)
        await asyncio.to_thread(redis.start)
        moments.append((ended, time.time()))
    await asyncio.sleep(APART_S)
    until.set()
    await asyncio.gather(*asking)
    return moments, replies


def said(log: str, what: str) -> list[float]:
    """When the server's log says something, in seconds since 1970."""
    return [
        datetime.strptime(line[:23], "%Y-%m-%d %H:%M:%S,%f").astimezone().timestamp()
        for line in log.splitlines()
        if what in line
    ]


def after(moments: list[float], moment: float) -> float:
    """Milliseconds from a moment to the first that follows it."""
    return round(1e3 * min((each - moment for each in moments if each >= moment), default=float("nan")), 1)


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bundle", type=Path, default=Path("data/bundle"))
    parser.add_argument("--outages", type=int, default=3)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--result", type=Path, default=RESULT, help="where the JSON is written")
    options = parser.parse_args()
    facts: dict[str, Any] = machine()
    users = open_bundle(options.bundle).users.array[-READERS:].tolist()
    with tempfile.TemporaryDirectory(prefix="bookverse-outage-") as scratch:
        log = Path(scratch) / "log"
        with (
            log.open("w") as written,
            DurableRedis(Path(scratch)) as redis,
            serving("--bundle", str(options.bundle), log=written, settings={"REDIS_URL": redis.url}) as (
                _,
                url,
            ),
        ):
            ask_all(url, [READY])
            moments, replies = asyncio.run(
                measure(url, redis, users, outages=options.outages, connections=options.connections)
            )
        text = log.read_text()
    opened, closed = said(text, OPENED), said(text, CLOSED)
    rows = [
        {"opened after ms": after(opened, ended), "closed after ms": after(closed, back)}
        for ended, back in moments
    ]
    total = {"requests": len(replies), "failed": sum(not reply.ok for reply in replies)}
    facts |= {"load afterwards": machine()["load in the last minute"]}
    print("\n".join(f"{name}: {value}" for name, value in facts.items()) + "\n")
    print_table(rows)
    print("\n" + ", ".join(f"{name}: {value:,}" for name, value in total.items()) + "\n")
    print_table([percentiles(replies)])
    latency = percentiles(replies)
    write_result(options.result, {"machine": facts, "outages": rows, "total": total, "latency": latency})


if __name__ == "__main__":
    main()
