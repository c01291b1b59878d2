"""What tokens and limits cost: cached answers by one server that asks for neither, and by one that asks for both.

The first has no limit and no token; the other verifies a token a reader, decides whether it reaches, charges the
reader's units and says what is left. wrk asks them in turn, each a reader's own list by the reader's own token;
figures are medians of the rounds, ratios those of each round. Prints a table and writes
benchmarks/results/guarded.json.

    python -m benchmarks.guarded --bundle data/bundle
"""

from __future__ import annotations

import argparse
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.api_data import answers, bodies
from benchmarks.api_load import wrk
from benchmarks.api_servers import product
from benchmarks.machine import machine
from benchmarks.printing import print_table, write_result
from graphql_api.auth.issue import AUDIENCE, ISSUER, issue_token
from graphql_api.auth.key_files import PUBLIC, write_keys
from graphql_api.auth.key_pairs import new_key
from graphql_api.auth.scopes import Scope

RESULT = Path("benchmarks/results/guarded.json")
WARM_UP_S = 2
OPEN, GUARDED = "open", "tokens and limits"


def measure(
    bundle: Path, *, readers: int, rounds: int, seconds: int, connections: int, seed: int
) -> dict[str, Any]:
    """Every figure; see the options."""
    with TemporaryDirectory(prefix="bookverse-benchmark-") as directory:
        scratch = Path(directory)
        lists = answers(bundle, readers=readers, seed=seed)["lists"]
        (scratch / "bodies").write_text(bodies(lists))
        key = new_key("EdDSA")
        write_keys(scratch / "keys", [key])
        tokens = [issue_token(key, user_id, [Scope.RECOMMENDATIONS_READ]) for user_id in lists]
        (scratch / "tokens").write_text("\n".join(tokens) + "\n")
        guards = {
            "BOOKVERSE_AUTH__KEYS": str(scratch / "keys" / PUBLIC),
            "BOOKVERSE_AUTH__ISSUER": ISSUER,
            "BOOKVERSE_AUTH__AUDIENCE": AUDIENCE,
            "BOOKVERSE_AUTH__ANONYMOUS": "[]",
            "BOOKVERSE_API__RATE_LIMIT": "1000000",
        }
        runs: dict[str, list[dict[str, Any]]] = {OPEN: [], GUARDED: []}
        began = machine()
        with (
            product(bundle.resolve(), scratch / "open.log") as open_server,
            product(bundle.resolve(), scratch / "guarded.log", **guards) as guarded,
        ):
            for _ in range(rounds):
                for name, server, sent in (
                    (OPEN, open_server, None),
                    (GUARDED, guarded, scratch / "tokens"),
                ):
                    for length in (WARM_UP_S, seconds):
                        run = wrk(
                            server, scratch / "bodies", tokens=sent, seconds=length, connections=connections
                        )
                    runs[name].append(run)
    share = [
        ours["requests_per_s"] / free["requests_per_s"] for free, ours in zip(*runs.values(), strict=True)
    ]
    return {
        "machine": began,
        "load": {"readers": len(lists), "rounds": rounds, "seconds": seconds, "connections": connections},
        "medians": {
            name: {figure: round(median(run[figure] for run in of_server), 3) for figure in of_server[0]}
            for name, of_server in runs.items()
        },
        "throughput with tokens and limits, times without": round(median(share), 3),
        "rounds": runs,
    }


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bundle", type=Path, default=Path("data/bundle"))
    parser.add_argument("--readers", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4, help="of load on each server in a round")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--seed", type=int, default=20040801)
    found = measure(**vars(parser.parse_args()))
    print_table([{"server": name} | figures for name, figures in found["medians"].items()])
    print(
        f"with tokens and limits: {found['throughput with tokens and limits, times without']} x the throughput"
    )
    write_result(RESULT, found)


if __name__ == "__main__":
    main()
