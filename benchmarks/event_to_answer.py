"""How soon an event changes an answer: a purchase goes in over HTTP, and the reader's list is asked until it differs.

One server, one worker and one Redis, as `python -m graphql_api` and `python -m pipelines.worker` start them. For each
reader by lot the first book of the list is bought; the time runs from sending the event to having an answer without
the book. Prints the percentiles and writes benchmarks/results/event_to_answer.json.

    python -m benchmarks.event_to_answer --bundle data/bundle
"""

from __future__ import annotations

import argparse
import time
import uuid
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from benchmarks.load import serving
from benchmarks.machine import machine
from benchmarks.printing import print_table, write_result
from pipelines.demo_events import RECORD, local_worker
from recs_core.artifacts.bundle import open_bundle
from recs_core.online.redis_server import EmbeddedRedis

RESULT = Path("benchmarks/results/event_to_answer.json")
PATIENCE_S = 10.0

LIST = "query($id: ID!) { recommendations(userId: $id) { nodes { book { bookId } } } }"


def ask(client: httpx.Client, url: str, query: str, **variables: Any) -> dict[str, Any]:
    """The data of an answer.

    Raises:
        RuntimeError: it has errors.
    """
    answer = client.post(url, json={"query": query, "variables": variables}).json()
    if "errors" in answer:
        raise RuntimeError(f"the server answers {answer['errors']}")
    data: dict[str, Any] = answer["data"]
    return data


def listed(client: httpx.Client, url: str, user_id: str) -> list[str]:
    """The books of a reader's list."""
    nodes = ask(client, url, LIST, id=user_id)["recommendations"]["nodes"]
    return [node["book"]["bookId"] for node in nodes]


def until_gone(client: httpx.Client, url: str, user_id: str) -> float:
    """Buy the first book of a reader's list; seconds until an answer lacks it.

    Raises:
        RuntimeError: it is still there after `PATIENCE_S`.
    """
    book = listed(client, url, user_id)[0]
    event = {"eventId": uuid.uuid4().hex, "type": "PURCHASE", "userId": user_id, "bookId": book}
    began = time.perf_counter()
    ask(client, url, RECORD, events=[event])
    while book in listed(client, url, user_id):
        if time.perf_counter() - began > PATIENCE_S:
            raise RuntimeError(f"after {PATIENCE_S} s reader {user_id} is still recommended {book}")
    return time.perf_counter() - began


def measure(bundle: Path, *, readers: int, seed: int) -> dict[str, Any]:
    """Every figure.

    Args:
        bundle: what is served.
        readers: who buy, by lot.
        seed: of the lot.
    """
    users = open_bundle(bundle).users.array
    lot = np.random.default_rng(seed).choice(users, size=min(readers, users.size), replace=False).tolist()
    began = machine()
    with (
        EmbeddedRedis(max_memory_bytes=256 * 2**20) as redis,
        local_worker(redis.url),
        serving(
            "--bundle",
            str(bundle),
            settings={"BOOKVERSE_REDIS_URL": redis.url, "BOOKVERSE_API__DEBUG_MODE": "false"},
        ) as (_, url),
        httpx.Client(timeout=30) as client,
    ):
        # the first waits for the worker to be there
        until_gone(client, url, lot[0])
        took = 1e3 * np.array([until_gone(client, url, user_id) for user_id in lot[1:]])
    figures = {f"p{share}": round(float(np.percentile(took, share)), 1) for share in (50, 95, 99)}
    return {
        "machine": began,
        "events": int(took.size),
        "milliseconds": figures | {"longest": round(float(took.max()), 1)},
    }


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bundle", type=Path, default=Path("data/bundle"))
    parser.add_argument("--readers", type=int, default=500)
    parser.add_argument("--seed", type=int, default=20040801)
    found = measure(**vars(parser.parse_args()))
    print_table([{"events": found["events"]} | found["milliseconds"]])
    write_result(RESULT, found)


if __name__ == "__main__":
    main()
