"""The list of models: registering one makes it usable in params.yaml and tested by the conformance suite."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from recs_core.errors import ParameterError, describe
from recs_core.models.base import ModelConfig, Recommender

MODELS: dict[str, type[Recommender]] = {}
"""Kind to class, filled by `register`."""

R = TypeVar("R", bound=type[Recommender])


class ModelSpec(BaseModel):
    """A model as params.yaml writes it: its kind and its configuration."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    config: dict[str, Any] = {}


def register(model: R) -> R:
    """Class decorator: add a model to `MODELS` under its `kind`."""
    MODELS[model.kind] = model
    return model


def model_class(kind: str) -> type[Recommender]:
    """The class of a kind.

    Raises:
        ParameterError: there is no such kind.
    """
    try:
        return MODELS[kind]
    except KeyError:
        raise ParameterError(f"there is no model kind {kind!r}; the kinds are {sorted(MODELS)}") from None


def model_config(spec: ModelSpec, *, where: str) -> ModelConfig:
    """Check a model's configuration.

    Args:
        spec: kind and configuration.
        where: the path of the spec in params.yaml, for the message.

    Raises:
        ParameterError: the kind is unknown or a value is missing, unknown or wrong; its path is named.
    """
    try:
        return model_class(spec.kind).Config.model_validate(spec.config, strict=True)
    except ValidationError as error:
        raise ParameterError(describe(error, where=f"{where}.config")) from None
    except ParameterError as error:
        raise ParameterError(f"{where}.kind: {error}") from None


def build_model(spec: ModelSpec, *, where: str) -> Recommender:
    """An unfitted model of a checked configuration; raises as `model_config` does."""
    config = model_config(spec, where=where)
    return model_class(spec.kind)(config)
