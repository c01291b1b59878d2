"""The demo's last part: a reader buys a book, and the next list is another one."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from recs_core.errors import BookverseError

PATIENCE_S = 20.0
"""For the first effect, which waits for the worker to have started."""

RECORD = "mutation Buy($events: [InteractionInput!]!) { recordEvents(events: $events) { accepted } }"
LIST = """
query List($reader: ID!) {
  recommendations(userId: $reader, first: 10) { nodes { rank book { bookId title authors } } }
}
"""

Ask = Callable[[str, dict[str, Any]], dict[str, Any]]
"""Asks the server a document with variables; gives the data."""


class NoEffectError(BookverseError):
    """An event changed no answer."""


@contextmanager
def local_worker(redis_url: str, stream: str = "interactions") -> Iterator[None]:
    """Handle the events of a stream in a process of its own, while this context is open."""
    command = [sys.executable, "-m", "pipelines.worker", "consume", stream, "--redis-url", redis_url]
    process = subprocess.Popen(  # noqa: S603 - this environment's worker
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env=os.environ,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def buy(ask: Ask, reader: str) -> tuple[Mapping[str, Any], list[Mapping[str, Any]], float]:
    """Buy the first book of a reader's list and wait for its effect.

    Returns:
        The book; the list after it; seconds from the purchase to that list.

    Raises:
        NoEffectError: the book is still recommended after `PATIENCE_S`.
    """
    bought = _list(ask, reader)[0]["book"]
    event = {
        "eventId": uuid.uuid4().hex,
        "type": "PURCHASE",
        "userId": reader,
        "bookId": bought["bookId"],
    }
    began = time.monotonic()
    ask(RECORD, {"events": [event]})
    while time.monotonic() - began < PATIENCE_S:
        now = _list(ask, reader)
        if all(item["book"]["bookId"] != bought["bookId"] for item in now):
            return bought, now, time.monotonic() - began
        time.sleep(0.01)
    raise NoEffectError(
        f"{PATIENCE_S:g} s after it was bought “{bought['title']}” is still recommended; does the worker start? try "
        "python -m pipelines.worker consume interactions"
    )


def _list(ask: Ask, reader: str) -> list[Mapping[str, Any]]:
    nodes: list[Mapping[str, Any]] = ask(LIST, {"reader": reader})["recommendations"]["nodes"]
    return nodes
