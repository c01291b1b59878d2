"""How fast the inventory service is read, and what its books take in Redis.

A service in this process tells of made-up books over a real socket; a synchronisation reads all of them into the
stream, a consumer writes them into the overlay, and a second synchronisation reads them once more, which changes
nothing. Prints rows a second and bytes a book, and writes benchmarks/results/upstream.json.

    python -m benchmarks.upstream --books 20000
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from redis import Redis

from benchmarks.machine import machine
from benchmarks.printing import print_table, write_result
from pipelines.worker.upstream.client import Bounds, Endpoint
from pipelines.worker.upstream.state import begin_at
from pipelines.worker.upstream.sync import synchronise
from recs_core.online.consumer import ConsumerSettings, StreamConsumer
from recs_core.online.inventory import InventoryWriter, read_changes
from recs_core.online.redis_server import EmbeddedRedis

RESULT = Path("benchmarks/results/upstream.json")
BOUNDS = Bounds(connect_s=5, read_s=20, total_s=60, body_bytes=2**23, page_rows=500, pages=10_000)


def book(number: int) -> dict[str, Any]:
    """A made-up row, as long as those of real books."""
    return {
        "id": f"{number:013d}",
        "version": 1,
        "updated_at": "2026-03-01T12:00:00Z",
        "title": f"The Long Title of Book {number:09d}",
        "authors": ["Somebody Else"],
        "year": 1999,
        "publisher": "A Publishing House",
        "language": "en",
        "genres": ["fiction"],
        "price": 9.5,
        "stock": 3,
    }


@contextmanager
def inventory(books: int) -> Iterator[str]:
    """A service with so many books; its URL."""
    rows = [json.dumps(book(number)) for number in range(books)]

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            query = parse_qs(urlsplit(self.path).query)
            begin, limit = int(query.get("cursor", ["0"])[0]), int(query["limit"][0])
            following = f'"{begin + limit}"' if begin + limit < books else "null"
            items = ",".join(rows[begin : begin + limit])
            body = f'{{"items": [{items}], "next_cursor": {following}, "position": "1"}}'.encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def measure(books: int) -> dict[str, Any]:
    """Every figure.

    Raises:
        RuntimeError: not every book came, or reading them again changed something.
    """
    began = machine()
    with (
        inventory(books) as url,
        EmbeddedRedis(max_memory_bytes=2**32) as redis,
        Redis.from_url(redis.url) as client,
    ):
        service = Endpoint("inventory", url, None, "BOOKVERSE_INVENTORY_TOKEN")
        memory = [_used(client)]
        reading_s = _timed(lambda: synchronise(client, service, BOUNDS, erase=len))
        memory.append(_used(client))
        writing_s = _timed(lambda: _consume(client))
        memory.append(_used(client))
        generation = read_changes(client, 0, page=books + 1)
        begin_at(client, "inventory", None)
        again_s = _timed(lambda: synchronise(client, service, BOUNDS, erase=len))
        _consume(client)
        if len(generation.books) != books or read_changes(client, 0, page=books + 1) != generation:
            raise RuntimeError("the overlay is not what the service says")
    return {
        "machine": began,
        "books": books,
        "rows_read_per_s": round(books / reading_s),
        "rows_read_again_per_s": round(books / again_s),
        "rows_into_overlay_per_s": round(books / writing_s),
        "stream_bytes_per_book": round((memory[1] - memory[0]) / books),
        "overlay_bytes_per_book": round((memory[2] - memory[1]) / books),
    }


def _consume(client: Redis) -> None:
    consumer = StreamConsumer(
        client,
        stream="inventory",
        group="overlay",
        name="benchmark",
        handler=InventoryWriter(client),
        settings=ConsumerSettings(batch=1_000, block_ms=1),
    )
    consumer.join()
    while consumer.step():
        pass


def _timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _used(client: Redis) -> int:
    return int(client.info("memory")["used_memory"])


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--books", type=int, default=20_000)
    found = measure(**vars(parser.parse_args()))
    print_table([{name: value for name, value in found.items() if name != "machine"}])
    write_result(RESULT, found)


if __name__ == "__main__":
    main()
