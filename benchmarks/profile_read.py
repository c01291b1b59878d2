"""What sealing costs who reads a reader's recent events: a full profile from Redis, plain and sealed, in turns.

Prints the medians and writes benchmarks/results/profile_read.json.

    python -m benchmarks.profile_read
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np
from redis import Redis

from benchmarks.machine import machine
from benchmarks.printing import print_table, write_result
from recs_core.online.profile_values import ProfileValues
from recs_core.online.profiles import PART_LIMIT, ProfileWriter, read_profile
from recs_core.online.redis_server import EmbeddedRedis
from recs_core.online.sealed import SealingKeys
from recs_core.testing.events import purchase, view

RESULT = Path("benchmarks/results/profile_read.json")
ROUNDS = 1_000


def measure() -> dict[str, Any]:
    """Every figure."""
    began = machine()
    ways = {"plain": ProfileValues(), "sealed": ProfileValues(SealingKeys([os.urandom(32)]))}
    took: dict[str, list[float]] = {way: [] for way in ways}
    with EmbeddedRedis(max_memory_bytes=64 * 2**20) as redis, Redis.from_url(redis.url) as client:
        for way, values in ways.items():
            for make in (view, purchase):
                events = [
                    make(f"{make.__name__}-{n:032}", user_id=way, book_id=f"{n:010}", ms=n)
                    for n in range(PART_LIMIT)
                ]
                ProfileWriter(client, values)(events)
        for _ in range(ROUNDS):
            for way, values in ways.items():
                start = time.perf_counter()
                profile = read_profile(client, way, values)
                took[way].append(1e3 * (time.perf_counter() - start))
    return {
        "machine": began,
        "events": len(profile.events),
        "milliseconds": {way: round(float(np.median(each)), 2) for way, each in took.items()},
    }


def main() -> None:
    """Measure, print and write."""
    found = measure()
    print_table([{"events": found["events"]} | found["milliseconds"]])
    write_result(RESULT, found)


if __name__ == "__main__":
    main()
