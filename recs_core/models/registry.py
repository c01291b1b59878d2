"""The lists of models: registering one makes it usable in params.yaml and tested by its conformance suite."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from recs_core.errors import ParameterError, describe
from recs_core.models.base import ModelConfig, Recommender
from recs_core.models.transductive import AnyModel, Transductive

MODELS: dict[str, type[Recommender]] = {}
"""Kind to class of the models that are asked with a history, filled by `register`."""

TRANSDUCTIVE: dict[str, type[Transductive]] = {}
"""Kind to class of the models that serve only the users of their training, filled by `register_transductive`."""

R = TypeVar("R", bound=type[Recommender])
T = TypeVar("T", bound=type[Transductive])


class ModelSpec(BaseModel):
    """A model as params.yaml writes it: its kind and its configuration."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    config: dict[str, Any] = {}


def register(model: R) -> R:
    """Class decorator: add a model to `MODELS` under its `kind`."""
    MODELS[model.kind] = model
    return model


def register_transductive(model: T) -> T:
    """Class decorator: add a model to `TRANSDUCTIVE` under its `kind`."""
    TRANSDUCTIVE[model.kind] = model
    return model


def any_model_class(kind: str) -> type[AnyModel]:
    """The class of a kind, of either sort.

    Raises:
        ParameterError: there is no such kind.
    """
    models: dict[str, type[AnyModel]] = {**MODELS, **TRANSDUCTIVE}
    try:
        return models[kind]
    except KeyError:
        raise ParameterError(f"there is no model kind {kind!r}; the kinds are {sorted(models)}") from None


def model_class(kind: str) -> type[Recommender]:
    """The class of a kind that is asked with a history.

    Raises:
        ParameterError: there is no such kind, or it serves only the users of its training.
    """
    model = any_model_class(kind)
    if not issubclass(model, Recommender):
        raise ParameterError(
            f"{kind!r} serves only the users of its training, so it cannot stand where histories are scored; "
            f"those that can are {sorted(MODELS)}"
        )
    return model


def model_config(spec: ModelSpec, *, where: str) -> ModelConfig:
    """Check a model's configuration.

    Args:
        spec: kind and configuration.
        where: the path of the spec in params.yaml, for the message.

    Raises:
        ParameterError: the kind is unknown or a value is missing, unknown or wrong; its path is named.
    """
    try:
        return any_model_class(spec.kind).Config.model_validate(spec.config, strict=True)
    except ValidationError as error:
        raise ParameterError(describe(error, where=f"{where}.config")) from None
    except ParameterError as error:
        raise ParameterError(f"{where}.kind: {error}") from None


def build_any_model(spec: ModelSpec, *, where: str) -> AnyModel:
    """An unfitted model of a checked configuration; raises as `model_config` does."""
    config = model_config(spec, where=where)
    return any_model_class(spec.kind)(config)


def build_model(spec: ModelSpec, *, where: str) -> Recommender:
    """An unfitted model that is asked with histories.

    Raises:
        ParameterError: as `model_config` does, or the kind serves only the users of its training.
    """
    config = model_config(spec, where=where)
    try:
        return model_class(spec.kind)(config)
    except ParameterError as error:
        raise ParameterError(f"{where}.kind: {error}") from None
