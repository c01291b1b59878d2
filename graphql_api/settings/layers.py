"""Where values come from: a YAML file, the environment, a caller. Each layer knows the place of each value."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsError

from graphql_api.settings.names import did_you_mean, leaves
from recs_core.errors import ParameterError

READ_ELSEWHERE = frozenset(
    {
        "BOOKVERSE_AUDIT_KEY",
        "BOOKVERSE_CONFIG",
        "BOOKVERSE_PROGRESS",
        "BOOKVERSE_TOKEN",
    }
)
"""Variables with our prefix that are no settings: another room's, keys, and what says which file to read."""

WITHOUT_PREFIX = "REDIS_URL"
"""The variable that hosts set for the Redis that they provide; ours goes before it."""

YAML_STRING = "tag:yaml.org,2002:str"


@dataclass(frozen=True)
class Layer:
    """Values of one kind of origin.

    Args:
        values: by name, nested.
        origins: where the value at a dotted path is from, for people.
        parts: where a part that holds values begins.
    """

    values: dict[str, Any]
    origins: dict[str, str]
    parts: dict[str, str] = field(default_factory=dict)


def given_layer(values: Mapping[str, Any], origin: str) -> Layer:
    """What the command line or a caller gives."""
    return Layer(dict(values), dict.fromkeys(_paths(values, ""), origin))


def _paths(values: Mapping[str, Any], above: str) -> Iterator[str]:
    for name, value in values.items():
        path = f"{above}{name}"
        if isinstance(value, Mapping):
            yield from _paths(value, f"{path}.")
        else:
            yield path


def environment_layer(model: type[BaseSettings]) -> Layer:
    """What environment variables say.

    Raises:
        ParameterError: a variable with our prefix is no setting, or is no JSON where it must be.
    """
    known = {leaf.variable: leaf for leaf in leaves(model)}
    tables = {leaf.variable + "__": leaf.path for leaf in known.values() if leaf.table}
    origins: dict[str, str] = {}
    unknown = []
    for name in sorted(os.environ):
        variable = name.upper()
        inside = next((table for table in tables if variable.startswith(table)), None)
        if variable in known:
            origins[known[variable].path] = f"environment variable {name}"
        elif inside is not None:
            rest = variable.removeprefix(inside).lower().replace("__", ".")
            origins[f"{tables[inside]}.{rest}"] = f"environment variable {name}"
        elif variable.startswith(model.model_config["env_prefix"]) and variable not in READ_ELSEWHERE:
            hint = did_you_mean(variable, [*known, *READ_ELSEWHERE], delimiter="_")
            unknown.append(f"environment variable {name}: no such setting{hint}")
    if unknown:
        raise ParameterError("\n".join(unknown))
    try:
        values = EnvSettingsSource(model)()
    except SettingsError as error:
        raise ParameterError(f"environment variables: {error}: {error.__cause__}") from None
    if WITHOUT_PREFIX in os.environ and "redis_url" not in values:
        values["redis_url"] = os.environ[WITHOUT_PREFIX]
        origins["redis_url"] = f"environment variable {WITHOUT_PREFIX}"
    return Layer(values, origins)


def yaml_layer(path: Path, model: type[BaseSettings]) -> Layer:
    """What a configuration file says, with the line of each key.

    Raises:
        ParameterError: it cannot be read, is no YAML, names a key twice, or holds a secret.
    """
    shown = _shown(path)
    try:
        text = path.read_text(encoding="utf-8")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        values = yaml.safe_load(text)
    except (OSError, UnicodeDecodeError) as error:
        raise ParameterError(f"{shown}: cannot be read: {error}") from None
    except yaml.YAMLError as error:
        raise ParameterError(f"{shown}: is not YAML: {error}") from None
    if node is None:
        return Layer({}, {})
    if not isinstance(node, yaml.MappingNode):
        raise ParameterError(f"{shown}: must be a mapping of settings, such as `api:`")
    layer = Layer(values, {}, {})
    _note_lines(node, "", shown, layer)
    for leaf in leaves(model):
        if leaf.secret and leaf.path in layer.origins:
            raise ParameterError(
                f"{layer.origins[leaf.path]}: {leaf.path}: a secret does not belong in a file; "
                f"set the environment variable {leaf.variable}"
            )
    return layer


def _note_lines(node: yaml.MappingNode, above: str, shown: str, layer: Layer) -> None:
    for key, value in node.value:
        line = f"{shown}, line {key.start_mark.line + 1}"
        if key.tag != YAML_STRING:
            raise ParameterError(f"{line}: a key must be a name (got {key.value!r}); put it in quotes")
        path = f"{above}{key.value}"
        before = layer.origins.get(path) or layer.parts.get(path)
        if before is not None:
            raise ParameterError(f"{line}: {path} is there twice, first at {before}")
        if isinstance(value, yaml.MappingNode) and value.value:
            layer.parts[path] = line
            _note_lines(value, f"{path}.", shown, layer)
        else:
            layer.origins[path] = line


def _shown(path: Path) -> str:
    """A path as short as it can be said from here."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
