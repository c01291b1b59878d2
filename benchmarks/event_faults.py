"""Nothing is lost and nothing counts twice, however often consumers and Redis are killed while events flow.

Real processes: one redis-server that writes everything to disk before it answers, worker processes as they run in
production, a producer that sends again what it got no answer for. In every round a random one of them, or Redis,
is killed with SIGKILL at a random moment and started again. At the end every reader's profile and every book's state
is compared with what the events say.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from redis import Redis
from redis.exceptions import RedisError

from benchmarks.machine import machine
from recs_core.online import keys
from recs_core.online.connection import connect
from recs_core.online.dead_letters import dead_letters
from recs_core.online.events import Event, Interaction, InventoryEvent
from recs_core.online.inventory import read_changes
from recs_core.online.profiles import read_profile
from recs_core.online.redis_server import DurableRedis
from recs_core.online.streams import BackPressureError, EventProducer, lags
from recs_core.testing.events import interactions, inventory_changes

ROOT = Path(__file__).parents[1]
BATCH = 50
EVENTS_A_READER = 40
"""On average: few enough that no profile is full, so that every event's effect can be seen."""
INVENTORY_SHARE = 0.1
REDIS_SHARE = 1 / 3
DRAIN_PATIENCE_S = 300.0
CLAIM_IDLE_MS = 1_000
MAX_LAG = 500
"""So few that events flow for as long as something is killed."""
MAX_DELIVERIES = 50
"""An event must not be given up because its consumers were shot."""


@dataclass
class Outcome:
    """What was done, and what was found in the end.

    Args:
        refused: events that were held back because consumers were behind.
        sent_again: events that were sent again because no answer came.
        missing, twice: effects in profiles.
        wrong_books: books whose state is not that of their events.
    """

    events: int
    rounds: int
    refused: int = 0
    sent_again: int = 0
    kills: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    entries_in_streams: int = 0
    missing: int = 0
    twice: int = 0
    wrong_books: int = 0
    dead_letters: int = 0
    lag: int = 0

    @property
    def is_exact(self) -> bool:
        """Whether every event has its effect exactly once."""
        return not (self.missing or self.twice or self.wrong_books or self.dead_letters or self.lag)


class Workers:
    """Worker processes, each started again after it is killed."""

    def __init__(self, url: str, n: int) -> None:
        self._url = url
        self._processes = [self._start() for _ in range(n)]

    def kill(self, number: int) -> None:
        """Kill one and start another."""
        self._processes[number].kill()
        self._processes[number].wait()
        self._processes[number] = self._start()

    def stop(self) -> None:
        """Stop all as an orchestrator does; none may fail."""
        for process in self._processes:
            process.terminate()
        statuses = [process.wait(30) for process in self._processes]
        # one that was only just started again ends before it can be told how
        if not {0, -signal.SIGTERM}.issuperset(statuses):
            raise SystemExit(f"a worker ended with another status than 0: {statuses}")

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "pipelines.worker", "consume", "interactions", "inventory"]
        command += ["--redis-url", self._url, "--claim-idle-ms", str(CLAIM_IDLE_MS)]
        command += ["--max-deliveries", str(MAX_DELIVERIES)]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        return subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)  # noqa: S603


class Sender(threading.Thread):
    """Sends all events; a batch without an answer is sent again."""

    def __init__(self, url: str, batches: Sequence[Sequence[Event]], outcome: Outcome) -> None:
        super().__init__()
        self._client = connect(url)
        self._batches = batches
        self._outcome = outcome

    def run(self) -> None:
        """Send."""
        producer = EventProducer(self._client, max_lag=MAX_LAG)
        for batch in self._batches:
            while True:
                try:
                    producer.send(batch)
                    break
                except BackPressureError:
                    self._outcome.refused += len(batch)
                    time.sleep(0.002)
                except RedisError:
                    self._outcome.sent_again += len(batch)
                    time.sleep(0.02)


def run(*, events: int, rounds: int, workers: int, seed: int, folder: Path) -> Outcome:
    """Send events through `rounds` kills, wait until all are handled, and compare.

    Args:
        events: of both streams together.
        rounds: kills, at random places of what the consumers do; about a third of them hit Redis.
        workers: processes.
        seed: of events, places and victims.
        folder: of Redis.
    """
    rng = np.random.default_rng(seed)
    read, sold = _events(rng, events)
    outcome = Outcome(events=events, rounds=rounds)
    kills: Counter[str] = Counter()
    started = time.monotonic()
    with ExitStack() as stack:
        redis = stack.enter_context(DurableRedis(folder))
        client = stack.enter_context(connect(redis.url))
        fleet = Workers(redis.url, workers)
        sender = Sender(redis.url, _shuffled_batches(rng, [*read], [*sold]), outcome)
        sender.start()
        # each kill comes at a random place of what the consumers do, however fast they are
        for place in sorted(rng.uniform(0, 0.95 * events, size=rounds).tolist()):
            _wait_for(client, place)
            if rng.random() < REDIS_SHARE:
                redis.kill()
                time.sleep(float(rng.uniform(0, 0.2)))
                redis.start()
                kills["redis"] += 1
            else:
                fleet.kill(int(rng.integers(workers)))
                kills["worker"] += 1
        sender.join()
        _drain(client)
        fleet.stop()
        outcome.kills = dict(kills)
        outcome.seconds = round(time.monotonic() - started, 1)
        _compare(client, read, sold, outcome)
    return outcome


def _events(rng: np.random.Generator, n: int) -> tuple[list[Interaction], list[InventoryEvent]]:
    n_sold = int(n * INVENTORY_SHARE)
    n_read = n - n_sold
    read = interactions(rng, n_read, n_users=max(1, n_read // EVENTS_A_READER), n_books=1_000)
    return list(read), list(inventory_changes(rng, n_sold, n_books=200))


def _shuffled_batches(rng: np.random.Generator, read: list[Event], sold: list[Event]) -> list[list[Event]]:
    """Batches of one stream each, the events in no order of time, the streams mixed, one batch in 20 twice."""
    batches = []
    for events in (read, sold):
        order = rng.permutation(len(events)).tolist()
        shuffled = [events[place] for place in order]
        batches += [shuffled[start : start + BATCH] for start in range(0, len(shuffled), BATCH)]
    batches += batches[::20]
    return [batches[place] for place in rng.permutation(len(batches)).tolist()]


def _wait_for(client: Redis, place: float) -> None:
    """Wait until the consumers have settled so many events."""
    deadline = time.monotonic() + DRAIN_PATIENCE_S
    while time.monotonic() < deadline:
        settled = 0
        for stream, group in (("interactions", "profiles"), ("inventory", "overlay")):
            settled += int(client.hget(keys.counts(stream), group) or 0)
        if settled >= place:
            return
        time.sleep(0.002)


def _drain(client: Redis) -> None:
    """Wait until nothing is left to settle; what is left after all patience shows as lag."""
    deadline = time.monotonic() + DRAIN_PATIENCE_S
    while time.monotonic() < deadline:
        if not any(sum(lags(client, stream).values()) for stream in ("interactions", "inventory")):
            return
        time.sleep(0.05)


def _compare(
    client: Redis, read: Sequence[Interaction], sold: Sequence[InventoryEvent], outcome: Outcome
) -> None:
    expected: dict[str, set[str]] = {}
    for event in read:
        expected.setdefault(event.user_id, set()).add(event.event_id)
    for user_id, ids in expected.items():
        profile = read_profile(client, user_id)
        found = {event.event_id for event in profile.events}
        outcome.missing += len(ids - found)
        # the version counts the effects: above the number of events, one counted twice
        outcome.twice += max(0, profile.version - len(ids)) + len(found - ids)
    books = {book.book_id: book.fields for book in _all_books(client)}
    outcome.wrong_books = sum(books.get(book_id) != fields for book_id, fields in _model(sold).items())
    for stream in ("interactions", "inventory"):
        outcome.entries_in_streams += client.xlen(keys.stream(stream))
        outcome.dead_letters += sum(1 for _ in dead_letters(client, stream))
        outcome.lag += sum(lags(client, stream).values())


def _all_books(client: Redis) -> Iterator[Any]:
    since, complete = 0, False
    while not complete:
        changes = read_changes(client, since)
        yield from changes.books
        since, complete = changes.generation, changes.complete


def _model(sold: Sequence[InventoryEvent]) -> dict[str, dict[str, Any]]:
    books: dict[str, dict[str, Any]] = {}
    for event in sorted(sold, key=lambda event: event.version):
        books.setdefault(event.book_id, {}).update(event.writes())
    return books


def main(arguments: list[str] | None = None) -> int:
    """Run it and print the outcome; 1 unless every effect is there exactly once."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.event_faults", description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=20, help="kills")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=9)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="bookverse-faults-") as folder:
        outcome = run(**vars(options), folder=Path(folder))
    print(json.dumps({"machine": machine()} | asdict(outcome) | {"exact": outcome.is_exact}, indent=2))
    return 0 if outcome.is_exact else 1


if __name__ == "__main__":
    sys.exit(main())
