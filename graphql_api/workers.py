"""Several processes that answer from one bundle: forked from one that opened it, started again where one dies.

They accept from one listening socket, not each from its own (SO_REUSEPORT): a connection that waits to be accepted is
nobody's yet, so that a worker which dies or stops takes none of them along. Forked after the bundle was opened, they
share not only its mapped pages but all that was computed from it and the code, until they write there.
"""

from __future__ import annotations

import ctypes
import gc
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

log = logging.getLogger(__name__)

SETTLED_S = 5.0
"""A worker that lived so long is replaced at once; one that did not, after a pause."""
PAUSE_S = 1.0

WATCHED = {signal.SIGCHLD, signal.SIGTERM, signal.SIGINT}
PR_SET_PDEATHSIG = 1


class Workers(Generic[T]):
    """Processes that serve until this one is told to stop.

    Args:
        count: how many.
        prepare: opens what is served: once for the first workers, and in each that replaces another.
        serve: serves that, and returns an exit status.
    """

    def __init__(self, count: int, *, prepare: Callable[[], T], serve: Callable[[T], int]) -> None:
        self._count = count
        self._prepare = prepare
        self._serve = serve
        self._started: dict[int, float] = {}

    def start(self, ready: Callable[[T], None]) -> None:
        """Prepare, tell `ready` of it, and fork the workers.

        Raises:
            Exception: whatever `prepare` raises; nothing was forked then.
        """
        prepared = self._prepare()
        # whoever is told that we are ready may tell us to stop
        signal.pthread_sigmask(signal.SIG_BLOCK, WATCHED)
        ready(prepared)
        # what is there now stays: without a walk of the collector over it the pages stay shared
        gc.collect()
        gc.freeze()
        for _ in range(self._count):
            self._fork(prepared)
        # it belongs to the workers now, which let go of the bundle when another is served
        del prepared
        gc.unfreeze()
        gc.collect()

    def run(self) -> None:
        """Keep the workers running until SIGTERM or SIGINT, then stop them in order and wait for them."""
        while signal.sigwait(WATCHED) == signal.SIGCHLD:
            for pid, status in self._dead():
                age = time.monotonic() - self._started.pop(pid)
                log.error("worker %d ended with status %d after %.0f s, starting another", pid, status, age)
                if age < SETTLED_S and self._told_to_stop_within(PAUSE_S):
                    self._stop()
                    return
                self._fork(None)
        self._stop()

    def _fork(self, prepared: T | None) -> None:
        parent = os.getpid()
        die_with = _die_with_parent()
        pid = os.fork()
        if pid:
            self._started[pid] = time.monotonic()
            return
        status = 1
        try:
            die_with(parent)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, WATCHED)
            status = self._serve(self._prepare() if prepared is None else prepared)
        except BaseException:
            log.exception("worker %d failed", os.getpid())
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            # the parent's clean-up is not ours to do
            os._exit(status)

    def _dead(self) -> list[tuple[int, int]]:
        found = []
        for pid in list(self._started):
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                found.append((pid, os.waitstatus_to_exitcode(status)))
        return found

    def _told_to_stop_within(self, seconds: float) -> bool:
        return signal.sigtimedwait(WATCHED - {signal.SIGCHLD}, seconds) is not None

    def _stop(self) -> None:
        for pid in self._started:
            os.kill(pid, signal.SIGTERM)
        for pid in self._started:
            os.waitpid(pid, 0)


def _die_with_parent() -> Callable[[int], None]:
    """What a forked process calls so as not to outlive its parent, however that ends."""
    if sys.platform != "linux":
        return lambda _: None
    # looked up before the fork: after it nothing may be loaded
    prctl = ctypes.CDLL(None).prctl

    def ask_kernel(parent: int) -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        # it may have ended before the kernel was asked
        if os.getppid() != parent:
            os._exit(1)

    return ask_kernel
