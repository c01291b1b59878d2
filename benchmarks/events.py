"""How many events a second one consumer takes, against redis-py's bare XREADGROUP and XACK in the same run.

The bare loop reads a batch and acknowledges it, with no effect. Ours reads, checks every event against its schema,
writes it into its reader's profile, and acknowledges. Both take the same events in the same batches from the same
Redis. They take turns, and the medians count.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from redis import Redis

from benchmarks.machine import machine
from recs_core.online import keys
from recs_core.online.connection import connect
from recs_core.online.consumer import ConsumerSettings, StreamConsumer
from recs_core.online.events import Event
from recs_core.online.profiles import ProfileWriter
from recs_core.online.redis_server import EmbeddedRedis
from recs_core.online.streams import MAX_BATCH, EventProducer, join_group
from recs_core.testing.events import interactions

STREAM, GROUP = "interactions", "profiles"
SEED = 9


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.events", description=__doc__)
    parser.add_argument("--events", type=int, default=50_000)
    parser.add_argument("--users", type=int, default=5_000)
    parser.add_argument("--batch", type=int, default=ConsumerSettings().batch)
    parser.add_argument("--turns", type=int, default=5)
    options = parser.parse_args(arguments)
    events = list(
        interactions(np.random.default_rng(SEED), options.events, n_users=options.users, n_books=10_000)
    )
    with EmbeddedRedis(max_memory_bytes=2**30) as server, connect(server.url) as client:
        seconds: dict[str, list[float]] = {"send": [], "bare": [], "consumer": []}
        for _ in range(options.turns):
            for name, consume in (("bare", _bare), ("consumer", _consumer)):
                client.flushall()
                join_group(client, STREAM, GROUP)
                seconds["send"].append(_timed(lambda: _send(client, events)))
                seconds[name].append(_timed(lambda c=consume: c(client, options.batch)))  # type: ignore[misc]
    rates = {name: round(options.events / statistics.median(times)) for name, times in seconds.items()}
    print(
        json.dumps(
            {
                "machine": machine(),
                **vars(options),
                "events a second": rates,
                "consumer to bare": round(rates["consumer"] / rates["bare"], 3),
            },
            indent=2,
        )
    )
    return 0


def _timed(action: Callable[[], None]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def _send(client: Redis, events: Sequence[Event]) -> None:
    producer = EventProducer(
        client, max_lag=len(events) + MAX_BATCH, max_length=2 * len(events) + 2 * MAX_BATCH
    )
    for start in range(0, len(events), MAX_BATCH):
        producer.send(events[start : start + MAX_BATCH])


def _bare(client: Redis, batch: int) -> None:
    stream = keys.stream(STREAM)
    while True:
        reply: Any = client.xreadgroup(GROUP, "bare", {stream: ">"}, count=batch)
        if not reply:
            return
        client.xack(stream, GROUP, *(entry_id for entry_id, _ in reply[0][1]))


def _consumer(client: Redis, batch: int) -> None:
    consumer = StreamConsumer(
        client,
        stream=STREAM,
        group=GROUP,
        name="ours",
        handler=ProfileWriter(client),
        settings=ConsumerSettings(batch=batch, block_ms=1),
    )
    while consumer.step():
        pass


if __name__ == "__main__":
    sys.exit(main())
