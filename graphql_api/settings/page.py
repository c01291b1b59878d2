"""`python -m graphql_api.settings.page`: write docs/configuration.md from the model, or check the committed one."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import yaml

from graphql_api.settings.loading import CONFIG
from graphql_api.settings.model import Settings, StrategySettings
from graphql_api.settings.names import leaves
from recs_core.serving.rerank import RerankConfig
from recs_core.serving.strategies import GroupWeights

PAGE = Path(__file__).parents[2] / "docs/configuration.md"

HEAD = """# Configuration of the server

Made from the code by `python -m graphql_api.settings.page`; edit the descriptions there.

A value is looked for in four places; a later one goes before an earlier one:

1. the defaults below;
2. a YAML file: `config/development.yaml`, or `config/production.yaml` with `--environment production` or
   `BOOKVERSE_ENVIRONMENT=production`, or the file that `--config` or `BOOKVERSE_CONFIG` names;
3. environment variables: `BOOKVERSE_API__PORT=8001` sets `api.port`, a part's name and a setting's with `__` between;
4. the command line: `--api.port 8001`. `--bundle`, `--host` and `--port` are short for those of `api`.

`config/` lies beside the package in a checkout, so the server may be started from anywhere; where the package is
installed without it, `--config` must name a file. Other paths are relative to the working directory.

```
python -m graphql_api --check-config    # what is in force and where each value is from; 2 where something is wrong
```

A key, variable or option that is no setting stops the start, with its place and what it may have meant. Secrets are
environment variables only: one in a file is refused, and none is ever printed. Production does not start without
`BOOKVERSE_REDIS_URL` (or `REDIS_URL`), `BOOKVERSE_CURSOR_KEY` and `BOOKVERSE_PROFILE_KEYS`.

A duration is in the unit that its name ends with, else in seconds. A table such as `algorithms.strategies` is set in
the file, or as JSON in its variable.
"""

ENVIRONMENTS = ("development", "production")

SETTINGS = """
## Settings

| setting | environment variable | default | meaning |
|---|---|---|---|
"""

BETWEEN = """
## What the environments set

| setting | default | development | production |
|---|---|---|---|
"""

STRATEGIES = """
## A strategy

`algorithms.strategies` names them; a request chooses one by its name.

| key | meaning | default |
|---|---|---|
"""


def rendered() -> str:
    """The page."""
    defaults = Settings().model_dump(mode="json")
    files = [yaml.safe_load((CONFIG / f"{name}.yaml").read_text(encoding="utf-8")) for name in ENVIRONMENTS]
    parts = [HEAD, SETTINGS]
    for leaf in leaves(Settings):
        default = "" if leaf.secret or leaf.table else _code(_at(defaults, leaf.path))
        parts.append(f"| `{leaf.path}` | `{leaf.variable}` | {default} | {leaf.field.description} |\n")
    parts.append(BETWEEN)
    for leaf in leaves(Settings):
        default = _at(defaults, leaf.path)
        values = [_at(file, leaf.path, default) for file in files]
        if values != [default, default] and not leaf.table:
            parts.append(f"| `{leaf.path}` | {' | '.join(_code(value) for value in (default, *values))} |\n")
    parts.append(STRATEGIES)
    for above, model in (("", StrategySettings), ("weights.", GroupWeights), ("rerank.", RerankConfig)):
        for name, field in model.model_fields.items():
            default = _code(field.default) if model is RerankConfig else ""
            parts.append(f"| `{above}{name}` | {field.description} | {default} |\n")
    return "".join(parts)


def _at(values: Any, path: str, missing: Any = None) -> Any:
    for name in path.split("."):
        if not isinstance(values, dict) or name not in values:
            return missing
        values = values[name]
    return values


def _code(value: Any) -> str:
    return f"`{json.dumps(value)}`"


def main(arguments: list[str] | None = None) -> int:
    """Write the page; with `--check` write nothing, and return 1 if it is not current."""
    parser = argparse.ArgumentParser(prog="python -m graphql_api.settings.page", description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 if the page is not current"
    )
    if not parser.parse_args(arguments).check:
        PAGE.write_text(rendered(), encoding="utf-8")
        return 0
    if PAGE.read_text(encoding="utf-8") == rendered():
        return 0
    sys.stderr.write(f"{PAGE} is not current: run `python -m graphql_api.settings.page`\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
