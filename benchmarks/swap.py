"""A swap under load: are requests lost, does anybody wait, how soon is the new bundle served?

Two generated bundles are published by turns while readers ask for recommendations without a pause, each connection
the next request as soon as it has its answer; who asks goes by the law of Zipf. For each publication prints the
seconds from the moment when CURRENT names the bundle to the first answer from it, the longest time in which nobody at
all got an answer, from a second before until two after, and the share of answers from memory in the second after.
And the percentiles of all requests, those within that time and the others.

    python -m benchmarks.swap --books 10000 --swaps 6
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.generated_bundle import kept_bundle
from benchmarks.load import READY, RECOMMENDATIONS, Reply, ask, ask_all, percentiles, request_of, serving
from benchmarks.machine import machine
from benchmarks.printing import print_table, write_result
from recs_core.artifacts.bundle import open_bundle
from recs_core.artifacts.published import Provenance
from recs_core.artifacts.registry import BundleRegistry

RESULT = Path("benchmarks/results/swap.json")
SEEDS = (20040801, 20040802)
BEFORE_S, AFTER_S = 1.0, 2.0
"""What belongs to a swap, around the moment of its publication."""
READERS = 10_000


def zipf_requests(user_ids: list[str], seed: int) -> Iterator[bytes]:
    """Requests of readers without end, those of low rank more often: as 1 / rank."""
    rng = np.random.default_rng(seed)
    share = 1 / np.arange(1, len(user_ids) + 1)
    while True:
        for row in rng.choice(len(user_ids), 1_000, p=share / share.sum()):
            yield request_of(RECOMMENDATIONS, {"userId": user_ids[row]})


async def measure(
    url: str, registry: BundleRegistry, bundles: list[Path], *, swaps: int, connections: int, pause_s: float
) -> tuple[list[dict[str, Any]], list[Reply], list[Reply]]:
    """Load and swap.

    Returns:
        A row for each swap, the replies around swaps, and all others.
    """
    users = open_bundle(bundles[0]).users.array[-READERS:].tolist()
    replies: list[Reply] = []
    until = asyncio.Event()
    asking = [
        asyncio.create_task(ask(url, zipf_requests(users, seed), replies, until))
        for seed in range(connections)
    ]
    await asyncio.sleep(pause_s)
    swapped: list[tuple[float, str]] = []
    for turn in range(1, swaps + 1):
        version = await asyncio.to_thread(
            registry.publish, bundles[turn % len(bundles)], Provenance(forced="benchmark")
        )
        swapped.append((time.perf_counter(), version))
        await asyncio.sleep(pause_s)
    until.set()
    await asyncio.gather(*asking)
    replies.sort(key=lambda reply: reply.at)
    rows = [around(replies, at, version) for at, version in swapped]
    near = [any(-BEFORE_S <= r.at - at <= AFTER_S for at, _ in swapped) for r in replies]
    return (
        rows,
        [r for r, is_near in zip(replies, near, strict=True) if is_near],
        [r for r, is_near in zip(replies, near, strict=True) if not is_near],
    )


def around(replies: list[Reply], at: float, version: str) -> dict[str, Any]:
    """The figures of one swap: of the replies around the moment at which a version was published."""
    near = [reply for reply in replies if -BEFORE_S <= reply.at - at <= AFTER_S]
    first = next((reply.at for reply in replies if reply.at > at and reply.version == version), float("nan"))
    soon_after = [reply.cached for reply in replies if first <= reply.at <= first + 1]
    moments = [reply.at for reply in near]
    return {
        "version": version,
        "requests": len(near),
        "failed": sum(not reply.ok for reply in near),
        "to the first new answer ms": round(1e3 * (first - at)),
        "longest pause ms": round(1e3 * float(np.diff(moments).max()), 1),
        "slowest request ms": round(1e3 * max(reply.took for reply in near), 1),
        "hit rate in the second after": round(float(np.mean(soon_after)), 3) if soon_after else float("nan"),
    }


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--books", type=int, default=10_000)
    parser.add_argument("--swaps", type=int, default=6)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--workers", type=int, default=1, help="processes of the server")
    parser.add_argument("--pause", type=float, default=5.0, help="seconds between publications")
    parser.add_argument("--bundles", type=Path, default=Path("data/generated"), help="where bundles are kept")
    parser.add_argument("--result", type=Path, default=RESULT, help="where the JSON is written")
    options = parser.parse_args()
    facts = machine()
    bundles = [kept_bundle(options.bundles, books=options.books, seed=seed) for seed in SEEDS]
    with tempfile.TemporaryDirectory(dir=options.bundles) as published:
        registry = BundleRegistry(published)
        registry.publish(bundles[0], Provenance())
        settings = {
            "BOOKVERSE_API__PUBLISHED": published,
            "BOOKVERSE_API__WORKERS": str(options.workers),
            "BOOKVERSE_API__SNAPSHOTS_KEPT": "1",
        }
        with serving(settings=settings) as (_, url):
            ask_all(url, [READY])
            rows, near, others = asyncio.run(
                measure(
                    url,
                    registry,
                    bundles,
                    swaps=options.swaps,
                    connections=options.connections,
                    pause_s=options.pause,
                )
            )
    facts |= {"load afterwards": machine()["load in the last minute"]}
    print("\n".join(f"{name}: {value}" for name, value in facts.items()) + "\n")
    print_table(rows)
    total = {
        "requests": len(near) + len(others),
        "failed": sum(not reply.ok for reply in (*near, *others)),
        "median ms to the first new answer": median(row["to the first new answer ms"] for row in rows),
        "longest pause ms": max(row["longest pause ms"] for row in rows),
    }
    print("\n" + ", ".join(f"{name}: {value:,}" for name, value in total.items()) + "\n")
    spans = {"around swaps": percentiles(near), "otherwise": percentiles(others)}
    print_table(
        [
            {"requests": name} | {f"{key} ms": value for key, value in took.items()}
            for name, took in spans.items()
        ]
    )
    setup = {"books": options.books, "workers": options.workers, "connections": options.connections}
    write_result(
        options.result, {"machine": facts, "setup": setup, "swaps": rows, "total": total, "latency": spans}
    )


if __name__ == "__main__":
    main()
