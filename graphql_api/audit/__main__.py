"""`python -m graphql_api.audit verify FOLDER`: whether an audit log is as it was written."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from graphql_api.audit.chain import ENVIRONMENT_VARIABLE
from graphql_api.audit.verify import verify
from recs_core.data.secret_key import key_from_environment
from recs_core.errors import BookverseError

CHANGED = 1
CANNOT_TELL = 2


def main(arguments: list[str] | None = None) -> int:
    """Verify and print; return 0 for a log that is whole, 1 for one that is not, 2 where it cannot be read."""
    given = _parser().parse_args(arguments)
    try:
        verdict = verify(given.folder, key_from_environment(ENVIRONMENT_VARIABLE))
    except (BookverseError, OSError) as error:
        sys.stderr.write(f"audit: {error}\n")
        return CANNOT_TELL
    for fault in verdict.faults:
        sys.stdout.write(f"{fault}\n")
    found = f"{len(verdict.faults)} faults" if verdict.faults else "whole"
    sys.stdout.write(f"{verdict.lines} entries of {verdict.chains} processes: {found}\n")
    return CHANGED if verdict.faults else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m graphql_api.audit",
        description=f"Read an audit log; its key is in {ENVIRONMENT_VARIABLE}.",
    )
    command = parser.add_subparsers(required=True).add_parser("verify", help="find changed and missing lines")
    command.add_argument("folder", type=Path, help="the folder of the log")
    return parser


if __name__ == "__main__":
    sys.exit(main())
