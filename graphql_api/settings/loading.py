"""From layers to settings: defaults, then the configuration file, environment variables, and what is given."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings

from graphql_api.settings.layers import environment_layer, given_layer, yaml_layer
from graphql_api.settings.names import did_you_mean, leaves, names_in
from recs_core.errors import ParameterError

CONFIG = Path(__file__).parents[2] / "config"
"""The configuration files, one an environment, beside the package."""

CONFIG_VARIABLE = "BOOKVERSE_CONFIG"

DEFAULT = "default"

S = TypeVar("S", bound=BaseSettings)


@dataclass(frozen=True)
class Loaded(Generic[S]):
    """Settings, and where each value is from.

    Args:
        settings: the settings.
        origins: the place by dotted path; what is missing is a default.
    """

    settings: S
    origins: Mapping[str, str]

    def origin(self, path: str) -> str:
        """Where the value at a path is from."""
        return _origin(self.origins, path.split(".")) or DEFAULT


def load(model: type[S], given: Mapping[str, Any], *, origin: str, config: Path | None = None) -> Loaded[S]:
    """Put the layers together and check them.

    Args:
        model: the settings' model.
        given: values that go before all others, nested.
        origin: what to call their origin.
        config: the configuration file; where None, that of `BOOKVERSE_CONFIG` or of the environment.

    Raises:
        ParameterError: a value is wrong, a key or variable is none of ours, or a file is missing.
    """
    environment = environment_layer(model)
    last = given_layer(given, origin)
    path = config or _config_of_the_process()
    if path is None:
        chosen = last.values.get("environment", environment.values.get("environment"))
        path = _config_of_the_environment(model, chosen)
    layers = [yaml_layer(path, model), environment, last]
    merged: dict[str, Any] = {}
    origins: dict[str, str] = {}
    parts: dict[str, str] = {}
    for layer in layers:
        merged = _merged(merged, layer.values)
        origins |= layer.origins
        parts |= layer.parts
    try:
        return Loaded(model(**merged), origins)
    except ValidationError as error:
        faults = [_fault(model, fault, parts | origins) for fault in error.errors(include_url=False)]
        raise ParameterError("\n".join(faults)) from None


def _config_of_the_process() -> Path | None:
    named = os.environ.get(CONFIG_VARIABLE)
    return Path(named) if named else None


def _config_of_the_environment(model: type[BaseSettings], chosen: str | None) -> Path:
    field = model.model_fields["environment"]
    environment, known = chosen or field.default, get_args(field.annotation)
    if environment not in known:
        raise ParameterError(f"environment: must be {' or '.join(known)} (got {environment!r})")
    path = CONFIG / f"{environment}.yaml"
    if not path.is_file():
        raise ParameterError(
            f"there is no {path}, which lies beside the package in a checkout; name a configuration file with "
            f"--config or {CONFIG_VARIABLE}"
        )
    return path


def _merged(below: dict[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for name, value in above.items():
        under = merged.get(name)
        both = isinstance(under, dict) and isinstance(value, Mapping)
        merged[name] = _merged(under, value) if both and under is not None else value
    return merged


def _fault(model: type[BaseSettings], fault: ErrorDetails, origins: Mapping[str, str]) -> str:
    location = [str(name) for name in fault["loc"]]
    path = ".".join(location)
    where = _origin(origins, location)
    # what goes wrong between two values is at neither's place
    place = ": ".join(part for part in (where, path) if part)
    if fault["type"] == "extra_forbidden":
        known = names_in(model, location[:-1]) + [leaf.path for leaf in leaves(model)]
        return f"{place}: no such setting{did_you_mean(path, list(dict.fromkeys(known)), delimiter='.')}"
    message = fault["msg"].removeprefix("Value error, ")
    secret = any(leaf.secret and leaf.path == path for leaf in leaves(model))
    shows = not secret and isinstance(fault.get("input"), str | int | float | None)
    got = f" (got {fault['input']!r})" if shows and fault["type"] != "value_error" else ""
    return f"{place}: {message}{got}" if place else f"{message}{got}"


def _origin(origins: Mapping[str, str], location: list[str]) -> str | None:
    """The place of the value, or of the nearest part that it lies in and that has a place."""
    for length in range(len(location), 0, -1):
        place = origins.get(".".join(location[:length]))
        if place is not None:
            return place
    return None
