"""What readers notice of a training on the same machine, with and without the worker's niceness and thread limit.

A server answers recommendations that no cache has, asked for at a constant rate, and a request's latency counts from
when it was due. First alone; then beside a worker that runs the pipeline from nothing with the settings of
`worker.niceness` and `worker.threads`; then beside one that stands back for nobody and uses all cores. Measured from
the first training stage on.

    python -m benchmarks.training_beside --bundle data/bundle --rate 100 --seconds 30
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import uvloop

from benchmarks.api_data import answers, bodies
from benchmarks.api_servers import QUIET, UNCACHED
from benchmarks.load import READY, ask_all, serving
from benchmarks.machine import machine
from benchmarks.open_loop import latencies
from benchmarks.printing import print_table, write_result
from recs_core.online.connection import connect
from recs_core.online.jobs import Jobs
from recs_core.online.redis_server import EmbeddedRedis

RESULT = Path("benchmarks/results/training_beside.json")
ROOT: Final = Path(__file__).parents[1]
STAGE: Final = "train@"
BEGINS_WITHIN_S: Final = 240
WARM_S: Final = 3


def conditions() -> dict[str, Mapping[str, str] | None]:
    """Name to the worker's settings; None for no worker."""
    ruthless = {"BOOKVERSE_WORKER__NICENESS": "0", "BOOKVERSE_WORKER__THREADS": str(os.cpu_count() or 1)}
    return {"alone": None, "beside a worker": {}, "beside one without limits": ruthless}


@contextmanager
def training(scratch: Path, raw: Path, settings: Mapping[str, str]) -> Iterator[str]:
    """A worker that trains in a clone of this project without any cache; gives the stage that is under way."""
    project = scratch / "project"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(project)], check=True)  # noqa: S603, S607
    (project / "data").mkdir()
    (project / "data/raw").symlink_to(raw.resolve(), target_is_directory=True)
    with (
        EmbeddedRedis(max_memory_bytes=2**26) as redis,
        connect(redis.url) as client,
        (scratch / "worker.log").open("w") as log,
        subprocess.Popen(
            [sys.executable, "-m", "bookverse", "worker", "train"],
            cwd=project,
            env=os.environ | {"REDIS_URL": redis.url, "PYTHONPATH": str(project)} | dict(settings),
            stdout=log,
            stderr=log,
        ) as worker,
    ):
        try:
            jobs = Jobs(client)
            job_id = jobs.trigger("train", by="benchmark").job_id
            deadline = time.monotonic() + BEGINS_WITHIN_S
            while not (job := jobs.get(job_id)).stage.startswith(STAGE):
                if time.monotonic() > deadline or job.status not in ("queued", "started"):
                    raise SystemExit(
                        f"the training did not begin ({job}):\n{(scratch / 'worker.log').read_text()}"
                    )
                time.sleep(0.1)
            yield job.stage
            still = jobs.get(job_id)
            if still.status != "started":
                raise SystemExit(
                    f"the training was over before the measurement: {still}; measure for fewer seconds"
                )
        finally:
            # a second signal ends the job, too
            worker.terminate()
            time.sleep(1.5)
            worker.terminate()
            worker.wait()


def measure(
    bundle: Path, raw: Path, *, readers: int, rate: float, seconds: int, seed: int
) -> list[dict[str, Any]]:
    """A row for each condition.

    Args:
        bundle: what is served.
        raw: the folder of downloads.
        readers: how many are asked for in turn.
        rate: requests a second.
        seconds: of load.
        seed: of the lot of readers.
    """
    asked = bodies(answers(bundle, readers=readers, seed=seed)["lists"]).splitlines()
    rows = []
    for name, settings in conditions().items():
        with (
            TemporaryDirectory(prefix="bookverse-beside-") as scratch,
            serving("--bundle", str(bundle), settings=QUIET | UNCACHED) as (_, url),
        ):
            ask_all(url, [READY])
            uvloop.run(latencies(url, asked, rate=rate, seconds=WARM_S))
            if settings is None:
                rows.append(
                    {"training": name} | uvloop.run(latencies(url, asked, rate=rate, seconds=seconds))
                )
                continue
            with training(Path(scratch), raw, settings):
                rows.append(
                    {"training": name} | uvloop.run(latencies(url, asked, rate=rate, seconds=seconds))
                )
    return rows


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bundle", type=Path, default=Path("data/bundle"))
    parser.add_argument("--raw", type=Path, default=Path("data/raw"), help="downloads of the pipeline")
    parser.add_argument("--readers", type=int, default=500)
    parser.add_argument("--rate", type=float, default=100, help="requests a second")
    parser.add_argument("--seconds", type=int, default=30, help="of load in each condition")
    parser.add_argument("--seed", type=int, default=20040801)
    parser.add_argument("--result", type=Path, default=RESULT, help="where the JSON is written")
    given = vars(parser.parse_args())
    result = given.pop("result")
    facts = machine()
    rows = measure(**given)
    facts |= {"load afterwards": machine()["load in the last minute"]}
    print("\n".join(f"{name}: {value}" for name, value in facts.items()) + "\n")
    print_table(rows)
    shown = {name: value for name, value in given.items() if name in ("rate", "seconds", "readers")}
    write_result(result, {"machine": facts, "setup": shown, "conditions": rows})


if __name__ == "__main__":
    main()
