"""Array folders: how everything numeric is stored.

A folder holds one `.npy` an array, optional further files, and a `manifest.json` that carries the SHA-256, dtype
and shape of each. It is written beside its final place, flushed to disk, then renamed: a reader sees all of it or
nothing. Arrays are opened memory-mapped and never unpickled.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recs_core.errors import ArtifactError

MANIFEST = "manifest.json"

FEW_BYTES = 2**20
"""A folder of less is hashed sooner than threads for it would start."""


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes, as hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def canonical_json(value: object) -> bytes:
    """JSON bytes that depend on the value alone: sorted keys, two-space indent, closing newline."""
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode()


@contextmanager
def replacing_file(path: Path) -> Iterator[Path]:
    """Give a temporary path to write to; on success it takes the place of `path` in one rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        _flush(temporary)
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """Give a temporary folder to fill; on success it takes the place of `path`.

    A folder cannot be renamed over one that is not empty, so an old one is first moved aside; a reader that has
    its files open or mapped keeps them.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    aside = temporary.with_name(temporary.name + ".old")
    try:
        yield temporary
        for file in temporary.iterdir():
            _flush(file)
        _flush(temporary)
        temporary.chmod(0o755)
        if path.exists():
            path.rename(aside)
        try:
            temporary.rename(path)
        except OSError:
            if aside.exists():
                aside.rename(path)
            raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        shutil.rmtree(aside, ignore_errors=True)


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]], meta: Mapping[str, object]) -> None:
    """Write an array folder, replacing what was at `path`.

    Args:
        path: the folder.
        arrays: name to array; a name becomes `<name>.npy`. Object arrays are refused.
        meta: JSON-able facts, stored under "meta" in the manifest.

    Raises:
        ArtifactError: an array would need pickle.
    """
    with replacing_folder(path) as folder:
        for name, array in arrays.items():
            save_array(folder / f"{name}.npy", array)
        write_manifest(folder, meta)


def save_array(path: Path, array: NDArray[Any]) -> None:
    """Write one `.npy`, in C order; raise `ArtifactError` for an array that would need pickle."""
    if array.dtype.hasobject:
        raise ArtifactError(f"{path.name}: object arrays are never stored")
    np.save(path, np.ascontiguousarray(array), allow_pickle=False)


def write_manifest(folder: Path, meta: Mapping[str, object]) -> None:
    """Describe every file of `folder` in its manifest."""
    files: dict[str, dict[str, object]] = {}
    for file in sorted(folder.iterdir()):
        entry: dict[str, object] = {"bytes": file.stat().st_size, "sha256": file_digest(file)}
        if file.suffix == ".npy":
            array = np.load(file, mmap_mode="r", allow_pickle=False)
            entry |= {"dtype": array.dtype.str, "shape": list(array.shape)}
        files[file.name] = entry
    (folder / MANIFEST).write_bytes(canonical_json({"files": files, "meta": dict(meta)}))


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read a folder's manifest, without looking at its files.

    Raises:
        ArtifactError: there is none, or it is not the JSON of a manifest.
    """
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise ArtifactError(
            f"{path} is missing: {folder} is not an artifact, or was not written whole"
        ) from None
    except ValueError as error:
        raise ArtifactError(f"{path} is damaged: {error}") from error
    if not isinstance(manifest, dict) or not isinstance(manifest.get("meta"), dict):
        raise ArtifactError(f'{path} is damaged: it has no "meta"')
    files = manifest.get("files")
    if not isinstance(files, dict) or not all(_is_entry(entry) for entry in files.values()):
        raise ArtifactError(f'{path} is damaged: its "files" lack "bytes" or "sha256"')
    return manifest


def _is_entry(entry: object) -> bool:
    return isinstance(entry, dict) and {"bytes", "sha256"} <= entry.keys()


def verify_files(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Compare every file with the manifest.

    Raises:
        ArtifactError: a file is missing, has another size, or has other bytes; it is named.
    """
    files = manifest["files"]
    for name, entry in files.items():
        path = folder / name
        if Path(name).name != name:
            raise ArtifactError(f"{folder / MANIFEST} names a file outside its folder: {name!r}")
        if not path.is_file():
            raise ArtifactError(f"{path} is missing")
        if path.stat().st_size != entry["bytes"]:
            raise ArtifactError(
                f"{path} is damaged: {path.stat().st_size} bytes where the manifest says {entry['bytes']}"
            )
    for name, found in _digests(folder, files):
        if found != files[name]["sha256"]:
            raise ArtifactError(
                f"{folder / name} is damaged: sha256 {found} where the manifest says {files[name]['sha256']}"
            )


def _digests(folder: Path, files: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each file's SHA-256, the largest files first: a server waits for them before it can begin."""
    names = sorted(files, key=lambda name: -files[name]["bytes"])
    if sum(entry["bytes"] for entry in files.values()) < FEW_BYTES:
        yield from ((name, file_digest(folder / name)) for name in names)
        return
    # hashing leaves the interpreter to others
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        yield from zip(names, threads.map(lambda name: file_digest(folder / name), names), strict=True)


def read_arrays(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Open an array folder: verify its digests, then map its arrays.

    Returns:
        Name to read-only memory-mapped array, and the manifest's "meta".

    Raises:
        ArtifactError: the folder or one of its files is missing or damaged; it is named.
    """
    manifest = read_manifest(path)
    verify_files(path, manifest)
    names = [name for name in manifest["files"] if name.endswith(".npy")]
    return {name.removesuffix(".npy"): _map_array(path / name) for name in names}, manifest["meta"]


def _map_array(path: Path) -> NDArray[Any]:
    try:
        array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except ValueError as error:
        raise ArtifactError(f"{path} is no array of plain values: {error}") from error
    return array


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
