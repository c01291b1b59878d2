"""The worker as a process: it starts, works, beats, stops and says why by its exit status."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis

from pipelines.worker import __main__ as command_line
from pipelines.worker import consumers
from pipelines.worker.consumers import FAILED, NO_REDIS, Consumers
from pipelines.worker.upstream.state import note_fault, note_success
from recs_core.online import keys
from recs_core.online.consumer import ConsumerSettings
from recs_core.online.events import json_schemas
from recs_core.online.inventory import read_changes
from recs_core.online.profiles import read_profile
from recs_core.online.redis_server import EmbeddedRedis
from recs_core.online.streams import EventProducer, lags
from recs_core.testing.events import price, view


@contextmanager
def worker(url: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "pipelines.worker", "consume", "interactions", "inventory"]
    with (
        log.open("wb") as sink,
        subprocess.Popen(command, env=os.environ | {"REDIS_URL": url}, stderr=sink) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def settled(client: Redis) -> bool:
    return lags(client, "interactions") == {"profiles": 0} and lags(client, "inventory") == {"overlay": 0}


def test_it_consumes_both_streams_and_ends_with_0_at_sigterm(
    client: Redis, redis_server: EmbeddedRedis, tmp_path: Path
) -> None:
    EventProducer(client).send([view(str(number)) for number in range(50)])
    EventProducer(client).send([price("p", 1, 9.5)])
    with worker(redis_server.url, tmp_path / "log") as process:
        until(lambda: settled(client) and bool(client.keys(keys.heartbeat("*"))))
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert read_profile(client, "u").version == 50
    assert read_changes(client, 0).books[0].fields == {"price": 9.5}
    # it has signed off: no heartbeat, no name in a group
    assert not client.keys(keys.heartbeat("*"))
    assert client.xinfo_consumers(keys.stream("interactions"), "profiles") == []
    log = (tmp_path / "log").read_text()
    assert "consumes interactions, inventory" in log
    assert '"interactions": {"handled": 50, "claimed": 0, "buried": 0}' in log


def test_its_heartbeat_says_what_it_does_and_expires(
    client: Redis, redis_server: EmbeddedRedis, tmp_path: Path
) -> None:
    note_success(client, "inventory", "7", None, asked=None)
    note_fault(client, "inventory", "it answers 500", None)
    with worker(redis_server.url, tmp_path / "log") as process:
        until(lambda: bool(client.keys(keys.heartbeat("*"))))
        (name,) = client.keys(keys.heartbeat("*"))
        beat = json.loads(client.get(name) or "{}")
        assert beat["services"].keys() == {"inventory"}
        assert beat["services"]["inventory"].pop("read_s_ago") >= 0
        assert beat["services"]["inventory"] == {
            "breaker": "closed",
            "fault": "it answers 500",
            "rows_set_aside": 0,
        }
        assert beat["pid"] == process.pid
        assert set(beat["streams"]) == {"interactions", "inventory"}
        assert 0 < client.ttl(name) <= consumers.HEARTBEAT_TTL_S


def test_without_redis_it_says_so_and_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(consumers, "START_PATIENCE_S", 0.2)
    nowhere = Consumers(f"unix://{tmp_path}/none.sock", ["interactions"], ConsumerSettings())
    assert nowhere.run() == NO_REDIS
    assert "Redis does not answer within 0.2 s: check that it runs and REDIS_URL" in caplog.text


def test_a_fault_that_no_trying_mends_ends_it_with_1(
    client: Redis,
    redis_server: EmbeddedRedis,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(consumers, "HEARTBEAT_EVERY_S", 0.05)
    broken = Consumers(redis_server.url, ["interactions", "inventory"], ConsumerSettings(block_ms=10))

    def spoil() -> None:
        until(lambda: bool(client.keys(keys.heartbeat("*"))))
        client.set(keys.stream("interactions"), "no stream")

    spoiler = threading.Thread(target=spoil)
    spoiler.start()
    assert broken.run() == FAILED
    spoiler.join()
    assert "the consumer of interactions failed" in caplog.text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["consume", "interactions"], "no Redis: set REDIS_URL or give --redis-url"),
        (["consume", "orders", "--redis-url", "unix:///x"], "invalid choice: 'orders'"),
        (["consume", "inventory", "--redis-url", "unix:///x", "--batch", "0"], "--batch must be 1 to 1000"),
        (
            ["consume", "inventory", "--redis-url", "unix:///x", "--claim-idle-ms", "0"],
            "--claim-idle-ms must be",
        ),
        ([], "required"),
    ],
)
def test_a_wrong_command_ends_with_2(
    arguments: list[str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("REDIS_URL", "BOOKVERSE_REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SystemExit) as caught:
        command_line.main(arguments)
    assert caught.value.code == 2
    assert message in capsys.readouterr().err


def test_schemas_are_written_and_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert command_line.main(["schemas", "--check"]) == 1
    assert "interactions.schema.json, inventory.schema.json not current" in capsys.readouterr().out
    assert command_line.main(["schemas"]) == 0
    assert command_line.main(["schemas", "--check"]) == 0
    written = {path.name: path.read_text() for path in (tmp_path / "config/events").iterdir()}
    assert written == json_schemas()
