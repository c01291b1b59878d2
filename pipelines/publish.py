"""Publish a bundle: verify it, copy it to where the server looks, and point the server at it.

    python -m pipelines.publish

`data/published/<version>/` gets the bundle's files and a `provenance.json` (git revision, dvc.lock, time), which
the version does not depend on; `data/published/CURRENT` then names the version.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from recs_core.artifacts.bundle import CURRENT, open_bundle
from recs_core.artifacts.published import PROVENANCE, Provenance
from recs_core.data.arrays import canonical_json, file_digest, replacing_file, replacing_folder
from recs_core.errors import BookverseError

BUNDLE = Path("data/bundle")
PUBLISHED = Path("data/published")


def publish(bundle: Path, published: Path) -> str:
    """Publish the bundle at `bundle` and return its version.

    Raises:
        ArtifactError: the bundle is missing or damaged; what was published before stays.
    """
    version = open_bundle(bundle).version
    with replacing_folder(published / version) as folder:
        shutil.copytree(bundle, folder, dirs_exist_ok=True)
        (folder / PROVENANCE).write_bytes(canonical_json(provenance().model_dump()))
    with replacing_file(published / CURRENT) as temporary:
        temporary.write_text(version + "\n")
    return version


def provenance() -> Provenance:
    """What this working tree is: git revision, whether it has uncommitted changes, dvc.lock's digest, the time."""
    lock = Path("dvc.lock")
    status = _git("status", "--porcelain", "--untracked-files=no")
    return Provenance(
        git_revision=_git("rev-parse", "HEAD") or None,
        uncommitted_changes=bool(status),
        dvc_lock_sha256=file_digest(lock) if lock.exists() else None,
        published_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _git(*arguments: str) -> str:
    """What git prints; nothing where there is no git or no repository, as in a container."""
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)  # noqa: S603, S607
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m pipelines.publish", description="Verify a bundle and make it the one that is served."
    )
    parser.add_argument("--bundle", type=Path, default=BUNDLE, help="the bundle (default: %(default)s)")
    parser.add_argument("--to", type=Path, default=PUBLISHED, help="published bundles (default: %(default)s)")
    options = parser.parse_args(arguments)
    try:
        with Console(stderr=True).status("verify the bundle and copy it"):
            version = publish(options.bundle, options.to)
    except BookverseError as error:
        print(f"nothing was published: {error}", file=sys.stderr)
        return 1
    print(f"published {version} in {options.to}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
