"""The inventory, checkout and users services over a real socket, as docs/upstream.md says; and their faults."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from pipelines.worker.upstream.client import Bounds, Endpoint

TOKEN = "s3cret-token"  # pragma: allowlist secret

BOUNDS = Bounds(connect_s=2, read_s=0.5, total_s=1, body_bytes=100_000, page_rows=3, pages=20, pause_s=0.001)

Fault = Callable[[Request], Response | None]


@dataclass
class Feed:
    """Rows in the order of their last changes; a row that changes moves to the end.

    Args:
        rows: by id: the number of the last change, and the row.
        forgotten: positions before it are gone.
    """

    rows: dict[str, tuple[int, Any]] = field(default_factory=dict)
    last: int = 0
    forgotten: int = 0

    def put(self, row_id: str, row: Any) -> None:
        self.last += 1
        self.rows[row_id] = (self.last, row)

    def page(self, after: int, limit: int) -> tuple[list[Any], int | None]:
        """Rows after a change, and the change to go on after; None where there are no more."""
        changed = sorted((entry for entry in self.rows.values() if entry[0] > after), key=lambda e: e[0])
        part = changed[:limit]
        return [row for _, row in part], part[-1][0] if len(changed) > limit else None


@dataclass
class StoreServices:
    """What the services have, and what goes wrong with the next requests.

    Args:
        faults: each answers one request in place of the service; None from one lets the service answer.
        asked: the queries that came, without their limit.
        headers: of the last request.
    """

    books: Feed = field(default_factory=Feed)
    purchases: Feed = field(default_factory=Feed)
    users: Feed = field(default_factory=Feed)
    faults: list[Fault] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    url: str = ""

    def put_book(self, book_id: str, version: int, **fields: Any) -> None:
        self.books.put(book_id, book(book_id, version, **fields))

    async def answer(self, request: Request) -> Response:
        self.headers = dict(request.headers)
        self.asked.append("&".join(f"{k}={v}" for k, v in request.query_params.items() if k != "limit"))
        if self.faults and (instead := self.faults.pop(0)(request)) is not None:
            return instead
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return Response(status_code=401)
        feeds = {"books": self.books, "purchases": self.purchases, "users": self.users}
        return _page(feeds[request.url.path.rpartition("/")[2]], request)


def endpoint(store: StoreServices, service: str = "inventory", token: str | None = TOKEN) -> Endpoint:
    return Endpoint(service, store.url, token, f"BOOKVERSE_{service.upper()}_TOKEN")


def book(book_id: str, version: int, **fields: Any) -> dict[str, Any]:
    about = {"title": f"Book {book_id}", "price": 9.5, "stock": 3, "updated_at": "2026-03-01T12:00:00Z"}
    return {"id": book_id, "version": version, **about, **fields}


def account(
    user_id: str, *, closed: bool = True, at: str = "2026-03-01T12:00:00Z", **more: Any
) -> dict[str, Any]:
    return {"id": user_id, "closed": closed, "updated_at": at, **more}


def bought(row_id: str, user_id: str, book_id: str) -> dict[str, Any]:
    return {"id": row_id, "user_id": user_id, "book_id": book_id, "bought_at": "2026-03-01T12:00:00Z"}


def status(code: int, **headers: str) -> Fault:
    return lambda _: Response(status_code=code, headers={k.replace("_", "-"): v for k, v in headers.items()})


def body(text: bytes | str, **headers: str) -> Fault:
    return lambda _: Response(text, headers={k.replace("_", "-"): v for k, v in headers.items()})


def truncated(_: Request) -> Response:
    """Promises more than it sends, and hangs up."""
    return PlainTextResponse('{"items": [', headers={"Content-Length": "1000"})


def slow(seconds: float) -> Fault:
    """Says nothing for so long."""

    def answer(_: Request) -> Response:
        return StreamingResponse(_drip(seconds, times=1))

    return answer


def dripping(seconds: float) -> Fault:
    """Sends a byte again and again, and comes to no end."""
    return lambda _: StreamingResponse(_drip(seconds, times=1_000))


def endless(_: Request) -> Response:
    return StreamingResponse(_drip(0, times=10_000, chunk=b" " * 10_000))


def after(act: Callable[[], object]) -> Fault:
    """Something happens in the store before the service answers."""

    def fault(_: Request) -> None:
        act()

    return fault


@contextmanager
def store_services() -> Iterator[StoreServices]:
    store = StoreServices()
    routes = [Route(f"/v1/{name}", store.answer) for name in ("books", "purchases", "users")]
    config = uvicorn.Config(
        Starlette(routes=routes), port=0, log_level="critical", timeout_graceful_shutdown=1, lifespan="off"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        thread.join(0.01)
    store.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/v1"
    try:
        yield store
    finally:
        server.should_exit = True
        thread.join()


def _page(feed: Feed, request: Request) -> Response:
    query = request.query_params
    after = int(query.get("cursor") or query.get("since") or 0)
    if "since" in query and after < feed.forgotten:
        return Response(status_code=410)
    items, following = feed.page(after, int(query["limit"]))
    page = {
        "items": items,
        "next_cursor": None if following is None else str(following),
        "position": str(feed.last),
    }
    text = json.dumps(page)
    etag = f'"{sha256(text.encode()).hexdigest()[:16]}"'
    if request.headers.get("If-None-Match") == etag:
        return Response(status_code=304, headers={"ETag": etag})
    return Response(text, media_type="application/json", headers={"ETag": etag})


async def _drip(seconds: float, *, times: int, chunk: bytes = b" ") -> AsyncIterator[bytes]:
    for _ in range(times):
        await asyncio.sleep(seconds)
        yield chunk
