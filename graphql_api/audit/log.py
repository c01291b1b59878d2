"""The audit log of one process.

Each process writes a chain of its own, in files that nobody else writes to, so that processes need no lock between
them: `20261124T180000Z-4711-0a1b2c3d.000001.jsonl` and so on, and `.head`.

Durability: when `append` returns, the line and the head that names it were flushed to disk (fsync). A crash before
leaves a line beyond the head, which is as good as the others, or a part of a line, which was promised to nobody.
"""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from graphql_api.audit.chain import FIRST_MAC, write_head, write_line
from graphql_api.audit.entry import AuditEntry

MAX_FILE_BYTES = 64 * 2**20

HEAD_SUFFIX = ".head"
LINES_SUFFIX = ".jsonl"


def _now() -> datetime:
    return datetime.now(UTC)


class AuditLog:
    """Appends entries. May be used by several threads; make it after a fork, one for each process.

    Args:
        folder: where all processes keep their chains.
        key: 32 secret bytes. Who has it can rewrite the log; who has not cannot even change a letter.
        max_file_bytes: the size at which a new file is begun.
        clock: the time, in UTC.

    Raises:
        OSError: the folder cannot be written to.
    """

    def __init__(
        self,
        folder: Path,
        key: bytes,
        *,
        max_file_bytes: int = MAX_FILE_BYTES,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._folder = folder
        self._key = key
        self._max_file_bytes = max_file_bytes
        self._clock = clock
        self._lock = threading.Lock()
        self.chain = f"{clock():%Y%m%dT%H%M%SZ}-{os.getpid()}-{secrets.token_hex(4)}"
        self._number = 0
        self._mac = FIRST_MAC
        self._part = 0
        self._size = 0
        self._descriptor: int | None = None
        folder.mkdir(parents=True, exist_ok=True)
        self._begin_file()

    def append(self, entry: AuditEntry) -> None:
        """Write an entry. Takes as long as two flushes to disk: call it on a thread.

        Raises:
            OSError: it could not be made to last. What it is about must then not be done.
            ValueError: the log is closed.
        """
        with self._lock:
            if self._descriptor is None:
                raise ValueError("the audit log is closed")
            if self._size >= self._max_file_bytes:
                self._begin_file()
            line, mac = write_line(
                entry,
                chain=self.chain,
                number=self._number + 1,
                previous=self._mac,
                when=self._clock().isoformat(timespec="milliseconds"),
                key=self._key,
            )
            self._write(self._descriptor, line)
            self._size += len(line)
            self._number, self._mac = self._number + 1, mac
            self._write_head()

    def close(self) -> None:
        """Close the file; what is in it stays."""
        with self._lock:
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None

    def _write(self, descriptor: int, line: bytes) -> None:
        try:
            written = 0
            while written < len(line):
                written += os.write(descriptor, line[written:])
            os.fsync(descriptor)
        except OSError:
            # half a line must not stand before the next one
            os.ftruncate(descriptor, self._size)
            raise

    def _write_head(self) -> None:
        head = write_head(chain=self.chain, number=self._number, mac=self._mac, key=self._key)
        path = self._folder / f"{self.chain}{HEAD_SUFFIX}"
        temporary = path.with_suffix(".new")
        with temporary.open("wb") as stream:
            stream.write(head)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)

    def _begin_file(self) -> None:
        part = self._part + 1
        path = self._folder / f"{self.chain}.{part:06d}{LINES_SUFFIX}"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor, self._part, self._size = descriptor, part, 0
        self._write_head()
        _flush_folder(self._folder)


def _flush_folder(folder: Path) -> None:
    """Make the names of a folder's new files last."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
