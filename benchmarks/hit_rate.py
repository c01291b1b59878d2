"""How often the cache has the answer: Zipf readers, with invalidations mixed in, over the real application.

Prints JSON and writes it to benchmarks/results/hit_rate.json: share of hits, latency percentiles in this process,
number of rankings.

    python -m benchmarks.hit_rate --bundle data/bundle
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from redis import Redis

from benchmarks.machine import machine
from graphql_api.app import create_app
from graphql_api.settings import Settings
from recs_core.artifacts.bundle import Bundle, open_bundle
from recs_core.data.arrays import replacing_file
from recs_core.online.invalidations import invalidate
from recs_core.online.redis_server import EmbeddedRedis
from recs_core.serving.answer import Answer
from recs_core.serving.recommender import ServingRecommender

RESULT = Path("benchmarks/results/hit_rate.json")
REDIS_BYTES = 256 * 2**20
TTL_S = 900
QUERY = """query Recommendations($userId: ID!) {
  recommendations(userId: $userId, first: 10) {
    nodes { rank score book { bookId title } reasons(first: 3) { kind amount text } }
  }
}"""


class CountingRecommender(ServingRecommender):
    """Counts its rankings."""

    def __init__(self, bundle: Bundle) -> None:
        super().__init__(bundle)
        # what is served is a copy, which has the same list
        self._ranked: list[str] = []

    @property
    def rankings(self) -> int:
        """How many there were."""
        return len(self._ranked)

    def recommend(self, user_id: str, **asked: Any) -> Answer:
        """A ranking, counted."""
        self._ranked.append(user_id)
        return super().recommend(user_id, **asked)


async def measure(
    bundle: Path, *, readers: int, warm_up: int, requests: int, write_share: float, seed: int
) -> dict[str, Any]:
    """Every figure of one run.

    Args:
        bundle: the bundle.
        readers: how many there are; the n-th asks with a frequency of 1/n (Zipf, exponent 1).
        warm_up: requests that are not counted.
        requests: requests that are.
        write_share: the share of requests that are followed by the invalidation of a reader by lot.
        seed: of the lot.
    """
    rng = np.random.default_rng(seed)
    recommender = CountingRecommender(open_bundle(bundle))
    known = recommender.bundle.users.array
    chosen = rng.choice(known, size=min(readers, len(known)), replace=False)
    frequency = 1 / np.arange(1, len(chosen) + 1)
    asked = rng.choice(chosen, size=warm_up + requests, p=frequency / frequency.sum()).tolist()
    writes = rng.random(warm_up + requests) < write_share
    changed = rng.choice(chosen, size=warm_up + requests).tolist()
    took, statuses = [], Counter[str]()
    rankings_before = 0
    with EmbeddedRedis(max_memory_bytes=REDIS_BYTES) as server, Redis.from_url(server.url) as redis:
        app = create_app(Settings.load(redis_url=server.url, api={"cache_ttl": TTL_S}), recommender)
        transport = httpx.ASGITransport(app=app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://api") as client,
        ):
            for place, user_id in enumerate(asked):
                if place == warm_up:
                    rankings_before = recommender.rankings
                start = time.perf_counter()
                response = await client.post(
                    "/graphql", json={"query": QUERY, "variables": {"userId": user_id}}
                )
                if place >= warm_up:
                    took.append(1e3 * (time.perf_counter() - start))
                    statuses[response.headers["Cache-Status"]] += 1
                if writes[place]:
                    invalidate(redis, [f"user:{changed[place]}"])
    hits = sum(n for status, n in statuses.items() if "; hit" in status)
    return {
        "readers": len(chosen),
        "warm-up requests": warm_up,
        "requests": requests,
        "invalidations": int(writes[warm_up:].sum()),
        "hit rate": round(hits / requests, 4),
        "rankings": recommender.rankings - rankings_before,
        "milliseconds": {f"p{p}": round(float(np.percentile(took, p)), 3) for p in (50, 95, 99)},
        "statuses": dict(statuses),
    }


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hit_rate", description=__doc__)
    parser.add_argument("--bundle", type=Path, default=Path("data/bundle"))
    parser.add_argument("--readers", type=int, default=10_000)
    parser.add_argument("--warm-up", type=int, default=60_000)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--write-share", type=float, default=0.01)
    parser.add_argument("--seed", type=int, default=0)
    given = vars(parser.parse_args())
    figures = {"machine": machine(), **asyncio.run(measure(given.pop("bundle"), **given))}
    text = json.dumps(figures, indent=2)
    print(text)
    with replacing_file(RESULT) as path:
        path.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
