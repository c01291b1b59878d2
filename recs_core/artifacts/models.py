"""A fitted model on disk: an array folder with the model's kind and configuration."""

from __future__ import annotations

from pathlib import Path

from recs_core.data.arrays import read_arrays, write_arrays
from recs_core.errors import ArtifactError
from recs_core.models.base import Model, Recommender
from recs_core.models.registry import ModelSpec, any_model_class, model_config
from recs_core.models.transductive import AnyModel


def save_model(path: Path, model: Model) -> None:
    """Write a fitted model."""
    meta = {"kind": "model", "model": model_spec(model).model_dump()}
    write_arrays(path, model.state(), meta)


def load_any_model(path: Path) -> AnyModel:
    """Open what `save_model` wrote, memory-mapped.

    Raises:
        ArtifactError: the folder is missing, damaged or no model.
    """
    arrays, meta = read_arrays(path)
    if meta.get("kind") != "model":
        raise ArtifactError(f"{path} holds {meta.get('kind')!r}, not a model")
    spec = ModelSpec.model_validate(meta["model"])
    return any_model_class(spec.kind).from_state(model_config(spec, where=str(path)), arrays)


def load_model(path: Path) -> Recommender:
    """Open a model that is asked with histories.

    Raises:
        ArtifactError: the folder is missing, damaged or no model, or the model serves only the users of its training.
    """
    model = load_any_model(path)
    if not isinstance(model, Recommender):
        raise ArtifactError(
            f"{path} holds a {model.kind!r} model, which serves only the users of its training"
        )
    return model


def model_spec(model: Model) -> ModelSpec:
    """Kind and configuration of a model."""
    return ModelSpec(kind=model.kind, config=model.config.model_dump())
