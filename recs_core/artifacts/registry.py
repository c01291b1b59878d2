"""The registry of bundles: every published version, which of them is served, and the way back.

    <store>/<version>/     a bundle's files and its provenance.json
    <store>/CURRENT        the version to serve: the one thing that servers follow
    <store>/changes/       a small file for each time that CURRENT was changed, in their order

A version is there before CURRENT names it, and CURRENT is replaced whole, so that whoever reads it finds a bundle.
Each change is a file of its own: two who publish at once overwrite nothing of each other's.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from recs_core.artifacts.bundle import CURRENT, open_bundle, read_meta
from recs_core.artifacts.meta import BundleMeta
from recs_core.artifacts.published import PROVENANCE, Provenance, parse_provenance
from recs_core.artifacts.stores import CACHE, open_store
from recs_core.data.arrays import MANIFEST, canonical_json
from recs_core.errors import ArtifactError, ParameterError

CHANGES = "changes"
NEW_FOR_S = 3_600


class Change(BaseModel):
    """One change of what is served.

    Args:
        version: what was served from then on.
        how: by publishing it, or by going back to it.
        at: ISO time with its zone.
        reason: why, where someone said so.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    how: Literal["publish", "rollback"]
    at: str
    reason: str | None = None


@dataclass(frozen=True)
class Entry:
    """One published version.

    Args:
        version: which.
        provenance: where it came from.
        meta: what it says of itself; None where that is of another schema or damaged.
        is_current: whether it is the one to serve.
    """

    version: str
    provenance: Provenance
    meta: BundleMeta | None
    is_current: bool


class BundleRegistry:
    """Published bundles at one place.

    Args:
        url: a path, or a URL that fsspec knows, such as `s3://bucket/bundles`.
        cache: where bundles of an object store are fetched to.

    Raises:
        ParameterError: no such store can be opened.
    """

    def __init__(self, url: str | Path, *, cache: Path = CACHE) -> None:
        self._store = open_store(url)
        self._cache = cache
        self.url = self._store.url

    def current(self) -> str:
        """The version to serve.

        Raises:
            ArtifactError: none is published, or what names it is damaged.
        """
        content = self._store.read(CURRENT)
        where = f"{self.url}/{CURRENT}"
        if content is None:
            raise ArtifactError(
                f"no bundle is published: {where} is missing; run `make demo` or "
                "`python -m pipelines.publish`, or name a bundle with --bundle"
            )
        version = content.decode("utf-8", "replace").strip()
        if not version or Path(version).name != version:
            raise ArtifactError(f"{where} is damaged: {version!r} is not a version")
        return version

    def stamp(self) -> str:
        """Another text after each publication, of the same version too."""
        return self._store.stamp(CURRENT)

    def pull(self, version: str) -> Path:
        """Where a version's files lie on this machine, fetched if need be; `open_bundle` verifies them.

        Raises:
            ArtifactError: it is not there, or was damaged on its way.
        """
        return self._store.fetch_folder(version, self._cache)

    def place(self, version: str) -> Path:
        """Where `pull` puts a version."""
        return self._store.place(version, self._cache)

    def forget(self, kept: Collection[str]) -> None:
        """Remove what was fetched of other versions than these, unless it is new; who has it open keeps it."""
        if not (self._store.is_remote and self._cache.is_dir()):
            return
        # another server of this machine may be about to open what it fetched just now
        new = time.time() - NEW_FOR_S
        for folder in self._cache.iterdir():
            if folder.is_dir() and folder.name not in kept and folder.stat().st_mtime < new:
                shutil.rmtree(folder, ignore_errors=True)

    def publish(self, bundle: Path, provenance: Provenance) -> str:
        """Verify the bundle at a path, copy it, make it the one to serve, and return its version.

        Raises:
            ArtifactError: it is damaged, or did not arrive whole; what was served before stays.
        """
        version = open_bundle(bundle).version
        self._store.put_folder(bundle, version, {PROVENANCE: canonical_json(provenance.model_dump())})
        self._point_to(version, "publish", provenance.forced)
        return version

    def rollback(self, version: str | None = None, *, reason: str | None = None) -> str:
        """Serve an earlier version again and return it; the one before the current, if none is named.

        Raises:
            ArtifactError: it is not there or damaged, or there is none before the current one.
        """
        chosen = self.before() if version is None else version
        if chosen is None:
            raise ArtifactError(f"{self.url}: nothing was served before {self.current()} that is still there")
        self.verify(chosen)
        self._point_to(chosen, "rollback", reason)
        return chosen

    def before(self) -> str | None:
        """What was served before the current version, as if nobody had gone back; None where none of it is left."""
        trail: list[str] = []
        for change in self.changes():
            if change.how == "rollback" and change.version in trail:
                del trail[trail.index(change.version) + 1 :]
            else:
                # served again it is the newest, and what came between is before it
                trail = [*(version for version in trail if version != change.version), change.version]
        current = self.current()
        earlier = trail[: trail.index(current)] if current in trail else trail
        return next((version for version in reversed(earlier) if self._store.has_folder(version)), None)

    def changes(self) -> list[Change]:
        """What was served when, oldest first.

        Raises:
            ArtifactError: the record of a change is damaged.
        """
        found = []
        for name in self._store.names(CHANGES):
            content = self._store.read(f"{CHANGES}/{name}")
            try:
                found.append(Change.model_validate_json(content or b""))
            except ValidationError as error:
                raise ArtifactError(f"{self.url}/{CHANGES}/{name} is damaged: {error}") from None
        return found

    def entries(self) -> list[Entry]:
        """Every published version, the newest publication first.

        Raises:
            ArtifactError: what stands beside a bundle is damaged.
        """
        content = self._store.read(CURRENT)
        current = self.current() if content is not None else None
        entries = [self._entry(version, current) for version in self.versions()]
        return sorted(entries, key=lambda entry: entry.provenance.published_at or "", reverse=True)

    def versions(self) -> list[str]:
        """The versions that are there, whole."""
        return [name for name in self._store.names() if self._store.has_folder(name)]

    def verify(self, version: str) -> None:
        """Compare every byte of a version with its digests, and its parts with each other.

        Raises:
            ArtifactError: it is not there or damaged; what is wrong is named.
        """
        if not self._store.has_folder(version):
            there = ", ".join(self.versions()) or "none"
            raise ArtifactError(f"{self.url} has no bundle {version}; there are: {there}")
        found = open_bundle(self.pull(version)).version
        if found != version:
            raise ArtifactError(f"{self.url}/{version} holds the bundle {found}; publish it again")

    def prune(self, keep: int) -> list[str]:
        """Delete all versions but the `keep` last published and the current one; return what was deleted.

        Raises:
            ParameterError: `keep` is below 1.
        """
        if keep < 1:
            raise ParameterError(f"keep must be at least 1, not {keep}")
        gone = [entry.version for entry in self.entries()[keep:] if not entry.is_current]
        for version in gone:
            self._store.delete_folder(version)
        return gone

    def _entry(self, version: str, current: str | None) -> Entry:
        where = f"{self.url}/{version}"
        provenance = parse_provenance(
            self._store.read(f"{version}/{PROVENANCE}"), where=f"{where}/{PROVENANCE}"
        )
        try:
            manifest = json.loads(self._store.read(f"{version}/{MANIFEST}") or b"{}")
            meta = read_meta(manifest["meta"], where=where)
        except (ArtifactError, ValueError, KeyError):
            meta = None
        return Entry(version, provenance, meta, version == current)

    def _point_to(self, version: str, how: Literal["publish", "rollback"], reason: str | None) -> None:
        now = datetime.now(UTC)
        # first what counts: a change that was not noted is no harm, a noted one that was not made would be a lie
        self._store.write(CURRENT, f"{version}\n".encode())
        change = Change(version=version, how=how, at=now.isoformat(timespec="seconds"), reason=reason)
        name = f"{now:%Y%m%dT%H%M%S.%fZ}-{version}.json"
        self._store.write(f"{CHANGES}/{name}", canonical_json(change.model_dump()))
