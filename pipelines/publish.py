"""Publish a bundle: verify it, hold it against the served one, copy it to where servers look, and point them at it.

    python -m pipelines.publish

is short for `python -m pipelines.bundle publish`, which see for the way back.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from recs_core.artifacts.admission import DEFAULT_FLOOR, MetricFloor, NotAdmittedError, admit
from recs_core.artifacts.bundle import open_bundle
from recs_core.artifacts.meta import BundleMeta
from recs_core.artifacts.published import Provenance
from recs_core.artifacts.registry import BundleRegistry
from recs_core.data.arrays import file_digest
from recs_core.errors import ArtifactError, ParameterError
from recs_core.online.current import announce

log = logging.getLogger(__name__)

BUNDLE = Path("data/bundle")
PUBLISHED = Path("data/published")
REDIS_VARIABLES = ("BOOKVERSE_REDIS_URL", "REDIS_URL")
"""As the server reads them: the first that is set counts."""


@dataclass(frozen=True)
class Published:
    """A bundle that is published.

    Args:
        version: its version.
        admission: what the gate found.
    """

    version: str
    admission: str


def publish(
    bundle: Path,
    published: Path | str,
    *,
    floor: MetricFloor = DEFAULT_FLOOR,
    force: str | None = None,
) -> Published:
    """Publish the bundle at a path.

    Args:
        bundle: its directory.
        published: a path or URL of published bundles.
        floor: what it must reach beside the bundle that is served.
        force: the reason to publish it though it does not, which its provenance will have.

    Raises:
        ArtifactError: the bundle is missing, damaged or not admitted; what was published before stays.
        ParameterError: no such place can be opened.
    """
    registry = BundleRegistry(published)
    meta = open_bundle(bundle).meta
    try:
        found, forced = admit(meta, _serving(registry), floor), None
    except NotAdmittedError as error:
        if force is None:
            raise NotAdmittedError(
                f"{bundle} is not admitted: {error}. Mend the model and run `dvc repro`, or publish it all the same: "
                f"python -m pipelines.bundle publish --force 'the reason'"
            ) from None
        found, forced = str(error), force
    version = registry.publish(bundle, provenance(admission=found, forced=forced))
    announce_to_servers(version)
    return Published(version, found)


def announce_to_servers(version: str) -> None:
    """Tell the servers through Redis, if one is set; without it they look for themselves."""
    url = redis_of_environment()
    if url is not None:
        announce(url, version)


def redis_of_environment() -> str | None:
    """Where the environment says that Redis is; None where it does not."""
    return next((os.environ[name] for name in REDIS_VARIABLES if os.environ.get(name)), None)


def required_redis() -> str:
    """Where the environment says that Redis is.

    Raises:
        ParameterError: it does not say.
    """
    url = redis_of_environment()
    if url is None:
        raise ParameterError(f"no Redis: set {' or '.join(REDIS_VARIABLES)}")
    return url


def provenance(*, admission: str | None = None, forced: str | None = None) -> Provenance:
    """What this working tree is: git revision, whether it has uncommitted changes, dvc.lock's digest, the time.

    Args:
        admission: what the gate found.
        forced: why it was published all the same.
    """
    lock = Path("dvc.lock")
    status = _git("status", "--porcelain", "--untracked-files=no")
    return Provenance(
        git_revision=_git("rev-parse", "HEAD") or None,
        uncommitted_changes=bool(status),
        dvc_lock_sha256=file_digest(lock) if lock.exists() else None,
        published_at=datetime.now(UTC).isoformat(timespec="seconds"),
        admission=admission,
        forced=forced,
    )


def _serving(registry: BundleRegistry) -> BundleMeta | None:
    """Of the bundle that is served; None where none is, or none that can be read, which is no reason to keep it."""
    try:
        current = registry.current()
    except ArtifactError:
        return None
    return next((entry.meta for entry in registry.entries() if entry.version == current), None)


def _git(*arguments: str) -> str:
    """What git prints; nothing where there is no git or no repository, as in a container."""
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)  # noqa: S603, S607
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


if __name__ == "__main__":
    from pipelines.bundle import main

    sys.exit(main(["publish", *sys.argv[1:]]))
