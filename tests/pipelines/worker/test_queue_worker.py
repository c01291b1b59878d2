"""Workers as processes: what they do with jobs that succeed, fail, take too much, or are killed."""

from __future__ import annotations

import signal
from pathlib import Path

import psutil
import pytest
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer
from small_project import WRITE, SmallProject, over, until, worker

from pipelines.worker.processes import MARK
from recs_core.online import job_kinds
from recs_core.online import jobs as jobs_module
from recs_core.online.jobs import Jobs
from recs_core.online.redis_server import EmbeddedRedis


def processes_of(project: SmallProject) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == str(project.copy):
                found.append(process)
        except psutil.Error:
            continue
    return found


@pytest.fixture
def one_retry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_kinds, "RETRY_AFTER_S", (1,))
    monkeypatch.setattr(jobs_module, "RETRY_AFTER_S", (1,))


def waits_the_first_time(marker: Path) -> str:
    return f"if [ -e {marker} ]; then {WRITE}; else touch {marker}; sleep 300; fi"


def test_a_job_runs_the_last_commit_in_a_copy_with_the_cache_of_the_project(
    project: SmallProject, client: Redis, redis_server: EmbeddedRedis
) -> None:
    project.commit("mkdir -p data/features; (nice; echo $OMP_NUM_THREADS) > data/features/made")
    (project.root / "dvc.yaml").write_text("not committed")
    asked = Jobs(client).trigger("index", by="test")
    with worker(project, redis_server.url, "index"):
        done = over(client, asked.job_id)
    revision = project.git("rev-parse", "--short=8", "HEAD")
    assert (done.status, done.outcome) == ("finished", f"1 stages of {revision} are current")
    assert done.stage == "features"
    assert (project.copy / "data/features/made").read_text().split() == ["10", "1"]
    assert not (project.root / "data/features").exists()
    assert len(list((project.root / ".dvc/cache/files/md5").glob("*/*"))) == 2
    assert (project.root / "dvc.yaml").read_text() == "not committed"


def test_a_job_whose_worker_was_killed_is_picked_up_and_nothing_of_it_runs_on(
    project: SmallProject, client: Redis, redis_server: EmbeddedRedis, tmp_path: Path, one_retry: None
) -> None:
    marker = tmp_path / "begun"
    project.commit(waits_the_first_time(marker))
    asked = Jobs(client).trigger("index", by="test")
    with worker(project, redis_server.url, "index") as first:
        until(marker.exists)
        (sleeper,) = [each for each in processes_of(project) if each.name() == "sleep"]
        first.send_signal(signal.SIGKILL)
        first.wait()
    assert Jobs(client).get(asked.job_id).status == "started"
    with worker(project, redis_server.url, "index"):
        done = over(client, asked.job_id)
    assert done.status == "finished", done
    assert not sleeper.is_running()
    assert (project.copy / "data/features/made").exists()


def test_a_job_that_fails_is_tried_again_then_it_is_dead_and_can_be_requeued(
    project: SmallProject, client: Redis, redis_server: EmbeddedRedis, tmp_path: Path, one_retry: None
) -> None:
    tries = tmp_path / "tries"
    project.commit(f"echo tried >> {tries}; exit 3")
    jobs = Jobs(client)
    asked = jobs.trigger("index", by="test")
    with worker(project, redis_server.url, "index"):
        assert over(client, asked.job_id).status == "failed"
        assert tries.read_text().split() == ["tried", "tried"]
        (dead,) = jobs.dead()
        assert dead.job_id == asked.job_id
        assert "failed to reproduce 'features'" in dead.outcome
        project.commit()
        jobs.requeue(asked.job_id)
        assert over(client, asked.job_id).status == "finished"
    assert jobs.dead() == []


def test_a_dead_job_is_not_requeued_beside_another_of_its_kind(
    project: SmallProject, client: Redis, redis_server: EmbeddedRedis, one_retry: None
) -> None:
    project.commit("exit 3")
    jobs = Jobs(client)
    asked = jobs.trigger("index", by="test")
    with worker(project, redis_server.url, "index"):
        over(client, asked.job_id)
    other = jobs.trigger("index", by="test")
    with pytest.raises(jobs_module.ParameterError, match=f"job {other.job_id} is not done yet"):
        jobs.requeue(asked.job_id)


def test_a_job_that_holds_too_much_memory_is_ended_and_not_tried_again(
    project: SmallProject, client: Redis, redis_server: EmbeddedRedis
) -> None:
    project.commit("""python -c 'import time; held = b"x" * 500_000_000; time.sleep(300)'""")
    asked = Jobs(client).trigger("index", by="test")
    with worker(project, redis_server.url, "index", BOOKVERSE_WORKER__MEMORY_LIMIT="400000000"):
        done = over(client, asked.job_id)
        assert (done.status, done.tries_left) == ("failed", 0)
        assert "400,000,000 are allowed: raise worker.memory_limit" in done.outcome
        assert processes_of(project) == []


def test_a_job_that_takes_too_long_is_ended(
    project: SmallProject, client: Redis, redis_server: EmbeddedRedis, one_retry: None
) -> None:
    project.commit("sleep 300")
    asked = Jobs(client).trigger("index", by="test")
    with worker(project, redis_server.url, "index", BOOKVERSE_WORKER__TIME_LIMIT="8"):
        done = over(client, asked.job_id)
        assert done.status == "failed"
        assert "exceeded maximum timeout value (8 seconds)" in done.outcome
        until(lambda: processes_of(project) == [])


def test_a_cancelled_job_is_ended_and_not_tried_again(
    project: SmallProject, client: Redis, redis_server: EmbeddedRedis, tmp_path: Path
) -> None:
    marker = tmp_path / "begun"
    project.commit(waits_the_first_time(marker))
    jobs = Jobs(client)
    asked = jobs.trigger("index", by="test")
    with worker(project, redis_server.url, "index"):
        until(marker.exists)
        assert "is told to stop" in jobs.cancel(asked.job_id)
        done = over(client, asked.job_id)
        assert done.status == "stopped"
        assert [job.job_id for job in jobs.dead()] == [asked.job_id]
        until(lambda: processes_of(project) == [])


def test_sigterm_lets_the_job_under_way_finish(
    project: SmallProject, client: Redis, redis_server: EmbeddedRedis, tmp_path: Path
) -> None:
    marker, go = tmp_path / "begun", tmp_path / "go"
    project.commit(f"touch {marker}; while [ ! -e {go} ]; do sleep 0.1; done; {WRITE}")
    jobs = Jobs(client)
    asked = jobs.trigger("index", by="test")
    with worker(project, redis_server.url, "index") as process:
        until(marker.exists)
        process.send_signal(signal.SIGTERM)
        until(lambda: client.hexists(f"rq:worker:{jobs.get(asked.job_id).worker}", "shutdown_requested_date"))
        go.touch()
        assert process.wait(60) == 0
    assert jobs.get(asked.job_id).status == "finished"


def test_jobs_of_two_workers_take_turns_in_one_copy(
    project: SmallProject, client: Redis, redis_server: EmbeddedRedis, tmp_path: Path
) -> None:
    marker, go = tmp_path / "begun", tmp_path / "go"
    project.commit(f"touch {marker}; while [ ! -e {go} ]; do sleep 0.1; done; {WRITE}")
    jobs = Jobs(client)
    first = jobs.trigger("index", by="test")
    with worker(project, redis_server.url, "index"), worker(project, redis_server.url, "evaluate"):
        until(marker.exists)
        second = jobs.trigger("evaluate", by="test")
        until(lambda: jobs.get(second.job_id).stage == "wait for the working copy")
        go.touch()
        assert over(client, first.job_id).status == "finished"
        until(
            lambda: jobs.get(second.job_id).status != "started" or "prepare" in jobs.get(second.job_id).stage
        )


def test_what_is_no_job_is_not_run(
    project: SmallProject, client: Redis, redis_server: EmbeddedRedis, tmp_path: Path
) -> None:
    project.commit()
    victim = tmp_path / "victim"
    queue = Queue("index", connection=client, serializer=JSONSerializer)
    foreign = queue.enqueue("pathlib.Path.touch", str(victim), meta={"kind": "index"})
    with worker(project, redis_server.url, "index"):
        assert "there is no such job; nothing was run" in over(client, foreign.id).outcome
    assert not victim.exists()
