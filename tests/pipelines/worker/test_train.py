"""Training as a job: events, rule, pipeline, gate, and what servers then find."""

from __future__ import annotations

import asyncio
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from small_project import ROOT, SmallProject, over, worker

from pipelines.event_table import append, count, read
from pipelines.freshness import read_trained
from pipelines.params import load_params
from pipelines.worker.scheduler import Scheduler
from recs_core.artifacts.bundle import open_bundle
from recs_core.artifacts.registry import BundleRegistry
from recs_core.data.erased import ErasureDigests, read_erased
from recs_core.online.current import CURRENT
from recs_core.online.jobs import JobFacts, Jobs
from recs_core.online.redis_server import EmbeddedRedis
from recs_core.online.streams import EventProducer
from recs_core.online.tombstones import entomb
from recs_core.testing.events import after, purchase, view
from recs_core.testing.tiny import tiny_bundle


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_bundle(tmp_path_factory.mktemp("bundle") / "bundle").path


def train(client: Redis, *, only_if_due: bool) -> JobFacts:
    asked = Jobs(client).trigger("train", by="test", arguments={"only_if_due": only_if_due})
    return over(client, asked.job_id)


def test_a_training_is_published_and_the_next_waits_until_enough_is_new(
    project: SmallProject, client: Redis, redis_server: EmbeddedRedis, bundle: Path
) -> None:
    project.commit(bundle=bundle)
    table = project.root / "data/events"
    EventProducer(client).send([view("a"), view("b")])
    with worker(project, redis_server.url, "train", BOOKVERSE_WORKER__RETRAIN_SHARE="0.001"):
        done = train(client, only_if_due=True)
        assert done.status == "finished", done
        version = open_bundle(bundle).version
        assert BundleRegistry(project.root / "data/published").current() == version
        # servers are told
        assert client.get(CURRENT) == version.encode()
        assert count(table) == 2
        noted = read_trained(table)
        assert noted is not None
        assert noted.events == 2

        waits = train(client, only_if_due=True)
        assert waits.status == "finished"
        assert waits.outcome.startswith("training is not due: 0 new events")

        EventProducer(client).send([view("c")])
        again = train(client, only_if_due=True)
        assert "stages of" in again.outcome
        assert "training is due: 1 new events" in again.outcome
        assert "no drift is known of 0 new interactions" in again.outcome


def test_a_bundle_that_the_gate_refuses_is_not_served_and_not_tried_again(
    project: SmallProject, client: Redis, redis_server: EmbeddedRedis, bundle: Path, tmp_path: Path
) -> None:
    damaged = tmp_path / "damaged"
    shutil.copytree(bundle, damaged)
    content = bytearray((damaged / "users.npy").read_bytes())
    content[-1] ^= 1
    (damaged / "users.npy").write_bytes(content)
    project.commit(bundle=damaged)
    with worker(project, redis_server.url, "train"):
        done = train(client, only_if_due=False)
    assert (done.status, done.tries_left) == ("failed", 0)
    assert "users.npy is damaged" in done.outcome
    assert not (project.root / "data/published/CURRENT").exists()


def test_what_was_kept_long_enough_is_forgotten_by_a_job(
    project: SmallProject, client: Redis, redis_server: EmbeddedRedis
) -> None:
    project.commit()
    EventProducer(client).send([view("a"), view("b", ms=86_400_000)])
    # all but the days since the second event
    kept_s = int((datetime.now(UTC) - after(86_400_000)).total_seconds())
    settings = {"BOOKVERSE_WORKER__EVENT_RETENTION": str(kept_s)}
    with worker(project, redis_server.url, "maintenance", **settings):
        done = over(client, Jobs(client).trigger("retain", by="test").job_id)
    assert done.status == "finished", done
    assert "1 rows of the event table" in done.outcome
    assert count(project.root / "data/events") == 1


def test_who_was_erased_is_trained_without_once_for_all_erasures(
    project: SmallProject, client: Redis, redis_server: EmbeddedRedis, bundle: Path
) -> None:
    shutil.copy(ROOT / "params.yaml", project.root / "params.yaml")
    project.commit(bundle=bundle)
    table = project.root / "data/events"
    EventProducer(client).send([purchase("a", user_id="me"), purchase("b", user_id="you")])
    append(client, table)
    digests = ErasureDigests.from_environment()

    async def erased() -> None:
        async with AsyncRedis.from_url(redis_server.url) as connected:
            await entomb(connected, digests, "me")

    asyncio.run(erased())
    (asked,) = Scheduler(client, []).step()
    with worker(project, redis_server.url, "train"):
        done = over(client, asked)
    assert done.status == "finished", done
    assert done.outcome.startswith("1 events of readers who were erased are no more in")
    assert read(table)["user_id"].to_pylist() == ["you"]
    assert BundleRegistry(project.root / "data/published").current() == open_bundle(bundle).version
    # what the pipeline is given of the table has nothing of the reader, and says who is to be left out
    options = load_params(project.copy / "params.yaml").data.sources["with-events"]
    assert read_erased(project.copy / options["erased"]).keys() == {digests.of("me")}
    trained_on = pq.read_table(project.copy / options["events"], partitioning=None)
    assert trained_on["user_id"].to_pylist() == ["you"]
