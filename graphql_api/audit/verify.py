"""Finds what was done to an audit log after it was written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import orjson

from graphql_api.audit.chain import Line, NotAuthenticError, read_head, read_line
from graphql_api.audit.log import HEAD_SUFFIX, LINES_SUFFIX


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong at one place.

    Args:
        file: the name of the file.
        line: the number of the line in the file, from 1; 0 for the file as a whole.
        message: what was done.
    """

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.message}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a log was found to be.

    Args:
        lines: how many lines are as they were written.
        chains: how many processes wrote them.
        faults: what is wrong, in the order of the files; empty for a log that is whole.
    """

    lines: int
    chains: int
    faults: tuple[Fault, ...]


def verify(folder: Path, key: bytes) -> Verdict:
    """Verify every chain of a folder.

    A chain that was removed whole, head and all, leaves no trace in the folder; keep copies of the heads elsewhere
    where that matters.

    Args:
        folder: where processes keep their chains.
        key: with which they were written.
    """
    files = sorted(path for path in folder.iterdir() if path.suffix in (LINES_SUFFIX, HEAD_SUFFIX))
    chains = [_Chain(name, list(paths), key) for name, paths in groupby(files, key=_chain_of)]
    faults = tuple(fault for chain in chains for fault in chain.faults())
    return Verdict(sum(chain.good for chain in chains), len(chains), faults)


def _chain_of(path: Path) -> str:
    return path.name.partition(".")[0]


class _Chain:
    """Reads the files of one chain."""

    def __init__(self, name: str, paths: list[Path], key: bytes) -> None:
        self._name = name
        self._key = key
        self._head_path = paths[0].with_name(f"{name}{HEAD_SUFFIX}")
        self._parts = [path for path in paths if path.suffix == LINES_SUFFIX]
        self._macs: dict[int, str] = {}  # of the good lines, by number
        self._last = 0
        self._strangers = 0  # lines since the last good one that are not authentic

    @property
    def good(self) -> int:
        """How many lines are as they were written; known once the faults are."""
        return len(self._macs)

    def faults(self) -> Iterator[Fault]:
        """Read everything."""
        try:
            promised, mac = self._head()
        except NotAuthenticError as error:
            yield Fault(self._head_path.name, 0, str(error))
            promised, mac = 0, ""
        for path in self._parts:
            for at, line in enumerate(_lines(path), start=1):
                fault = self._fault(line, promised)
                if fault:
                    yield Fault(path.name, at, fault)
        if promised > self._last:
            where = self._parts[-1].name if self._parts else self._head_path.name
            yield Fault(where, 0, f"removed at the end: {_entries(self._last + 1, promised)}")
        elif mac and self._macs.get(promised, mac) != mac:
            yield Fault(self._head_path.name, 0, f"names another entry {promised} than there is")

    def _head(self) -> tuple[int, str]:
        """The number and the `mac` of the line that is promised to be the last."""
        try:
            chain, number, mac = read_head(self._head_path.read_bytes(), self._key)
        except FileNotFoundError:
            raise NotAuthenticError("removed: whether lines are missing at the end cannot be told") from None
        if chain != self._name:
            raise NotAuthenticError(f"this is the head of the chain {chain}")
        return number, mac

    def _fault(self, text: bytes, promised: int) -> str | None:
        try:
            line = read_line(text.removesuffix(b"\n"), self._key)
        except NotAuthenticError as error:
            if _is_cut(text) and self._last + self._strangers >= promised:
                return None  # a crash left a part of a line, which was promised to nobody
            self._strangers += 1
            return f"changed or put in: {error}"
        if not text.endswith(b"\n") and line.number <= promised:
            return "changed: the line break at its end is gone"
        return self._fault_of_place(line)

    def _fault_of_place(self, line: Line) -> str | None:
        if line.chain != self._name:
            return f"put in: this is a line of the chain {line.chain}"
        if line.number <= self._last:
            return f"put in or moved: entry {line.number} does not belong here"
        # each line that is not authentic may have been one of the missing ones
        first_missing = self._last + 1 + self._strangers
        follows = line.number > self._last + 1 or line.previous == self._macs.get(self._last, line.previous)
        missing = _entries(first_missing, line.number - 1) if first_missing < line.number else ""
        self._last, self._strangers = line.number, 0
        self._macs[line.number] = line.mac
        if missing:
            return f"removed before this line: {missing}"
        return None if follows else f"entry {line.number} does not follow the one before"


def _lines(path: Path) -> Iterator[bytes]:
    """The lines of a file with their line breaks."""
    with path.open("rb") as stream:
        yield from stream


def _is_cut(text: bytes) -> bool:
    """Whether a line may be the beginning of one: a whole JSON object, be it without a line break, never is."""
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return not text.endswith(b"\n")
    return False


def _entries(first: int, last: int) -> str:
    return f"entry {first}" if first == last else f"entries {first} to {last}"
