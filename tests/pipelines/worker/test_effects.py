"""What an erased reader did before the erasure has no effect, however late it comes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from pipelines.worker.consumers import FAILED, Consumers
from pipelines.worker.effects import ReaderEffects
from pipelines.worker.scheduler import Scheduler
from recs_core.data.erased import ErasureDigests
from recs_core.online.consumer import ConsumerSettings
from recs_core.online.invalidations import LOG, parse
from recs_core.online.jobs import Jobs
from recs_core.online.profiles import ProfileWriter, read_profile
from recs_core.online.redis_server import EmbeddedRedis
from recs_core.online.tombstones import entomb
from recs_core.testing.events import view


def entombed(server: EmbeddedRedis, name: str, key: ErasureDigests | None = None) -> None:
    async def note() -> None:
        async with AsyncRedis.from_url(server.url) as connected:
            await entomb(connected, key or ErasureDigests.from_environment(), name)

    asyncio.run(note())


def test_a_late_event_makes_no_profile_and_names_nobody(client: Redis, redis_server: EmbeddedRedis) -> None:
    entombed(redis_server, "me")
    assert ReaderEffects(client)([view("late", user_id="me"), view("b", user_id="you")]) == [None, None]
    assert read_profile(client, "me").events == ()
    assert len(read_profile(client, "you").events) == 1
    assert [tags for _, tags in parse(client.xrange(LOG))] == [("user:you",)]


def test_a_reader_who_is_erased_while_a_batch_is_written_has_no_profile(
    client: Redis, redis_server: EmbeddedRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    effects = ReaderEffects(client)
    write = ProfileWriter.__call__

    def erased_meanwhile(self: ProfileWriter, events: Sequence[object]) -> list[Exception | None]:
        entombed(redis_server, "me")
        return write(self, events)  # type: ignore[arg-type]

    monkeypatch.setattr(ProfileWriter, "__call__", erased_meanwhile)
    effects([view("a", user_id="me"), view("b", user_id="you")])
    assert read_profile(client, "me").events == ()
    assert len(read_profile(client, "you").events) == 1


def test_consumers_with_another_key_do_not_start(client: Redis, redis_server: EmbeddedRedis) -> None:
    entombed(redis_server, "me", ErasureDigests(b"k" * 32))
    assert Consumers(redis_server.url, ["interactions"], ConsumerSettings()).run() == FAILED


def test_each_erasure_is_seen_to_by_a_job_that_began_after_it(
    client: Redis, redis_server: EmbeddedRedis
) -> None:
    scheduler, jobs = Scheduler(client, []), Jobs(client)
    assert scheduler.step() == []
    entombed(redis_server, "me")
    (first,) = scheduler.step()
    assert (jobs.get(first).kind, jobs.get(first).by) == ("erase", "erasure")
    assert scheduler.step() == []
    # another reader, while that job may be under way
    entombed(redis_server, "you")
    assert scheduler.step() == []
    jobs.cancel(first)
    (second,) = scheduler.step()
    assert second != first
    jobs.cancel(second)
    assert scheduler.step() == []
