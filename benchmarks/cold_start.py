"""Cold start: from the start of the process to the first answer, by the size of the catalogue.

For each size starts the server several times on a generated bundle, waits for `/health/ready`, then asks once. Prints
medians and the least: seconds until it is ready and until the first answer is there, and the seconds of the processor
that it used until it was ready, which others on the machine change less. Every byte of the bundle is verified in that
time; its files are in the page cache, as they are after a publication.

    python -m benchmarks.cold_start --sizes 10000 1000000
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.generated_bundle import kept_bundle
from benchmarks.load import READY, RECOMMENDATIONS, ask_all, request_of, serving
from benchmarks.machine import machine
from benchmarks.memory import processor_seconds
from benchmarks.printing import print_table, write_result
from recs_core.artifacts.bundle import open_bundle

RESULT = Path("benchmarks/results/cold_start.json")


def start_once(bundle: Path, user_id: str) -> dict[str, float]:
    """Start, ask and stop one server."""
    start = time.perf_counter()
    with serving("--bundle", str(bundle)) as (server, url):
        (ready,) = ask_all(url, [READY])
        worked = processor_seconds(server.pid)
        (answer,) = ask_all(url, [request_of(RECOMMENDATIONS, {"userId": user_id})])
    if not (ready.ok and answer.ok):
        raise SystemExit("the server did not answer as it should")
    return {
        "ready s": ready.at - start,
        "first answer s": answer.at - start,
        "processor s": worked,
    }


def measure(bundle: Path, *, books: int, rounds: int) -> dict[str, Any]:
    """Medians and least of some starts."""
    opened = open_bundle(bundle)
    user_id = str(opened.users.array[-1])
    megabytes = sum(file.stat().st_size for file in bundle.iterdir()) / 1e6
    del opened
    starts = [start_once(bundle, user_id) for _ in range(rounds)]
    row: dict[str, Any] = {"books": books, "MB": round(megabytes), "starts": rounds}
    for name in starts[0]:
        row[name] = round(median(each[name] for each in starts), 2)
        row[f"least {name}"] = round(min(each[name] for each in starts), 2)
    return row


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--bundles", type=Path, default=Path("data/generated"), help="where bundles are kept")
    parser.add_argument("--result", type=Path, default=RESULT, help="where the JSON is written")
    arguments = parser.parse_args()
    facts = machine()
    rows = [
        measure(kept_bundle(arguments.bundles, books=books), books=books, rounds=arguments.rounds)
        for books in arguments.sizes
    ]
    facts |= {"load afterwards": machine()["load in the last minute"]}
    print("\n".join(f"{name}: {value}" for name, value in facts.items()) + "\n")
    print_table(rows)
    write_result(arguments.result, {"machine": facts, "starts": rows})


if __name__ == "__main__":
    main()
