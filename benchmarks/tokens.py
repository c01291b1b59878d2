"""What it costs to know who asks: the first time a token comes, and every time after.

Prints a Markdown table: microseconds a request for a token that was not seen before (cold: the signature and every
claim are verified) and for one that was (hot: its digest is looked up), the median and the 99th percentile, and hot
requests a second on one core.

    python -m benchmarks.tokens
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from typing import get_args

import numpy as np

from benchmarks.machine import machine
from graphql_api.auth.authenticator import Authenticator
from graphql_api.auth.cached_keys import CachedKeys
from graphql_api.auth.claims import ClaimRules
from graphql_api.auth.issue import AUDIENCE, ISSUER, READER_SCOPES, issue_token
from graphql_api.auth.key_pairs import Algorithm, new_key, public_part
from graphql_api.auth.key_set import ASYMMETRIC


async def measured(authenticator: Authenticator, headers: list[list[str]]) -> list[float]:
    """Microseconds that each request takes."""
    took = []
    for header in headers:
        start = time.perf_counter_ns()
        await authenticator.identify(header)
        took.append((time.perf_counter_ns() - start) / 1e3)
    return took


async def measure(algorithm: Algorithm, tokens: int, repeats: int) -> tuple[list[float], list[float]]:
    """Microseconds of cold and of hot requests, `tokens` users taking turns."""
    key = new_key(algorithm)
    text = json.dumps({"keys": [public_part(key)]}).encode()

    async def fetch() -> bytes:
        return text

    keys = CachedKeys(fetch, algorithms=ASYMMETRIC)
    await keys.load()
    authenticator = Authenticator(keys, ClaimRules(ISSUER, AUDIENCE))
    headers = [[f"Bearer {issue_token(key, f'user {n}', READER_SCOPES)}"] for n in range(tokens)]
    cold = await measured(authenticator, headers)
    return cold, await measured(authenticator, headers * repeats)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tokens", type=int, default=1_000, help="different tokens")
    parser.add_argument("--repeats", type=int, default=20, help="hot requests with each")
    given = parser.parse_args()
    print(json.dumps(machine()))
    print("| algorithm | cold, median | cold, p99 | hot, median | hot, p99 | hot requests/s |")
    print("|---|---:|---:|---:|---:|---:|")
    for algorithm in get_args(Algorithm):
        cold, hot = asyncio.run(measure(algorithm, given.tokens, given.repeats))
        figures = [f"{np.percentile(times, q):.1f}" for times in (cold, hot) for q in (50, 99)]
        print(f"| {algorithm} | {' | '.join(figures)} | {1e6 / np.mean(hot):,.0f} |")


if __name__ == "__main__":
    main()
