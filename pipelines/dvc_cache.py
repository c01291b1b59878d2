"""What DVC's cache has, by the digests of a dvc.lock."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from recs_core.errors import ArtifactError


class DvcCache:
    """The cache of a working tree, wherever its configuration says that it lies.

    Raises:
        ArtifactError: the folder is no project of DVC.
    """

    def __init__(self, root: Path) -> None:
        asked = subprocess.run(
            [sys.executable, "-m", "dvc", "cache", "dir"],
            cwd=root,
            capture_output=True,
            text=True,
            check=False,
        )
        if asked.returncode != 0:
            raise ArtifactError(f"DVC does not say where its cache is: {asked.stderr.strip()}")
        self._files = root / asked.stdout.strip() / "files/md5"

    def file(self, md5: str) -> Path | None:
        """The file of a digest; None where it is not in the cache."""
        path = self._files / md5[:2] / md5[2:]
        return path if path.is_file() else None

    def listing(self, md5: str) -> dict[str, str] | None:
        """The files of a folder's digest, relative path to digest; None where the cache has no such folder."""
        file = self.file(md5) if md5.endswith(".dir") else None
        if file is None:
            return None
        return {entry["relpath"]: entry["md5"] for entry in json.loads(file.read_text())}
