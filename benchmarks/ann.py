"""When does a graph pay? Exact neighbours against usearch's HNSW, over the size of the catalogue.

Prints a Markdown table, a line a size and way of searching: how much of the exact ten is found, the time of one
query on one thread (the median of many, one at a time, as a server asks them), and what it costs to build. Synthetic
vectors lie in clusters, as books do; `--real` adds the vectors of a content index or of content features.

A graph is built on one thread: minutes for 100,000 synthetic vectors, an hour for a million.

    OMP_NUM_THREADS=1 python -m benchmarks.ann --sizes 10000 36000 100000
    OMP_NUM_THREADS=1 python -m benchmarks.ann --sizes --real data/features
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from recs_core.data.idmap import PAD
from recs_core.data.topk import TopK
from recs_core.features.content import ContentFeatures
from recs_core.features.neighbours import Graph, exact_neighbours

K = 10
TARGET_RECALL = 0.95
TARGET_MS = 5.0
"""What a page may wait for similar books; a graph is worth its inexactness when exact search takes longer."""


def clustered(n: int, dimensions: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Unit vectors, `float32[n, dimensions]`, around one centre for every fifty of them, in many directions."""
    centres = rng.standard_normal((max(2, n // 50), dimensions), dtype=np.float32)
    vectors = centres[rng.integers(len(centres), size=n)]
    vectors += rng.standard_normal((n, dimensions), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def median_ms(ask: Callable[[NDArray[np.float32]], object], queries: NDArray[np.float32]) -> float:
    """The median time of asking for one query, in milliseconds."""
    times = []
    for query in queries:
        start = time.perf_counter()
        ask(query[None, :])
        times.append(time.perf_counter() - start)
    return 1e3 * float(np.median(times))


def recall(
    vectors: NDArray[np.float32], asked: NDArray[np.float32], found: NDArray[np.int64], truth: TopK
) -> float:
    """The mean share of found vectors that are as near as the K-th of the exact ones, for there are equal ones."""
    scores = np.einsum("mkd,md->mk", vectors[found], asked)
    reached = (found != PAD) & (scores >= truth.scores[:, -1:] - 1e-6)
    return float(reached.mean())


def measure(
    name: str, vectors: NDArray[np.float32], *, queries: int, expansions: list[int], rng: np.random.Generator
) -> tuple[float, bool]:
    """Print the lines of one catalogue; return the time of exact search, and whether a graph is good and faster."""
    vectors = vectors[vectors.any(axis=1)]
    asked = vectors[rng.choice(len(vectors), size=min(queries, len(vectors)), replace=False)]
    truth = exact_neighbours(vectors, asked, k=K)
    exact = median_ms(partial(exact_neighbours, vectors, k=K), asked)
    size = f"| {name} | {len(vectors):,} |"
    print(f"{size} exact | 1.000 | {exact:.2f} | | {vectors.nbytes / 1e6:.0f} |", flush=True)
    start = time.perf_counter()
    graph = Graph.build(np.arange(len(vectors)), vectors)
    built = time.perf_counter() - start
    megabytes = graph.memory / 1e6
    good = False
    for expansion in expansions:
        found = recall(vectors, asked, graph.search(asked, K, expansion=expansion), truth)
        took = median_ms(partial(graph.search, k=K, expansion=expansion), asked)
        print(
            f"{size} ef {expansion} | {found:.3f} | {took:.2f} | {built:.0f} | {megabytes:.0f} |", flush=True
        )
        good |= found >= TARGET_RECALL and took < exact
    return exact, good


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--sizes", type=int, nargs="*", default=[10_000, 36_000, 100_000], help="of synthetic catalogues"
    )
    parser.add_argument("--dimensions", type=int, default=128)
    parser.add_argument("--real", type=Path, help="a folder of content features to measure too")
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--ef", type=int, nargs="+", default=[16, 32, 64, 128, 256])
    parser.add_argument("--seed", type=int, default=20040801)
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)

    print(f"| vectors | books | search | recall@{K} | ms/query | build s | MB |")
    print("|---|---:|---|---:|---:|---:|---:|")
    pays = []
    with threadpool_limits(1):
        for size in sorted(arguments.sizes):
            vectors = clustered(size, arguments.dimensions, rng)
            exact, good = measure(
                "clustered", vectors, queries=arguments.queries, expansions=arguments.ef, rng=rng
            )
            if exact > TARGET_MS and good:
                pays.append(size)
        if arguments.real is not None:
            real = np.asarray(ContentFeatures.load(arguments.real).vectors)
            measure("real", real, queries=arguments.queries, expansions=arguments.ef, rng=rng)
    verdict = f"from {pays[0]:,} books on" if pays else "at none of these sizes"
    print(
        f"\nA graph pays {verdict}: exact search takes over {TARGET_MS:g} ms there, and a graph finds "
        f"{TARGET_RECALL:.0%} in less."
    )
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB", file=sys.stderr)


if __name__ == "__main__":
    main()
