"""`python -m graphql_api.documents FOLDER`: the trusted documents of a folder as a manifest, for clients."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import orjson
from graphql import build_schema as as_graphql_schema

from graphql_api.documents.folder import read_documents
from graphql_api.schema import build_schema
from graphql_api.settings import Settings
from recs_core.errors import BookverseError


def main(arguments: list[str] | None = None) -> int:
    """Print `{id: document}`; 1 where the folder is faulty."""
    parser = argparse.ArgumentParser(
        prog="python -m graphql_api.documents",
        description="Check a folder of GraphQL documents against the schema and print them by their ids.",
    )
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args(arguments).folder
    try:
        sdl = build_schema(Settings.load()).as_str()
        documents = read_documents(folder, as_graphql_schema(sdl))
    except BookverseError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(
        orjson.dumps(documents, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode() + "\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
