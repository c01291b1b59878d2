"""Jobs in their queues, before any worker has seen them."""

from __future__ import annotations

import json
import zlib
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, tzinfo

import pytest
from redis import Redis
from redis.exceptions import RedisError
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

from recs_core.errors import ParameterError
from recs_core.online import jobs as module
from recs_core.online import keys
from recs_core.online.job_kinds import KINDS, QUEUES, queue_named
from recs_core.online.jobs import Jobs
from recs_core.online.redis_server import EmbeddedRedis


def test_two_who_ask_get_one_job(client: Redis) -> None:
    jobs = Jobs(client)
    first = jobs.trigger("train", by="one")
    second = jobs.trigger("train", by="another")
    assert (first.is_new, second.is_new) == (True, False)
    assert first.job_id == second.job_id
    assert queue_named(client, "train").count == 1


def test_many_who_ask_at_the_same_moment_get_one_job(client: Redis) -> None:
    with ThreadPoolExecutor(8) as pool:
        asked = list(pool.map(lambda n: Jobs(client).trigger("train", by=str(n)), range(40)))
    assert len({each.job_id for each in asked}) == 1
    assert sum(each.is_new for each in asked) == 1
    assert queue_named(client, "train").count == 1


def test_each_kind_waits_in_its_queue(client: Redis) -> None:
    for kind in KINDS:
        Jobs(client).trigger(kind, by="test")
    for name in QUEUES:
        assert queue_named(client, name).count == sum(kind.queue == name for kind in KINDS.values())
    assert {job.kind for job in Jobs(client).all()} == set(KINDS)


def test_what_lies_in_redis_is_json(client: Redis) -> None:
    asked = Jobs(client).trigger("train", by="test", arguments={"only_if_due": True})
    stored = client.hgetall(f"rq:job:{asked.job_id}")
    payload = json.loads(zlib.decompress(stored[b"data"]))
    assert payload == ["pipelines.worker.tasks.train", None, [], {"only_if_due": True}]
    assert json.loads(stored[b"meta"])["by"] == "test"


def test_a_cancelled_job_makes_room_for_another(client: Redis) -> None:
    jobs = Jobs(client)
    first = jobs.trigger("train", by="test").job_id
    assert jobs.cancel(first) == f"{first} is canceled"
    assert jobs.get(first).status == "canceled"
    assert queue_named(client, "train").count == 0
    with pytest.raises(ParameterError, match="is canceled: there is nothing to cancel"):
        jobs.cancel(first)
    assert jobs.trigger("train", by="test").is_new


def test_a_job_that_redis_has_lost_makes_room_for_another(client: Redis) -> None:
    jobs = Jobs(client)
    first = jobs.trigger("train", by="test").job_id
    Job.fetch(first, connection=client, serializer=JSONSerializer).delete()
    assert client.get(keys.active_job("train")) == first.encode()
    assert jobs.trigger("train", by="test").is_new


def test_what_is_written_with_a_job_is_written_where_it_is_not_new_too(client: Redis) -> None:
    jobs = Jobs(client)
    for mark in ("a", "b"):
        jobs.trigger("index", by="test", also=lambda pipe, mark=mark: pipe.set("mark", mark))
        assert client.get("mark") == mark.encode()


def test_who_asks_for_what_is_not_there_is_told_what_is(client: Redis) -> None:
    jobs = Jobs(client)
    with pytest.raises(ParameterError, match=r"job must be one of index, train.*got 'trian'"):
        jobs.trigger("trian", by="test")
    with pytest.raises(ParameterError, match="queue must be one of index"):
        queue_named(client, "default")
    for act in (jobs.get, jobs.cancel, jobs.requeue):
        with pytest.raises(ParameterError, match="there is no job 'x'; `bookverse jobs list` shows them"):
            act("x")


def test_a_job_that_has_not_failed_is_not_requeued(client: Redis) -> None:
    asked = Jobs(client).trigger("train", by="test")
    with pytest.raises(ParameterError, match="is queued, it has not failed"):
        Jobs(client).requeue(asked.job_id)
    assert Jobs(client).dead() == []


def test_the_newest_jobs_are_found_whatever_became_of_them(
    client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    hours = iter(range(6))

    class Hourly(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Hourly:
            return cls(2026, 3, 1, next(hours), tzinfo=tz)

    monkeypatch.setattr(module, "datetime", Hourly)
    jobs = Jobs(client)
    ids = []
    for number in range(6):
        ids.insert(0, jobs.trigger("train", by=str(number)).job_id)
        if number < 5:
            jobs.cancel(ids[0])
    assert [job.job_id for job in jobs.all()] == ids
    assert [job.job_id for job in jobs.all(newest=2)] == ids[:2]


def test_a_requeue_that_fails_half_way_leaves_the_job_dead(
    client: Redis, redis_server: EmbeddedRedis
) -> None:
    jobs = Jobs(client)
    job_id = jobs.trigger("train", by="test").job_id
    queue = queue_named(client, "train")
    job = Job.fetch(job_id, connection=client, serializer=JSONSerializer)
    queue.remove(job)
    job.set_status(JobStatus.FAILED)
    queue.failed_job_registry.add(job, ttl=1_000)
    client.acl_setuser("half", enabled=True, nopass=True, keys=["*"], commands=["+@all", "-rpush"])
    with Redis.from_url(redis_server.url, username="half", password="") as half, pytest.raises(RedisError):
        Jobs(half).requeue(job_id)
    assert jobs.get(job_id).status == "failed"
    jobs.requeue(job_id)
    assert jobs.get(job_id).status == "queued"
    assert queue.get_job_ids() == [job_id]
    assert job_id not in queue.failed_job_registry
