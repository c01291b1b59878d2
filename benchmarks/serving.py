"""What an answer takes: milliseconds a request of each kind, over one bundle, one at a time on one thread.

Asks for readers by lot who have no ready list, so that the model scores; then for some who have one. Prints JSON and
writes it to benchmarks/results/serving.json.

    OMP_NUM_THREADS=1 python -m benchmarks.serving --bundle data/bundle
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from benchmarks.machine import machine
from recs_core.artifacts.bundle import open_bundle
from recs_core.data.arrays import replacing_file
from recs_core.models.hybrid import Hybrid
from recs_core.serving.answer import Answer
from recs_core.serving.co_reading import CoReading
from recs_core.serving.recommender import ServingRecommender
from recs_core.serving.strategies import OWN, GroupWeights, StrategyConfig

T = TypeVar("T")

K, REASONS = 10, 3
RESULT = Path("benchmarks/results/serving.json")
WEIGHTED = StrategyConfig(weights=GroupWeights(content=0.3, collaborative=0.5, popularity=0.2))


def milliseconds(ask: Callable[[T], object], asked: Sequence[T]) -> dict[str, float]:
    """Median and 95th percentile of one call for each of `asked`, after a round of all that is not counted.

    And the median of the processor time, which others on the machine change less.
    """
    for one in asked:
        ask(one)
    took, worked = [], []
    for one in asked:
        start, work = time.perf_counter(), time.thread_time()
        ask(one)
        worked.append(1e3 * (time.thread_time() - work))
        took.append(1e3 * (time.perf_counter() - start))
    figures = {"median": np.median(took), "p95": np.percentile(took, 95), "median_cpu": np.median(worked)}
    return {name: round(float(value), 3) for name, value in figures.items()}


def measure(path: Path, *, readers: int, seed: int) -> dict[str, Any]:
    """Every figure of one bundle.

    Args:
        path: the bundle.
        readers: how many are asked for, by lot; and as many books.
        seed: of the lot.
    """
    bundle = open_bundle(path)
    strategies = {**OWN, "weighted": WEIGHTED} if isinstance(bundle.model, Hybrid) else OWN
    serving = ServingRecommender(bundle, strategies=strategies)
    lot = np.random.default_rng(seed)
    everybody = np.flatnonzero(bundle.history.user_counts)
    ready = np.intersect1d(everybody, bundle.precomputed.users)

    def ids(rows: np.ndarray[Any, Any]) -> list[str]:
        chosen = lot.choice(rows, size=min(readers, rows.size), replace=False)
        return [str(user_id) for user_id in bundle.users.array[chosen]]

    def explained(answer: Answer) -> object:
        return serving.reasons(answer, answer.book_rows, first=REASONS)

    scored = ids(np.setdiff1d(everybody, ready))
    books = lot.choice(bundle.books.array, size=min(readers, len(bundle.books)), replace=False).tolist()
    found = {
        f"recommend(k={K})": milliseconds(lambda user: serving.recommend(user, k=K), scored),
        f"recommend(k={K}) and reasons(first={REASONS})": milliseconds(
            lambda user: explained(serving.recommend(user, k=K)), scored
        ),
        f"also_read(k={K})": milliseconds(lambda book: serving.discovery.also_read(book, k=K), books),
        f"similar(k={K})": milliseconds(lambda book: serving.discovery.similar(book, k=K), books),
        f"new_arrivals(k={K})": milliseconds(lambda _: serving.discovery.new_arrivals(k=K), books),
        "who read each book, when a bundle is opened": milliseconds(CoReading, [bundle.history.matrix] * 9),
    }
    if "weighted" in strategies:
        found[f"recommend(k={K}) by a weighted strategy and reasons(first={REASONS})"] = milliseconds(
            lambda user: explained(serving.recommend(user, k=K, strategy="weighted")), scored
        )
    if ready.size:
        listed = ids(ready)
        found[f"recommend(k={K}) from a ready list"] = milliseconds(
            lambda user: serving.recommend(user, k=K), listed
        )
        found[f"recommend(k={K}) from a ready list and reasons(first={REASONS})"] = milliseconds(
            lambda user: explained(serving.recommend(user, k=K)), listed
        )
    return {
        "machine": machine(),
        "bundle": {
            "source": bundle.meta.source,
            "model": bundle.meta.model_name,
            "users": len(bundle.users),
            "books": len(bundle.books),
            "interactions": len(bundle.history),
        },
        "milliseconds": found,
    }


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bundle", type=Path, default=Path("data/bundle"))
    parser.add_argument("--readers", type=int, default=500, help="and books, by lot")
    parser.add_argument("--seed", type=int, default=20040801)
    parser.add_argument("--result", type=Path, default=RESULT, help="where the JSON is written")
    arguments = parser.parse_args()
    found = measure(arguments.bundle, readers=arguments.readers, seed=arguments.seed)
    text = json.dumps(found, indent=2) + "\n"
    print(text, end="")
    with replacing_file(arguments.result) as file:
        file.write_text(text)


if __name__ == "__main__":
    main()
