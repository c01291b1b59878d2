"""How fast the API answers, beside other servers that give the same answers: requests a second and latencies.

The question is the home page's: ten recommendations with book and reasons, for readers by lot. All servers run at the
same time, each one process on one core; wrk asks them one after the other, round after round, from one thread on
another core. Figures are medians of the rounds, and so are ratios, each of two servers in one round; on a machine
that others use those of processor time say more than those of requests. Before that every server must give the same
answers. Prints a table and writes benchmarks/results/api.json. Needs wrk; Mercurius needs node and npm.

    python -m benchmarks.api --bundle data/bundle
"""

from __future__ import annotations

import argparse
import json
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from benchmarks.api_data import QUERY, answers, bodies
from benchmarks.api_load import wrk
from benchmarks.api_servers import Measured, servers
from benchmarks.machine import machine
from recs_core.data.arrays import replacing_file

RESULT = Path("benchmarks/results/api.json")
BESIDE = ("raw Starlette route", "stock Strawberry on objects in memory", "Mercurius with JIT")
WARM_UP_S = 2
"""How long a server is asked before each round: caches fill, and code is compiled."""

FIGURES = ("requests_per_s", "cpu_ms", "p50_ms", "p95_ms", "p99_ms")


def check_answers(measured: Measured, lists: dict[str, Any]) -> None:
    """Ask a server about every reader; raises `RuntimeError` where it gives another answer than the others do."""
    if measured.name == BESIDE[0]:
        return
    with httpx.Client(timeout=60) as client:
        for user, nodes in lists.items():
            request = {"query": QUERY, "variables": {"userId": user}}
            answer = client.post(measured.server.url, json=request).json()
            if answer.get("data") != {"recommendations": {"nodes": nodes}}:
                raise RuntimeError(f"{measured.name} gives reader {user} another answer: {str(answer)[:300]}")


def measure(
    bundle: Path, *, readers: int, rounds: int, seconds: int, connections: int, seed: int
) -> dict[str, Any]:
    """Every figure.

    Args:
        bundle: what the product serves.
        readers: how many are asked for in turn.
        rounds: of all servers.
        seconds: that each is loaded in a round.
        connections: requests in flight.
        seed: of the lot.
    """
    with TemporaryDirectory(prefix="bookverse-benchmark-") as directory:
        scratch = Path(directory)
        data = answers(bundle, readers=readers, seed=seed)
        (scratch / "data.json").write_text(json.dumps(data))
        (scratch / "bodies").write_text(bodies(data["lists"]))
        with servers(bundle.resolve(), scratch / "data.json", scratch) as (found, skipped):
            for each in found:
                check_answers(each, data["lists"])
            began = machine()
            raw: dict[str, list[dict[str, Any]]] = {each.name: [] for each in found}
            for _ in range(rounds):
                for each in found:
                    load = partial(wrk, each.server, scratch / "bodies", connections=connections)
                    # answers are kept for a minute: those of the round before may be gone
                    load(seconds=WARM_UP_S)
                    raw[each.name].append(load(seconds=seconds))
    medians = {
        name: {figure: round(median(run[figure] for run in runs), 3) for figure in FIGURES}
        for name, runs in raw.items()
    }
    return {
        "machine": began,
        "load in the last minute, at the end": machine()["load in the last minute"],
        "bundle": data["bundle"] | {"readers": len(data["lists"])},
        "load": {
            "rounds": rounds,
            "seconds": seconds,
            "connections": connections,
            "threads": 1,
            "warm-up s": WARM_UP_S,
        },
        "failed requests": sum(run["failed"] + run["unanswered"] for runs in raw.values() for run in runs),
        "medians": medians,
        "ratios": {figure: ratios(raw, figure) for figure in ("requests_per_s", "cpu_ms")},
        "skipped": skipped,
        "rounds": raw,
    }


def ratios(raw: dict[str, list[dict[str, Any]]], figure: str) -> dict[str, dict[str, float]]:
    """How many times as fast each server is as those that are compared with: the median of the rounds.

    Args:
        raw: the runs by server, in the order of the rounds.
        figure: `requests_per_s` or `cpu_ms`.
    """
    sign = 1 if figure == "requests_per_s" else -1
    return {
        name: {
            other: round(
                median(
                    (one[figure] / its[figure]) ** sign for one, its in zip(runs, raw[other], strict=True)
                ),
                3,
            )
            for other in BESIDE
            if other in raw
        }
        for name, runs in raw.items()
    }


def table(found: dict[str, Any]) -> str:
    """The figures as a Markdown table, with notes under it."""
    beside = [other for other in BESIDE if other in found["medians"]]
    heads = [
        "server",
        "requests/s",
        "CPU ms each",
        "P50 ms",
        "P95 ms",
        "P99 ms",
        *(f"x {other}" for other in beside),
    ]
    lines = [f"| {' | '.join(heads)} |", "|---|" + "---:|" * (len(heads) - 1)]
    by_requests, by_cpu = (found["ratios"][figure] for figure in ("requests_per_s", "cpu_ms"))
    for name, figures in found["medians"].items():
        cells = [f"{figures['requests_per_s']:,.0f}", *(f"{figures[each]:.2f}" for each in FIGURES[1:])]
        cells += [f"{by_requests[name][other]:.2f} (CPU {by_cpu[name][other]:.2f})" for other in beside]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    lines += [f"{name} was skipped: {reason}" for name, reason in found["skipped"].items()]
    load = found["load in the last minute, at the end"]
    lines.append(
        f"{found['failed requests']} failed requests; {json.dumps(found['machine'])}; at the end {load}"
    )
    return "\n".join(lines)


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bundle", type=Path, default=Path("data/bundle"))
    parser.add_argument("--readers", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5, help="of load on each server in a round")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--seed", type=int, default=20040801)
    parser.add_argument("--result", type=Path, default=RESULT, help="where the JSON is written")
    given = vars(parser.parse_args())
    result = given.pop("result")
    found = measure(**given)
    print(table(found))
    with replacing_file(result) as file:
        file.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
