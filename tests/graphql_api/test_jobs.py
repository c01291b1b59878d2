"""What workers do, over HTTP: looked at, asked for, cancelled, by who may."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from api_server import ApiServer, api_server
from redis import Redis
from rq.job import Job as QueuedJob
from rq.job import JobStatus as QueuedStatus
from rq.serializers import JSONSerializer
from token_issuer import AUDIENCE, ISSUER, honest, public_keys

from graphql_api.auth.scopes import Scope
from graphql_api.types.job import JobKind, JobStatus
from recs_core.artifacts.bundle import Bundle
from recs_core.online.job_kinds import KINDS, queue_named
from recs_core.online.jobs import Jobs
from recs_core.online.redis_server import EmbeddedRedis

LIST = "query($first: Int) { jobs(first: $first) { jobId kind status askedBy stage progress triesLeft outcome } }"
ASK = "mutation($kind: JobKind!) { askForJob(kind: $kind) { jobId kind status askedBy } }"
CANCEL = "mutation($id: ID!) { cancelJob(jobId: $id) { jobId status } }"


@pytest.fixture
def server(bundle: Bundle, redis_server: EmbeddedRedis, tmp_path: Path) -> Iterator[ApiServer]:
    with api_server(bundle.path, tmp_path / "log", BOOKVERSE_REDIS_URL=redis_server.url) as running:
        yield running


@pytest.fixture
def queues(redis_server: EmbeddedRedis) -> Iterator[Jobs]:
    with Redis.from_url(redis_server.url) as client:
        yield Jobs(client)


def test_a_job_is_asked_for_once_listed_and_cancelled(server: ApiServer, queues: Jobs) -> None:
    assert server.data(LIST) == {"jobs": []}
    first = server.data(ASK, kind="TRAIN")["askForJob"]
    assert (first["kind"], first["status"], first["askedBy"]) == ("TRAIN", "QUEUED", "API")
    assert server.data(ASK, kind="TRAIN")["askForJob"]["jobId"] == first["jobId"]
    assert queues.get(first["jobId"]).kind == "train"
    assert server.data(CANCEL, id=first["jobId"]) == {
        "cancelJob": {"jobId": first["jobId"], "status": "CANCELED"}
    }
    again = server.error(CANCEL, id=first["jobId"])
    assert again["extensions"]["code"] == "BAD_USER_INPUT"
    assert "is canceled: there is nothing to cancel" in again["message"]
    assert server.error(CANCEL, id="no-such-job")["extensions"]["code"] == "BAD_USER_INPUT"


def test_how_far_a_job_is_can_be_watched(
    server: ApiServer, queues: Jobs, redis_server: EmbeddedRedis
) -> None:
    asked = queues.trigger("train", by="test").job_id
    with Redis.from_url(redis_server.url) as client:
        job = QueuedJob.fetch(asked, connection=client, serializer=JSONSerializer)
        for stage, share in (("split", 0.03), ("evaluate", 0.5)):
            job.meta |= {"stage": stage, "share": share}
            job.save_meta()
            # an answer of a moment ago is not the answer now
            (shown,) = server.data(LIST)["jobs"]
            assert (shown["stage"], shown["progress"], shown["outcome"]) == (stage, share, None)
    assert shown["triesLeft"] == 3


def test_a_list_is_as_long_as_it_may_be_and_begins_with_the_last(server: ApiServer, queues: Jobs) -> None:
    ids = [queues.trigger(kind, by="test").job_id for kind in KINDS]
    listed = [job["jobId"] for job in server.data(LIST, first=2)["jobs"]]
    assert len(listed) == 2
    assert {*listed} < {*ids}
    assert len(server.data(LIST)["jobs"]) == len(KINDS)
    for first in (0, 101):
        assert server.error(LIST, first=first)["extensions"]["code"] == "BAD_USER_INPUT"


def test_a_job_of_an_unknown_kind_is_left_out(
    server: ApiServer, queues: Jobs, redis_server: EmbeddedRedis
) -> None:
    known = queues.trigger("sync", by="test").job_id
    with Redis.from_url(redis_server.url) as client:
        queue_named(client, "train").enqueue_call("builtins.print", meta={"kind": "dance"})
        queue_named(client, "train").enqueue_call("builtins.print")
    assert [job["jobId"] for job in server.data(LIST)["jobs"]] == [known]


def test_without_redis_it_is_said(bundle: Bundle, tmp_path: Path) -> None:
    nowhere = f"unix://{tmp_path}/nowhere.sock"
    with api_server(bundle.path, tmp_path / "log", BOOKVERSE_REDIS_URL=nowhere) as server:
        for query in (LIST, ASK):
            error = server.error(query, **({"kind": "INDEX"} if query == ASK else {}))
            assert error["extensions"]["code"] == "UNAVAILABLE"
            assert "the queues of jobs cannot be reached now" in error["message"]


def test_who_may_not_ask_asks_for_nothing(
    bundle: Bundle, redis_server: EmbeddedRedis, queues: Jobs, tmp_path: Path
) -> None:
    key_file = tmp_path / "public.jwks.json"
    key_file.write_text(json.dumps({"keys": public_keys()}))
    auth = {
        "BOOKVERSE_AUTH__KEYS": str(key_file),
        "BOOKVERSE_AUTH__ISSUER": ISSUER,
        "BOOKVERSE_AUTH__AUDIENCE": AUDIENCE,
        "BOOKVERSE_AUTH__ANONYMOUS": "[]",
        "BOOKVERSE_REDIS_URL": redis_server.url,
    }
    waits = queues.trigger("index", by="test").job_id
    with api_server(bundle.path, tmp_path / "log", **auth) as server:
        for held in Scope:
            server.client.headers["Authorization"] = f"Bearer {honest(scope=held.value)}"
            if held is not Scope.MODELS_ADMIN:
                assert server.error(ASK, kind="TRAIN")["extensions"]["code"] == "FORBIDDEN"
                assert server.error(CANCEL, id=waits)["extensions"]["code"] == "FORBIDDEN"
        assert [job.job_id for job in queues.all()] == [waits]
        server.client.headers["Authorization"] = f"Bearer {honest(scope=Scope.MODELS_ADMIN.value)}"
        assert server.data(ASK, kind="TRAIN")["askForJob"]["status"] == "QUEUED"


def test_the_schema_has_every_kind_and_every_status() -> None:
    assert {str(kind.value) for kind in JobKind} == {*KINDS}
    # those of jobs without a queue, with a rate, and made for later, which ours never are
    others = {"created", "rate_limited", "ready_to_enqueue"}
    assert {str(status.value) for status in JobStatus} == {each.value for each in QueuedStatus} - others
