"""`python -m graphql_api.export_docs`: write docs/api.md from the schema, or check the committed one."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from graphql import build_schema as parse_schema

from graphql_api.docs_page import page
from graphql_api.export_schema import COMMITTED as SDL

COMMITTED = Path(__file__).parents[1] / "docs/api.md"


def main(arguments: list[str] | None = None) -> int:
    """Write `docs/api.md`; with `--check` return 1 if it is not that of the committed schema."""
    parser = argparse.ArgumentParser(prog="python -m graphql_api.export_docs", description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 if the file is not current"
    )
    check = parser.parse_args(arguments).check
    current = page(parse_schema(SDL.read_text(encoding="utf-8")))
    if not check:
        COMMITTED.write_text(current, encoding="utf-8")
        return 0
    if COMMITTED.exists() and COMMITTED.read_text(encoding="utf-8") == current:
        return 0
    sys.stdout.write("docs/api.md is not that of the schema: run `make schema`\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
