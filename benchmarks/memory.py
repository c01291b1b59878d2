"""What a process holds in memory, by whom it is shared (Linux)."""

from __future__ import annotations

from pathlib import Path


def megabytes(pid: int) -> dict[str, float]:
    """Memory of a process in MB.

    Returns:
        `private`, written by this process alone; `private files`, pages of files that no other process has touched
        yet, which the system may drop and read again; `shared`, used by others too; `proportional`, all of it, what
        is shared divided by who shares it.
    """
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    kilobytes = {line.split(":")[0]: int(line.split()[1]) for line in lines}
    found = {
        "private": kilobytes["Private_Dirty"],
        "private files": kilobytes["Private_Clean"],
        "shared": kilobytes["Shared_Clean"] + kilobytes["Shared_Dirty"],
        "proportional": kilobytes["Pss"],
    }
    return {name: round(value * 1024 / 1e6, 1) for name, value in found.items()}


def children(pid: int) -> list[int]:
    """The processes that a process started, oldest first."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return sorted(int(child) for task in tasks for child in task.read_text().split())


def command_of(pid: int) -> str:
    """The command line of a process."""
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()


def processor_seconds(pid: int) -> float:
    """Seconds of the processor that a process used in all its threads, in the program and for it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


_TICKS = 100
"""Of the kernel's clock in a second, as Linux tells them to programs everywhere."""
