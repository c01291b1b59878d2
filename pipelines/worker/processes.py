"""Commands that a job runs: with an end to their time and their memory, and none of them left behind."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import psutil

from pipelines.worker.errors import JobError, MemoryExceededError
from recs_core.online.parent_death import dies_with_parent

MARK: Final = "RECS_WORKER_COPY"
"""Environment variable of every process of a job: the working copy that it works in."""

LOOK_EVERY_S: Final = 0.5
SHOWN_LINES: Final = 30
"""The last lines of a command that failed, which its error has."""

THREAD_VARIABLES: Final = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


class CommandError(JobError):
    """A command ended with an exit status that says that it failed.

    Args:
        command: what ran.
        status: its exit status; below 0 the signal that ended it.
        lines: the last that it wrote.
    """

    def __init__(self, command: Sequence[str], status: int, lines: Sequence[str]) -> None:
        self.status = status
        self.lines = list(lines)
        shown = "\n".join(self.lines) or "it wrote nothing"
        super().__init__(f"{' '.join(command)} ended with status {status}:\n{shown}")


def run_command(
    command: Sequence[str],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    memory_limit: int,
    on_line: Callable[[str], object] = lambda line: None,
) -> list[str]:
    """Run a command to its end. Whatever ends this call ends the command and what it started, too.

    Args:
        environment: all of its environment variables.
        memory_limit: bytes that it and what it started may hold together.
        on_line: is told each line as it is written, to either output.

    Returns:
        The last lines that it wrote.

    Raises:
        CommandError: it failed.
        MemoryExceededError: it was ended because it held too much memory.
    """
    lines: list[str] = []
    with subprocess.Popen(  # noqa: S603 - our own commands
        command,
        cwd=cwd,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        preexec_fn=dies_with_parent(),
    ) as process:
        watch = _MemoryWatch(process.pid, memory_limit)
        try:
            assert process.stdout is not None  # noqa: S101 - a pipe was asked for
            for line in process.stdout:
                lines = [*lines[1 - SHOWN_LINES :], line.rstrip()]
                on_line(line.rstrip())
            status = process.wait()
        finally:
            watch.stop()
            if process.poll() is None:
                end_tree(process.pid)
    if watch.exceeded is not None:
        raise MemoryExceededError(
            f"{' '.join(command)} and what it started held {watch.exceeded:,} bytes; {memory_limit:,} are allowed: "
            "raise worker.memory_limit, or make the models smaller"
        )
    if status != 0:
        raise CommandError(command, status, lines)
    return lines


def job_environment(copy: Path, threads: int) -> dict[str, str]:
    """The environment of a command that works in a working copy: its code first, and so many threads."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    code = os.pathsep.join(filter(None, [str(copy), os.environ.get("PYTHONPATH", "")]))
    ours = {"PATH": path, "PYTHONPATH": code, MARK: str(copy)}
    return os.environ | ours | dict.fromkeys(THREAD_VARIABLES, str(threads))


def end_leftovers(copy: Path) -> int:
    """End the processes of an earlier job in a working copy, whose worker was killed; how many there were."""
    found = [process for process in psutil.process_iter() if _works_in(process, copy)]
    _kill(found)
    return len(found)


def end_tree(pid: int) -> None:
    """End a process and all that it started, which may have gone into process groups of their own."""
    try:
        root = psutil.Process(pid)
        _kill([root, *root.children(recursive=True)])
    except psutil.NoSuchProcess:
        return


def _works_in(process: psutil.Process, copy: Path) -> bool:
    if process.pid == os.getpid():
        return False
    try:
        return bool(process.environ().get(MARK) == str(copy))
    except psutil.Error:
        # another user's, or gone
        return False


def _kill(processes: Sequence[psutil.Process]) -> None:
    for process in processes:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(processes, timeout=10)


class _MemoryWatch:
    """Looks at a process and what it started, and ends them when they hold too much."""

    def __init__(self, pid: int, limit: int) -> None:
        self.exceeded: int | None = None
        self._pid = pid
        self._limit = limit
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="memory", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(LOOK_EVERY_S):
            held = _held_by_tree(self._pid)
            if held > self._limit:
                self.exceeded = held
                end_tree(self._pid)
                return


def _held_by_tree(pid: int) -> int:
    """Bytes of a process and what it started; pages that several share count for none of them."""
    try:
        root = psutil.Process(pid)
        processes = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    held = 0
    for process in processes:
        try:
            held += process.memory_full_info().uss
        except psutil.Error:
            # it has just ended
            continue
    return held
