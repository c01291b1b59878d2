"""Writes the two locks from pip's report of what it would install: with a hash where one build serves every machine.

pip checks hashes for all packages of a file or for none, so what is built for each kind of machine, and torch, whose
build differs by accelerator, stands in a file of its own, pinned by version alone.

    pip install --dry-run --ignore-installed --no-deps --quiet --report REPORT -r FROZEN
    python .ci/lock.py REPORT
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

UNIVERSAL, PLATFORM = Path("requirements.lock"), Path("requirements-platform.lock")


def pinned(package: dict[str, Any]) -> str:
    """A package and its version; what follows a `+` names a build."""
    metadata = package["metadata"]
    return f"{metadata['name'].lower()}=={metadata['version'].partition('+')[0]}"


def is_universal(package: dict[str, Any]) -> bool:
    """Whether the build that pip chose is for every machine."""
    name = Path(unquote(urlsplit(package["download_info"]["url"]).path)).name
    return name.endswith("-none-any.whl")


def main() -> None:
    """Write both locks."""
    packages = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["install"]
    hashed = [
        f"{pinned(each)} --hash=sha256:{each['download_info']['archive_info']['hashes']['sha256']}"
        for each in packages
        if is_universal(each)
    ]
    others = [pinned(each) for each in packages if not is_universal(each)]
    title = "# made by `make lock`: the packages {}\n"
    UNIVERSAL.write_text(
        title.format("of which one build serves every machine") + "\n".join(sorted(hashed)) + "\n", "utf-8"
    )
    PLATFORM.write_text(
        title.format("that are built for each kind of machine") + "\n".join(sorted(others)) + "\n", "utf-8"
    )


if __name__ == "__main__":
    main()
