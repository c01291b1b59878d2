"""Settings as options of a command: `--api.port 8001`, and what is in force as a table."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic_settings import BaseSettings

from graphql_api.settings.loading import Loaded
from graphql_api.settings.names import Leaf, leaves

SHORT = {"api.bundle": "--bundle", "api.host": "--host", "api.port": "--port"}
"""Options that people type often."""


def add_options(parser: argparse.ArgumentParser, model: type[BaseSettings]) -> None:
    """Add an option for each setting but secrets, which a list of processes would show, and tables."""
    group = parser.add_argument_group("settings, each also an environment variable")
    for leaf in leaves(model):
        if not (leaf.secret or leaf.table):
            names = [SHORT[leaf.path]] if leaf.path in SHORT else []
            group.add_argument(
                *names,
                f"--{leaf.path}",
                dest=leaf.path,
                metavar="VALUE",
                default=argparse.SUPPRESS,
                help=f"{leaf.field.description} [{leaf.variable}]",
            )
    hidden = [f"{leaf.variable}: {leaf.field.description}" for leaf in leaves(model) if leaf.secret]
    parser.epilog = "Secrets are environment variables only. " + " ".join(hidden)


def given_options(options: Mapping[str, Any], model: type[BaseSettings]) -> dict[str, Any]:
    """The settings among parsed options, nested."""
    given: dict[str, Any] = {}
    for leaf in leaves(model):
        if leaf.path in options:
            part = given
            *above, name = leaf.path.split(".")
            for step in above:
                part = part.setdefault(step, {})
            part[name] = options[leaf.path]
    return given


def in_force(loaded: Loaded[Any]) -> str:
    """The settings in force, one a line, with where each is from; of a secret only whether it is set."""
    values = loaded.settings.model_dump(mode="json")
    rows: list[tuple[str, str, str]] = []
    for leaf in leaves(type(loaded.settings)):
        rows += [(path, loaded.origin(path), shown) for path, shown in _shown(leaf, values)]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    return "".join(f"{path:<{widths[0]}}  {origin:<{widths[1]}}  {value}\n" for path, origin, value in rows)


def _shown(leaf: Leaf, values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    value: Any = values
    for name in leaf.path.split("."):
        value = value[name]
    if leaf.secret:
        yield leaf.path, "unset" if value is None else "set"
    elif leaf.table:
        yield from _flat(leaf.path, value)
    else:
        yield leaf.path, json.dumps(value, ensure_ascii=False)


def _flat(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _flat(f"{path}.{name}", inner)
    else:
        yield path, json.dumps(value, ensure_ascii=False)
