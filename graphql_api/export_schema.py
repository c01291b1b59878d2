"""`python -m graphql_api.export_schema`: write the schema as SDL, or check the committed one."""

from __future__ import annotations

import argparse
import difflib
import sys
from pathlib import Path

from graphql_api.schema import build_schema
from graphql_api.settings import Settings

COMMITTED = Path(__file__).with_name("schema.graphql")


def main(arguments: list[str] | None = None) -> int:
    """Write `schema.graphql`; with `--check` print how it differs from the code, and return 1 if it does."""
    parser = argparse.ArgumentParser(prog="python -m graphql_api.export_schema", description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 if the file is not current"
    )
    check = parser.parse_args(arguments).check
    # no setting changes what the schema is, so none is read
    current = build_schema(Settings()).as_str() + "\n"
    if not check:
        COMMITTED.write_text(current, encoding="utf-8")
        return 0
    committed = COMMITTED.read_text(encoding="utf-8") if COMMITTED.exists() else ""
    diff = difflib.unified_diff(
        committed.splitlines(keepends=True),
        current.splitlines(keepends=True),
        fromfile="graphql_api/schema.graphql (committed)",
        tofile="graphql_api/schema.graphql (of the code)",
    )
    sys.stdout.writelines(diff)
    return int(committed != current)


if __name__ == "__main__":
    sys.exit(main())
