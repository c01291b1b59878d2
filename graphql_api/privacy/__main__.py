"""`python -m graphql_api.privacy verify RECEIPT --keys FILE`: whether a receipt of an erasure is as it was given."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from graphql_api.auth.key_files import PUBLIC
from graphql_api.auth.wiring import DEVELOPMENT_KEYS
from graphql_api.privacy.receipts import ReceiptError, public_keys, verify
from recs_core.data.arrays import canonical_json
from recs_core.errors import BookverseError

CHANGED = 1
CANNOT_TELL = 2


def main(arguments: list[str] | None = None) -> int:
    """Print what a receipt says; return 0, 1 for one that is not ours or was changed, 2 where it cannot be told."""
    given = _parser().parse_args(arguments)
    try:
        text = sys.stdin.read() if str(given.receipt) == "-" else given.receipt.read_text(encoding="ascii")
        content = verify(text.strip(), public_keys(given.keys))
    except ReceiptError as error:
        sys.stderr.write(f"privacy: {error}\n")
        return CHANGED
    except (BookverseError, OSError, UnicodeDecodeError) as error:
        sys.stderr.write(f"privacy: {error}\n")
        return CANNOT_TELL
    sys.stdout.write(canonical_json(content).decode())
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m graphql_api.privacy", description="Look at the receipts that eraseUser gives."
    )
    command = parser.add_subparsers(required=True).add_parser("verify", help="verify a receipt and print it")
    command.add_argument("receipt", type=Path, help="the file that holds it; - for standard input")
    command.add_argument(
        "--keys",
        type=Path,
        default=DEVELOPMENT_KEYS / PUBLIC,
        help=f"the public key set (default: that of development, data/keys/{PUBLIC})",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
