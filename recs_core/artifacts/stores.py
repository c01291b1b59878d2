"""Where published bundles are kept: a folder of this machine, or an object store through fsspec.

Both keep two promises on which the registry builds: `write` shows all of a small file or nothing, and `put_folder`
shows all of a folder or nothing to whoever asks with `has_folder` first. A folder of this machine is written beside
its place, flushed to disk and renamed, which fsspec's own local file system does not do; an object appears whole, so
there a folder counts from the moment when its manifest, which is sent last, is there.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from recs_core.data.arrays import (
    MANIFEST,
    read_manifest,
    replacing_file,
    replacing_folder,
    verify_files,
)
from recs_core.errors import ArtifactError, ParameterError

CACHE = Path("data/bundle-cache")
"""Where bundles of an object store are fetched to, for only local files can be memory-mapped."""


class Store(Protocol):
    """Small files and folders by name."""

    url: str
    is_remote: bool

    def read(self, name: str) -> bytes | None:
        """A small file's bytes; None where there is none."""

    def stamp(self, name: str) -> str:
        """Another text after each `write` of a file; empty where there is none."""

    def write(self, name: str, content: bytes) -> None:
        """Put a small file in place of what was there, at once."""

    def names(self, folder: str = "") -> list[str]:
        """What lies in a folder, files and folders, sorted; nothing where there is no such folder."""

    def has_folder(self, name: str) -> bool:
        """Whether an array folder is there, whole."""

    def put_folder(self, source: Path, name: str, extra: dict[str, bytes]) -> None:
        """Copy an array folder, and files beside its own, and compare what arrived with its manifest.

        Raises:
            ArtifactError: what arrived is not what was sent.
        """

    def place(self, name: str, cache: Path) -> Path:
        """Where `fetch_folder` puts a folder."""

    def fetch_folder(self, name: str, cache: Path) -> Path:
        """Where an array folder lies on this machine: where it is, or in a folder of copies, verified.

        Raises:
            ArtifactError: it is not there, or was damaged on its way.
        """

    def delete_folder(self, name: str) -> None:
        """Remove an array folder; who has it open keeps it."""


def open_store(url: str | Path) -> Store:
    """The store at a path or URL such as `s3://bucket/bundles`.

    Raises:
        ParameterError: there is no such kind of store, or what it needs is not installed.
    """
    text = str(url)
    if "://" not in text:
        return LocalStore(Path(text))
    if text.startswith("file://"):
        return LocalStore(Path(text.removeprefix("file://")))
    return ObjectStore(text)


class LocalStore:
    """A folder of this machine.

    Args:
        root: the folder; made when something is written.
    """

    is_remote = False

    def __init__(self, root: Path) -> None:
        self._root = root
        self.url = str(root)

    def read(self, name: str) -> bytes | None:
        """See `Store`."""
        try:
            return (self._root / name).read_bytes()
        except FileNotFoundError:
            return None

    def stamp(self, name: str) -> str:
        """See `Store`."""
        try:
            return str((self._root / name).stat().st_mtime_ns)
        except FileNotFoundError:
            return ""

    def write(self, name: str, content: bytes) -> None:
        """See `Store`."""
        with replacing_file(self._root / name) as temporary:
            temporary.write_bytes(content)

    def names(self, folder: str = "") -> list[str]:
        """See `Store`; what is being written does not count."""
        path = self._root / folder
        found = path.iterdir() if path.is_dir() else ()
        return sorted(each.name for each in found if not each.name.startswith("."))

    def has_folder(self, name: str) -> bool:
        """See `Store`."""
        return (self._root / name / MANIFEST).is_file()

    def put_folder(self, source: Path, name: str, extra: dict[str, bytes]) -> None:
        """See `Store`."""
        with replacing_folder(self._root / name) as folder:
            for file in (*read_manifest(source)["files"], MANIFEST):
                shutil.copy(source / file, folder / file)
            for file, content in extra.items():
                (folder / file).write_bytes(content)
            verify_files(folder, read_manifest(folder))

    def place(self, name: str, cache: Path) -> Path:
        """See `Store`."""
        return self._root / name

    def fetch_folder(self, name: str, cache: Path) -> Path:
        """See `Store`; whoever opens it verifies it."""
        return self.place(name, cache)

    def delete_folder(self, name: str) -> None:
        """See `Store`."""
        # gone at once for who lists, whatever becomes of the removal
        aside = self._root / f".{name}.deleted"
        (self._root / name).rename(aside)
        shutil.rmtree(aside)


class ObjectStore:
    """What fsspec can talk to.

    Args:
        url: such as `s3://bucket/bundles` or `memory://bundles`.

    Raises:
        ParameterError: there is no such kind of store, or what it needs is not installed.
    """

    is_remote = True

    def __init__(self, url: str) -> None:
        # a server of local files has no use for it, and waits for no import
        import fsspec

        self.url = url.rstrip("/")
        try:
            # another process writes, so that a listing must not be remembered
            self._fs: Any
            self._fs, self._root = fsspec.url_to_fs(self.url, use_listings_cache=False)
        except (ImportError, ValueError) as error:
            raise ParameterError(f"no store can be opened at {url}: {error}") from None

    def read(self, name: str) -> bytes | None:
        """See `Store`."""
        try:
            return bytes(self._fs.cat_file(self._at(name)))
        except FileNotFoundError:
            return None

    def stamp(self, name: str) -> str:
        """See `Store`."""
        try:
            return str(self._fs.modified(self._at(name)))
        except FileNotFoundError:
            return ""

    def write(self, name: str, content: bytes) -> None:
        """See `Store`."""
        self._fs.pipe_file(self._at(name), content)

    def names(self, folder: str = "") -> list[str]:
        """See `Store`."""
        try:
            found = self._fs.ls(self._at(folder), detail=False)
        except FileNotFoundError:
            return []
        return sorted(str(path).rstrip("/").rpartition("/")[2] for path in found)

    def has_folder(self, name: str) -> bool:
        """See `Store`."""
        return bool(self._fs.isfile(self._at(f"{name}/{MANIFEST}")))

    def put_folder(self, source: Path, name: str, extra: dict[str, bytes]) -> None:
        """See `Store`."""
        manifest = read_manifest(source)
        # sent anew it does not count before it is whole again
        if self.has_folder(name):
            self._fs.rm_file(self._at(f"{name}/{MANIFEST}"))
        for file, entry in manifest["files"].items():
            self._fs.put_file(str(source / file), self._at(f"{name}/{file}"))
            self._check_arrived(f"{name}/{file}", entry["sha256"])
        for file, content in extra.items():
            self._fs.pipe_file(self._at(f"{name}/{file}"), content)
        self._fs.put_file(str(source / MANIFEST), self._at(f"{name}/{MANIFEST}"))

    def place(self, name: str, cache: Path) -> Path:
        """See `Store`."""
        return cache / name

    def fetch_folder(self, name: str, cache: Path) -> Path:
        """See `Store`."""
        to = self.place(name, cache)
        if not self.has_folder(name):
            raise ArtifactError(f"{self.url} has no bundle {name}")
        # of several servers on this machine one fetches, the others wait and find it there
        with _alone(cache):
            if not _is_whole(to):
                with replacing_folder(to) as folder:
                    for file in self.names(name):
                        self._fs.get_file(self._at(f"{name}/{file}"), str(folder / file))
                    verify_files(folder, read_manifest(folder))
        return to

    def delete_folder(self, name: str) -> None:
        """See `Store`."""
        self._fs.rm_file(self._at(f"{name}/{MANIFEST}"))
        self._fs.rm(self._at(name), recursive=True)

    def _at(self, name: str) -> str:
        return f"{self._root}/{name}" if name else str(self._root)

    def _check_arrived(self, name: str, sha256: str) -> None:
        with self._fs.open(self._at(name), "rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
        if found != sha256:
            raise ArtifactError(
                f"{self.url}/{name} did not arrive as it was sent: sha256 {found}, not {sha256}; publish again"
            )


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _is_whole(folder: Path) -> bool:
    try:
        verify_files(folder, read_manifest(folder))
    except ArtifactError:
        return False
    return True
