"""How long a book is still listed after the store withdrew it: two servers under load, their kept answers included.

Clients ask both servers, without a pause, for readers' lists, like books and what is trending. Meanwhile the store
withdraws the books that are listed most, one after the other, and a worker handles the events. The time runs from
sending the event to the last answer, of any server, that has the book. Prints it and writes
benchmarks/results/withdrawn.json.

    python -m benchmarks.withdrawn --bundle data/bundle
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from redis import Redis

from benchmarks.load import serving
from benchmarks.machine import machine
from benchmarks.printing import print_table, write_result
from pipelines.demo_events import local_worker
from recs_core.artifacts.bundle import open_bundle
from recs_core.online.events import BookWithdrawn
from recs_core.online.redis_server import EmbeddedRedis
from recs_core.online.streams import EventProducer

RESULT = Path("benchmarks/results/withdrawn.json")
CLIENTS = 4
"""Of each server."""
PAUSE_S = 0.5
LISTS = """query($id: ID!, $book: ID!) {
  recommendations(userId: $id) { nodes { book { bookId price } } }
  similarBooks(bookId: $book) { nodes { book { bookId } } }
  trending(window: ALL) { nodes { book { bookId } } }
}"""


@dataclass
class Watch:
    """What the clients have seen.

    Args:
        sent: book id to when its withdrawal was sent, seconds of `time.perf_counter`.
        last_seen: book id to the last time that it was in an answer after that.
        listed: how often each book was.
        answers: how many answers there were.
    """

    sent: dict[str, float] = field(default_factory=dict)
    last_seen: dict[str, float] = field(default_factory=dict)
    listed: Counter[str] = field(default_factory=Counter)
    answers: int = 0

    def look(self, answer: dict[str, Any]) -> None:
        """Take note of an answer that has just come."""
        now = time.perf_counter()
        self.answers += 1
        for page in answer["data"].values():
            for node in page["nodes"]:
                book_id = node["book"]["bookId"]
                self.listed[book_id] += 1
                if book_id in self.sent:
                    self.last_seen[book_id] = now


async def ask(url: str, requests: list[dict[str, Any]], watch: Watch, until: asyncio.Event) -> None:
    """Ask a server again and again for the same lists, until the event."""
    async with httpx.AsyncClient(timeout=30) as client:
        while not until.is_set():
            for variables in requests:
                answer = await client.post(url, json={"query": LISTS, "variables": variables})
                watch.look(answer.raise_for_status().json())
                if until.is_set():
                    return


async def withdraw(redis: Redis, watch: Watch, *, books: int, warm_up_s: float) -> None:
    """Withdraw the books that are listed most, one after the other."""
    producer = EventProducer(redis)
    await asyncio.sleep(warm_up_s)
    for number in range(books):
        book_id = next(book for book, _ in watch.listed.most_common() if book not in watch.sent)
        event = BookWithdrawn(
            type="book_withdrawn",
            schema_version=1,
            event_id=f"withdrawn-{number}",
            book_id=book_id,
            version=1,
            time=datetime.now(UTC),
        )
        watch.sent[book_id] = time.perf_counter()
        await asyncio.to_thread(producer.send, [event])
        await asyncio.sleep(PAUSE_S)


async def run(urls: list[str], redis: Redis, requests: list[dict[str, Any]], **asked: Any) -> Watch:
    """Ask all servers while books are withdrawn."""
    watch, until = Watch(), asyncio.Event()
    shares = [requests[client::CLIENTS] for client in range(CLIENTS)]
    clients = [asyncio.create_task(ask(url, share, watch, until)) for url in urls for share in shares]
    await withdraw(redis, watch, **asked)
    until.set()
    await asyncio.gather(*clients)
    return watch


def measure(bundle: Path, *, books: int, readers: int, warm_up_s: float, seed: int) -> dict[str, Any]:
    """Every figure.

    Args:
        bundle: what is served.
        books: how many are withdrawn.
        readers: whose lists are asked for, by lot.
        warm_up_s: how long the servers are asked before, so that the lists are kept.
        seed: of the lot.
    """
    rng, opened = np.random.default_rng(seed), open_bundle(bundle)
    users = rng.choice(opened.users.array, size=min(readers, len(opened.users)), replace=False).tolist()
    beside = rng.choice(opened.books.array, size=len(users)).tolist()
    requests = [{"id": user, "book": book} for user, book in zip(users, beside, strict=True)]
    began = machine()
    with EmbeddedRedis(max_memory_bytes=256 * 2**20) as server, Redis.from_url(server.url) as redis:
        settings = {"BOOKVERSE_REDIS_URL": server.url, "BOOKVERSE_API__DEBUG_MODE": "false"}
        with (
            local_worker(server.url, "inventory"),
            serving("--bundle", str(bundle), settings=settings) as (_, one),
            serving("--bundle", str(bundle), settings=settings) as (_, other),
        ):
            watch = asyncio.run(run([one, other], redis, requests, books=books, warm_up_s=warm_up_s))
    took = 1e3 * np.array([watch.last_seen.get(book, sent) - sent for book, sent in watch.sent.items()])
    return {
        "machine": began,
        "books withdrawn": books,
        "answers": watch.answers,
        "milliseconds": {
            "median": round(float(np.median(took)), 1),
            "longest": round(float(took.max()), 1),
        },
    }


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bundle", type=Path, default=Path("data/bundle"))
    parser.add_argument("--books", type=int, default=50)
    parser.add_argument("--readers", type=int, default=200)
    parser.add_argument("--warm-up-s", type=float, default=10)
    parser.add_argument("--seed", type=int, default=20040801)
    found = measure(**vars(parser.parse_args()))
    print_table([{name: found[name] for name in ("books withdrawn", "answers")} | found["milliseconds"]])
    write_result(RESULT, found)


if __name__ == "__main__":
    main()
