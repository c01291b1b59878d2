"""`python -m graphql_api.auth.keys FOLDER`: make a key to sign tokens with, or the next one.

Writes `private.jwks.json`, which only its owner can read, and `public.jwks.json`, for the server. Called again it
puts a new key in front of the old ones: new tokens are signed with it, and old tokens are still verified.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import get_args

from graphql_api.auth.key_files import PRIVATE, PUBLIC, read_private_keys, write_keys
from graphql_api.auth.key_pairs import Algorithm, new_key
from recs_core.errors import BookverseError


def main(arguments: list[str] | None = None) -> int:
    """Make the key; return the exit status."""
    given = _parser().parse_args(arguments)
    try:
        keys = [new_key(given.algorithm), *read_private_keys(given.folder)][: given.keep]
        write_keys(given.folder, keys)
    except (BookverseError, OSError) as error:
        sys.stderr.write(f"keys: {error}\n")
        return 2
    sys.stdout.write(
        f"{given.algorithm} key {keys[0]['kid']} is the first of {len(keys)} in {given.folder}\n"
        f"  {PRIVATE}  signs: keep it to yourself\n"
        f"  {PUBLIC}   verifies: for the server\n"
    )
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m graphql_api.auth.keys",
        description="Make a key to sign tokens with. Where there are keys, the new one goes before them.",
    )
    parser.add_argument("folder", type=Path, help="where the key sets are or shall be")
    parser.add_argument("--algorithm", choices=get_args(Algorithm), default="EdDSA", help="default: EdDSA")
    parser.add_argument(
        "--keep", type=_positive, default=2, help="keys that are kept, the newest (default: 2)"
    )
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1 (got {number})")
    return number


if __name__ == "__main__":
    sys.exit(main())
