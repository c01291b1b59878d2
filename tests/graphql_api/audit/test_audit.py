"""The audit log: whole as it was written; whatever is done to it afterwards is found and named."""

from __future__ import annotations

import json
import multiprocessing
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphql_api.audit.chain import ENVIRONMENT_VARIABLE
from graphql_api.audit.entry import AuditEntry, Outcome
from graphql_api.audit.log import AuditLog
from graphql_api.audit.verify import Verdict, verify

KEY = bytes(range(32))
LINES = 12


def entry(n: int = 0) -> AuditEntry:
    return AuditEntry(f"pseudonym-{n}", "exportUser", "pseudonym-x", f"request-{n}", Outcome.DONE)


def write(folder: Path, lines: int = LINES, *, max_file_bytes: int = 2**20) -> AuditLog:
    log = AuditLog(folder, KEY, max_file_bytes=max_file_bytes)
    for n in range(lines):
        log.append(entry(n))
    log.close()
    return log


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("audit") / "log"
    write(folder)
    return folder


@pytest.fixture
def log_copy(written: Path, tmp_path: Path) -> Path:
    shutil.copytree(written, tmp_path / "log")
    return tmp_path / "log"


def lines_file(folder: Path) -> Path:
    (path,) = folder.glob("*.jsonl")
    return path


def head_file(folder: Path) -> Path:
    (path,) = folder.glob("*.head")
    return path


def changed(folder: Path, change: Callable[[list[bytes]], None]) -> Verdict:
    """The verdict on a log after a change of its lines, which is undone."""
    path = lines_file(folder)
    before = path.read_bytes()
    lines = before.splitlines(keepends=True)
    change(lines)
    path.write_bytes(b"".join(lines))
    try:
        return verify(folder, KEY)
    finally:
        path.write_bytes(before)


def test_a_log_as_it_was_written_is_whole(written: Path) -> None:
    assert verify(written, KEY) == Verdict(LINES, 1, ())


def test_a_line_says_who_what_when_and_in_which_request(written: Path) -> None:
    first = json.loads(lines_file(written).read_bytes().splitlines()[0])
    assert first.items() >= {
        ("who", "pseudonym-0"),
        ("what", "exportUser"),
        ("about", "pseudonym-x"),
        ("request", "request-0"),
        ("outcome", "done"),
    }
    assert first["when"].endswith("+00:00")


positions = st.integers(0, LINES - 1)
shared = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)


@shared
@given(at=positions)
def test_any_removed_line_is_found_and_named(written: Path, at: int) -> None:
    verdict = changed(written, lambda lines: lines.pop(at))
    (fault,) = verdict.faults
    assert f"entry {at + 1}" in fault.message
    assert "removed" in fault.message
    assert fault.line == (0 if at == LINES - 1 else at + 1)


@shared
@given(at=positions, where=st.floats(0, 1, exclude_max=True), value=st.integers(0, 255))
def test_any_changed_byte_is_found_and_its_line_named(
    written: Path, at: int, where: float, value: int
) -> None:
    def change(lines: list[bytes]) -> None:
        line = bytearray(lines[at])
        position = int(where * len(line))
        line[position] = value if value != line[position] else value ^ 1
        lines[at] = bytes(line)

    verdict = changed(written, change)
    assert verdict.faults
    assert verdict.faults[0].line == at + 1
    assert "changed" in verdict.faults[0].message


@shared
@given(one=positions, other=positions)
def test_any_two_swapped_lines_are_found(written: Path, one: int, other: int) -> None:
    def swap(lines: list[bytes]) -> None:
        lines[one], lines[other] = lines[other], lines[one]

    faults = changed(written, swap).faults
    assert bool(faults) == (one != other)
    if faults:
        assert faults[0].line == min(one, other) + 1


@shared
@given(at=st.integers(0, LINES), copied=positions)
def test_any_line_that_is_put_in_again_is_found(written: Path, at: int, copied: int) -> None:
    faults = changed(written, lambda lines: lines.insert(at, lines[copied])).faults
    assert faults
    # a copy beside its original is the same bytes: either is the one too many
    assert faults[0].line in {at + 1, at + 2} if copied in (at - 1, at) else faults[0].line == at + 1


@shared
@given(at=st.integers(0, LINES), text=st.binary(max_size=60))
def test_any_foreign_line_is_found_and_is_the_only_one_named(written: Path, at: int, text: bytes) -> None:
    foreign = text.replace(b"\n", b"") + b"\n"
    (fault,) = changed(written, lambda lines: lines.insert(at, foreign)).faults
    assert fault.line == at + 1


@shared
@given(kept=st.integers(0, LINES - 1), bytes_more=st.integers(0, 50))
def test_any_truncation_is_found(written: Path, kept: int, bytes_more: int) -> None:
    def cut(lines: list[bytes]) -> None:
        lines[kept:] = [lines[kept][:bytes_more]]

    assert any("removed at the end" in fault.message for fault in changed(written, cut).faults)


def test_a_line_of_another_process_does_not_fit(log_copy: Path) -> None:
    write(log_copy / "other", 1)
    other = lines_file(log_copy / "other").read_bytes()
    (fault,) = changed(log_copy, lambda lines: lines.insert(3, other)).faults
    assert (fault.line, fault.message.partition(":")[0]) == (4, "put in")


def test_the_head_must_be_there_be_its_own_and_be_authentic(log_copy: Path) -> None:
    head = head_file(log_copy)
    text = head.read_bytes()
    write(log_copy / "other", 1)
    for forged in (text.replace(b'"last":12', b'"last":11'), head_file(log_copy / "other").read_bytes(), b""):
        head.write_bytes(forged)
        (fault,) = verify(log_copy, KEY).faults
        assert fault.file == head.name
    head.unlink()
    (fault,) = verify(log_copy, KEY).faults
    assert "cannot be told" in fault.message


def test_another_key_vouches_for_nothing(written: Path) -> None:
    verdict = verify(written, KEY[::-1])
    assert verdict.lines == 0
    assert len(verdict.faults) == LINES + 1


def test_a_chain_goes_on_through_its_files_and_a_missing_one_is_named(tmp_path: Path) -> None:
    write(tmp_path, 20, max_file_bytes=1_500)
    files = sorted(tmp_path.glob("*.jsonl"))
    assert len(files) > 3
    assert verify(tmp_path, KEY) == Verdict(20, 1, ())
    first_file_lines = len(files[0].read_bytes().splitlines())
    files[0].unlink()
    (fault,) = verify(tmp_path, KEY).faults
    assert fault.file == files[1].name
    assert f"entries 1 to {first_file_lines}" in fault.message


def test_all_lines_gone_is_found_by_the_head(log_copy: Path) -> None:
    lines_file(log_copy).unlink()
    (fault,) = verify(log_copy, KEY).faults
    assert f"entries 1 to {LINES}" in fault.message


def append_many(folder: Path, lines: int) -> None:
    write(folder, lines)


def test_processes_do_not_disturb_each_other(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=append_many, args=(tmp_path, 30)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert verify(tmp_path, KEY) == Verdict(90, 3, ())


def test_threads_do_not_disturb_each_other(tmp_path: Path) -> None:
    log = AuditLog(tmp_path, KEY)
    threads = [threading.Thread(target=lambda: [log.append(entry(n)) for n in range(20)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log.close()
    assert verify(tmp_path, KEY) == Verdict(80, 1, ())


def test_a_killed_process_leaves_all_that_it_was_told_is_written(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from graphql_api.audit.entry import AuditEntry, Outcome
from graphql_api.audit.log import AuditLog

log = AuditLog(Path(sys.argv[1]), bytes(range(32)))
while True:
    log.append(AuditEntry("who", "what", "about", "request", Outcome.DONE))
    print("written", flush=True)
"""
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    told = [process.stdout.readline() for _ in range(25)]
    process.send_signal(signal.SIGKILL)
    told += process.stdout.readlines()
    process.stdout.close()
    process.wait()
    verdict = verify(tmp_path, KEY)
    assert verdict.faults == ()
    assert verdict.lines >= len([line for line in told if line == b"written\n"])


def test_half_a_line_that_a_crash_left_is_no_fault(log_copy: Path) -> None:
    assert changed(log_copy, lambda lines: lines.append(lines[0][:40])).faults == ()


def test_a_whole_line_at_the_end_is_no_half_of_one(log_copy: Path) -> None:
    def forge(lines: list[bytes]) -> None:
        lines.append(lines[-1].replace(b"pseudonym-x", b"pseudonym-y").removesuffix(b"\n"))

    (fault,) = changed(log_copy, forge).faults
    assert (fault.line, fault.message.partition(":")[0]) == (LINES + 1, "changed or put in")


def test_an_entry_that_cannot_be_written_is_not_in_the_log_and_the_next_one_is(tmp_path: Path) -> None:
    log = AuditLog(tmp_path, KEY)
    log.append(entry())
    size = lines_file(tmp_path).stat().st_size
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20, limits[1]))
        with pytest.raises(OSError, match="File too large"):
            log.append(entry())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
    log.append(entry())
    log.close()
    assert verify(tmp_path, KEY) == Verdict(2, 1, ())


def test_a_closed_log_takes_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="closed"):
        write(tmp_path, 1).append(entry())


@pytest.mark.parametrize("text", ["", "a b", "a\nb", "reader@example.org", "x" * 129, "é"])
def test_free_text_does_not_get_in(text: str) -> None:
    with pytest.raises(ValueError, match="who of an audit entry"):
        AuditEntry(text, "what", "-", "-", Outcome.DENIED)


def test_its_files_are_the_owners(written: Path) -> None:
    assert lines_file(written).stat().st_mode & 0o077 == 0


def command(*arguments: object, key: str = KEY.hex()) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-W", "error", "-m", "graphql_api.audit", *map(str, arguments)]
    environment = os.environ | {ENVIRONMENT_VARIABLE: key}
    return subprocess.run(words, capture_output=True, text=True, check=False, env=environment)


def test_the_command_names_the_line_and_exits_1(log_copy: Path) -> None:
    done = command("verify", log_copy)
    assert (done.returncode, done.stdout) == (0, f"{LINES} entries of 1 processes: whole\n")
    path = lines_file(log_copy)
    path.write_bytes(path.read_bytes().replace(b"pseudonym-4", b"pseudonym-5"))
    done = command("verify", log_copy)
    assert done.returncode == 1
    assert f"{path.name}:5: changed or put in" in done.stdout


@pytest.mark.parametrize(("folder", "key"), [("missing", KEY.hex()), (".", ""), (".", "short")])
def test_the_command_exits_2_where_it_cannot_tell(folder: str, key: str, tmp_path: Path) -> None:
    done = command("verify", tmp_path / folder, key=key)
    assert done.returncode == 2
    assert done.stderr.startswith("audit: ")
