"""What the size of the catalogue costs: latency of an answer, and the memory of each of two workers.

For each size serves a generated bundle by two processes and asks for as many readers as are named, one request at a
time: each reader once, so that each answer is computed, then all again, from memory. Then reads from the system what
each process holds: `private` is written by it alone; `private files` are pages of the bundle's files that the other
has not touched, which the system may drop; `shared` is used by others too. The first worker is the older one.

    python -m benchmarks.catalogue_size --sizes 10000 100000 1000000
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from benchmarks.generated_bundle import kept_bundle
from benchmarks.load import READY, RECOMMENDATIONS, ask_all, percentiles, request_of, serving
from benchmarks.machine import machine
from benchmarks.memory import children, command_of, megabytes
from benchmarks.printing import print_table, write_result
from recs_core.artifacts.bundle import open_bundle

RESULT = Path("benchmarks/results/catalogue_size.json")
WORKERS = 2
ROUNDS = 4
"""Connections one after the other, so that each worker gets some of the requests."""


def measure(bundle: Path, *, books: int, readers: int) -> dict[str, Any]:
    """Latencies and memory of one size."""
    opened = open_bundle(bundle)
    users = opened.users.array[-readers:].tolist()
    del opened
    requests = [request_of(RECOMMENDATIONS, {"userId": user_id}) for user_id in users]
    settings = {"BOOKVERSE_API__WORKERS": str(WORKERS)}
    with serving("--bundle", str(bundle), settings=settings) as (server, url):
        for _ in range(ROUNDS):
            ask_all(url, [READY])
        computed = [reply for part in range(ROUNDS) for reply in ask_all(url, requests[part::ROUNDS])]
        again = [reply for part in range(ROUNDS) for reply in ask_all(url, requests[part::ROUNDS])]
        workers = [pid for pid in children(server.pid) if "graphql_api" in command_of(pid)]
        memory = {"supervisor": megabytes(server.pid)} | {
            f"worker {number}": megabytes(pid) for number, pid in enumerate(workers, 1)
        }
    if not all(reply.ok for reply in (*computed, *again)):
        raise SystemExit("the server did not answer as it should")
    return {
        "books": books,
        "bundle MB": round(sum(file.stat().st_size for file in bundle.iterdir()) / 1e6, 1),
        "computed": percentiles(computed),
        "from memory": percentiles([reply for reply in again if reply.cached]),
        "memory": memory,
    }


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--readers", type=int, default=1_000)
    parser.add_argument("--bundles", type=Path, default=Path("data/generated"), help="where bundles are kept")
    parser.add_argument("--result", type=Path, default=RESULT, help="where the JSON is written")
    options = parser.parse_args()
    facts = machine()
    found = [
        measure(kept_bundle(options.bundles, books=books), books=books, readers=options.readers)
        for books in options.sizes
    ]
    facts |= {"load afterwards": machine()["load in the last minute"]}
    print("\n".join(f"{name}: {value}" for name, value in facts.items()) + "\n")
    print_table(
        [
            {"books": size["books"], "bundle MB": size["bundle MB"]}
            | {f"computed {name} ms": value for name, value in size["computed"].items()}
            | {f"from memory {name} ms": size["from memory"][name] for name in ("p50", "p99")}
            | {
                "computed p50, times the least": round(
                    size["computed"]["p50"] / found[0]["computed"]["p50"], 2
                )
            }
            for size in found
        ]
    )
    print()
    print_table(
        [
            {"books": size["books"], "process": name} | {f"{kind} MB": value for kind, value in held.items()}
            for size in found
            for name, held in size["memory"].items()
        ]
    )
    write_result(options.result, {"machine": facts, "sizes": found})


if __name__ == "__main__":
    main()
