"""What fewer bits cost: size, accuracy and time to open of each model in each storage.

Fits the models on the training part, stores each as float32, float16 and int8, opens what was stored, and ranks for
the readers of the validation part. Prints a Markdown table: megabytes on disk, NDCG@10, its change against float32,
the share of the ten books that both recommend, and the milliseconds and megabytes of private memory that opening
takes (float32 is memory-mapped: its pages are shared by all processes and read when they are needed).

    OMP_NUM_THREADS=1 python -m benchmarks.quantisation --data data --models rp3beta als item_knn content hybrid
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import recs_core.models  # noqa: F401 - registers the models
from recs_core.artifacts.quantise import Storage, dequantise, quantise
from recs_core.data.arrays import read_arrays, write_arrays
from recs_core.data.idmap import PAD
from recs_core.data.splits.split import Split
from recs_core.data.topk import TopK
from recs_core.evaluation.judge import mean_accuracy
from recs_core.features.content import ContentFeatures
from recs_core.models.base import Recommender, recommend_all
from recs_core.models.registry import ModelSpec, build_model

K = 10
STORAGES: tuple[Storage, ...] = ("float32", "float16", "int8")


def stored(model: Recommender, storage: Storage, path: Path) -> tuple[Recommender, float, float, float]:
    """Store a model and open it: the opened one, megabytes on disk, milliseconds and private megabytes to open."""
    write_arrays(path, quantise(model.state(), storage), {"kind": "benchmark"})
    arrays, _ = read_arrays(path)
    start = time.perf_counter()
    state = dequantise(arrays)
    took = 1e3 * (time.perf_counter() - start)
    disk = sum(file.stat().st_size for file in path.iterdir()) / 1e6
    private = sum(array.nbytes for name, array in state.items() if array is not arrays[name]) / 1e6
    return type(model).from_state(model.config, state), disk, took, private


def overlap(one: TopK, other: TopK) -> float:
    """The mean share of the books of each list that are in the other."""
    pairs = zip(one.books, other.books, strict=True)
    return float(np.mean([share(a[a != PAD], b) for a, b in pairs]))


def share(some: NDArray[np.int32], of: NDArray[np.int32]) -> float:
    """The share of `some` that is in `of`; 1 for an empty list."""
    return float(np.isin(some, of).mean()) if some.size else 1.0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path("data"), help="with split/ and features/")
    kinds = ["rp3beta", "als", "item_knn", "content", "hybrid"]
    parser.add_argument("--models", nargs="+", default=kinds, help="kinds, of their default configurations")
    parser.add_argument("--users", type=int, default=4000, help="how many of the validation part, by lot")
    parser.add_argument("--seed", type=int, default=20040801)
    arguments = parser.parse_args()

    split = Split.load(arguments.data / "split")
    features = ContentFeatures.load(arguments.data / "features")
    known, truth = split.known_before_validation.matrix, split.validation.matrix
    judged = np.flatnonzero((np.diff(truth.indptr) > 0) & (np.diff(known.indptr) > 0))
    lot = np.random.default_rng(arguments.seed)
    judged = np.sort(lot.choice(judged, size=min(arguments.users, judged.size), replace=False))

    print(f"| model | storage | MB | NDCG@{K} | change | top-{K} overlap | open ms | private MB |")
    print("|---|---|---:|---:|---:|---:|---:|---:|")
    for kind in arguments.models:
        model = build_model(ModelSpec(kind=kind), where=kind)
        model.fit(split.train, features, rng=np.random.default_rng(arguments.seed))
        exact: tuple[TopK, float] | None = None
        for storage in STORAGES:
            with tempfile.TemporaryDirectory() as scratch:
                opened, disk, took, private = stored(model, storage, Path(scratch) / "model")
                found = recommend_all(opened, known[judged], k=K)
            mean = mean_accuracy(found, truth[judged], ["ndcg"], k=K)["ndcg"]
            if exact is None:
                exact = found, mean
            change = 100 * (mean / exact[1] - 1)
            print(
                f"| {kind} | {storage} | {disk:.1f} | {mean:.5f} | {change:+.2f} % "
                f"| {overlap(exact[0], found):.3f} | {took:.0f} | {private:.0f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
