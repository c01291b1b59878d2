"""Our metrics beside those of other libraries: the same lists, the same values, in one run.

    python -m benchmarks.metrics --rivals-python .venv-rivals/bin/python

12 metrics at 10 and 20 for 50,000 users of 10,000 books. Libraries work one at a time, each in a process of its own,
on its own data structure, which is made before the clock starts; ours has arrays and sparse matrices. A library that
has fewer of the metrics is compared by those. Medians of the rounds; "ratio" is the library's time over ours.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import machine
from recs_core.data.arrays import canonical_json, replacing_file

ROOT = Path(__file__).parents[1]
RIVALS = ("rectools", "ranx", "lenskit")
USERS, BOOKS, K = 50_000, 10_000, 20


def lists(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Lists, held-out and training interactions in which popular books are found more often, as in life."""
    appeal = 1 / (10 + np.arange(BOOKS))
    keys = np.log(appeal) + rng.gumbel(size=(64, BOOKS))
    orders = np.argsort(-keys, axis=1)
    made: dict[str, np.ndarray] = {"n_books": np.array(BOOKS)}
    made["books"] = orders[rng.integers(64, size=USERS), :K].astype(np.int32)
    for name, most in (("truth", 12), ("train", 40)):
        counts = rng.integers(1, most, size=USERS)
        users = np.repeat(np.arange(USERS), counts)
        items = rng.choice(BOOKS, size=users.size, p=appeal / appeal.sum())
        pairs = np.unique(users.astype(np.int64) * BOOKS + items)
        made[f"{name}_users"], made[f"{name}_items"] = pairs // BOOKS, pairs % BOOKS
    return made


def measure(library: str, python: str, path: Path, rounds: int, names: str | None = None) -> dict[str, Any]:
    """What a library's process says: version, names, seconds of each round, values."""
    command = [python, str(ROOT / "benchmarks/metrics_worker.py"), library, str(path), str(rounds)]
    environment = os.environ | {"PYTHONPATH": str(ROOT) if library == "ours" else ""}
    done = subprocess.run(  # noqa: S603 - the interpreter is the caller's choice
        [*command, *([names] if names else [])],
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit status, 1 where a value differs."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.metrics", description="Time our metrics and other libraries' side by side."
    )
    parser.add_argument("--rivals-python", required=True, help="an interpreter that has the libraries")
    parser.add_argument(
        "--libraries", default=",".join(RIVALS), help="with commas between (default: %(default)s)"
    )
    parser.add_argument("--rounds", type=int, default=5, help="timings of each (default: %(default)s)")
    parser.add_argument("--out", type=Path, help="write the figures as JSON, too")
    options = parser.parse_args(arguments)
    rows, differing = [], []
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "lists.npz"
        np.savez(path, **lists(np.random.default_rng(20040801)))  # type: ignore[arg-type]
        for library in options.libraries.split(","):
            theirs = measure(library, options.rivals_python, path, options.rounds)
            ours = measure("ours", sys.executable, path, options.rounds, ",".join(theirs["names"]))
            differing += [
                f"{library} {name}: {value:.9f}, ours {ours['values'][name]:.9f}"
                for name, value in theirs["values"].items()
                if not np.isclose(value, ours["values"][name], rtol=1e-6, atol=0)
            ]
            times = statistics.median(theirs["seconds"]), statistics.median(ours["seconds"])
            rows.append(
                {
                    "library": library,
                    "version": theirs["version"],
                    "metrics": len(theirs["names"]),
                    "seconds": times[0],
                    "ours": times[1],
                    "ratio": times[0] / times[1],
                }
            )
    facts = machine() | {"users": USERS, "books": BOOKS, "cutoffs": [10, 20], "rounds": options.rounds}
    print("\n".join(f"{key}: {value}" for key, value in facts.items()) + "\n")
    print("| library | metrics | its seconds | our seconds | ratio |\n|---|---:|---:|---:|---:|")
    for row in rows:
        print(
            f"| {row['library']} {row['version']} | {row['metrics']} | {row['seconds']:.3f} | {row['ours']:.3f} "
            f"| {row['ratio']:.1f} |"
        )
    print("\n".join(differing) or "\nall values are equal to six digits")
    if options.out:
        with replacing_file(options.out) as temporary:
            temporary.write_bytes(canonical_json(facts | {"libraries": rows, "differing": differing}))
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
