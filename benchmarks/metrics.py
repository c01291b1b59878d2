"""Our metrics beside those of other libraries: the same lists, the same values, in one run.

    python -m benchmarks.metrics --rivals-python .venv-rivals/bin/python --out benchmarks/results/metrics.json

12 metrics at 10 and 20 for 50,000 users of 10,000 books. Libraries work one at a time, each in a process of its own,
on its own data structure, which is made before the clock starts; ours has arrays and sparse matrices. Ours is timed
anew beside each. A library is compared by the metrics that it defines as we do, of which the table has the names.
Medians of the rounds; "ratio" is the library's time over ours.
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

EQUAL = 1e-9
"""Values whose relative difference is below are equal; libraries add in other orders."""


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


def compare(library: str, python: str, path: Path, rounds: int) -> dict[str, Any]:
    """A library and ours on the same lists: the medians, every round, and where the values differ."""
    theirs = measure(library, python, path, rounds)
    ours = measure("ours", sys.executable, path, rounds, ",".join(theirs["names"]))
    seconds, our_seconds = statistics.median(theirs["seconds"]), statistics.median(ours["seconds"])
    return {
        "library": library,
        "version": theirs["version"],
        "metrics": theirs["names"],
        "seconds": seconds,
        "ours": our_seconds,
        "ratio": seconds / our_seconds,
        "rounds": {"library": theirs["seconds"], "ours": ours["seconds"]},
        "values": theirs["values"],
        "differing": [
            f"{library} {name}: {value:.9f}, ours {ours['values'][name]:.9f}"
            for name, value in theirs["values"].items()
            if not np.isclose(value, ours["values"][name], rtol=EQUAL, atol=0)
        ],
    }


def table(rows: list[dict[str, Any]]) -> str:
    """Markdown, a row a library."""
    lines = ["| library | its seconds | our seconds | ratio | metrics |", "|---|---:|---:|---:|---|"]
    lines += [
        f"| {row['library']} {row['version']} | {row['seconds']:.3f} | {row['ours']:.4f} | {row['ratio']:.1f} "
        f"| {len(row['metrics'])}: {', '.join(row['metrics'])} |"
        for row in rows
    ]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit status, 1 where a value differs."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.metrics", description="Time our metrics and other libraries' side by side."
    )
    parser.add_argument("--rivals-python", required=True, help="an interpreter that has the libraries")
    parser.add_argument(
        "--libraries", default=",".join(RIVALS), help="with commas between (default: %(default)s)"
    )
    parser.add_argument("--rounds", type=int, default=7, help="timings of each (default: %(default)s)")
    parser.add_argument("--out", type=Path, help="write the figures as JSON, too")
    options = parser.parse_args(arguments)
    # before the work begins: the load is that of others
    facts = machine() | {"users": USERS, "books": BOOKS, "cutoffs": [10, 20], "rounds": options.rounds}
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "lists.npz"
        np.savez(path, **lists(np.random.default_rng(20040801)))  # type: ignore[arg-type]
        rows = [
            compare(library, options.rivals_python, path, options.rounds)
            for library in options.libraries.split(",")
        ]
    print("\n".join(f"{key}: {value}" for key, value in facts.items()) + "\n")
    print(table(rows))
    differing = [line for row in rows for line in row["differing"]]
    print("\n" + ("\n".join(differing) or f"all values are equal to {EQUAL:g} of their size"))
    if options.out:
        with replacing_file(options.out) as temporary:
            temporary.write_bytes(canonical_json(facts | {"libraries": rows}))
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
