"""params.yaml, typed: an unknown key, a missing one or a value of the wrong type is an error with its path."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

import recs_core.models  # noqa: F401 - registers the models that params.yaml may name
from pipelines.tuning_params import SearchParams, Spaces, check_spaces
from recs_core.artifacts.precomputed import PrecomputeConfig
from recs_core.artifacts.quantise import Storage
from recs_core.data.cleaning.preparation import Preparation
from recs_core.data.sources.registry import source_named
from recs_core.data.splits.leave_last import LeaveLastConfig
from recs_core.data.splits.presplit import PresplitConfig
from recs_core.data.splits.random import RandomConfig
from recs_core.data.splits.registry import STRATEGIES
from recs_core.data.splits.temporal import TemporalConfig
from recs_core.data.splits.user_holdout import UserHoldoutConfig
from recs_core.errors import ParameterError, describe
from recs_core.evaluation.metrics import METRICS
from recs_core.features.content import ContentConfig
from recs_core.features.search_index import SearchConfig
from recs_core.models.registry import ModelSpec, model_config

PARAMS = Path("params.yaml")


class Section(BaseModel):
    """Base of the sections: frozen, strict about types, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class ConfidenceParams(Section):
    """How sure a like is."""

    slope: float = Field(ge=0)
    unrated: float = Field(gt=0)


class DataParams(Preparation):
    """Where interactions come from, what is done to them, and which are kept."""

    source: str
    raw_dir: str
    sources: dict[str, dict[str, Any]]
    max_quarantine_share: float = Field(ge=0, le=1)
    min_value: float
    keep_unrated: bool
    confidence: ConfidenceParams
    min_per_user: int = Field(ge=1)
    min_per_book: int = Field(ge=1)

    @model_validator(mode="after")
    def _nothing_is_left_to_a_default(self) -> DataParams:
        missing = sorted(type(self).model_fields.keys() - self.model_fields_set)
        if missing:
            raise ValueError(f"{', '.join(missing)}: missing")
        return self

    @model_validator(mode="after")
    def _options_are_there(self) -> DataParams:
        if self.source not in self.sources:
            raise ValueError(f"source is {self.source!r} but sources has only {sorted(self.sources)}")
        return self


class SplitOptions(Section):
    """The options of each strategy, checked whether it is the chosen one or not."""

    random: RandomConfig
    leave_last: LeaveLastConfig
    temporal: TemporalConfig
    user_holdout: UserHoldoutConfig
    presplit: PresplitConfig


class SplitParams(Section):
    """How interactions are held out: the name of a strategy, and the options of each."""

    strategy: str
    options: SplitOptions

    @model_validator(mode="after")
    def _strategy_is_there(self) -> SplitParams:
        if self.strategy not in STRATEGIES:
            raise ValueError(f"strategy is {self.strategy!r}; it must be one of {sorted(STRATEGIES)}")
        return self


class CohortParams(Section):
    """Where cohorts begin and end; see `recs_core.data.cohorts`."""

    cold_below: int = Field(ge=1)
    heavy_from: int = Field(ge=1)
    head_share: float = Field(gt=0, lt=1)
    torso_share: float = Field(gt=0, lt=1)

    @model_validator(mode="after")
    def _in_order(self) -> CohortParams:
        if self.cold_below >= self.heavy_from or self.head_share >= self.torso_share:
            raise ValueError("cold_below must be less than heavy_from, and head_share than torso_share")
        return self


class EvaluationParams(Section):
    """How lists are judged."""

    cutoffs: list[Annotated[int, Field(ge=1)]] = Field(min_length=1)
    compared: list[str] = Field(min_length=1)
    resamples: int = Field(ge=100)
    permutations: int = Field(ge=100)
    cohorts: CohortParams

    @model_validator(mode="after")
    def _compared_are_computed(self) -> EvaluationParams:
        known = [f"{one.name}@{k}" for k in self.cutoffs for one in METRICS.values() if "truth" in one.needs]
        for name in self.compared:
            if name not in known:
                raise ValueError(f"compared: there is no {name!r}; with these cutoffs there are {known}")
        return self


class BundleParams(Section):
    """What is served."""

    model: str
    storage: Storage
    precompute: PrecomputeConfig
    search: SearchConfig


class Params(Section):
    """The whole of params.yaml."""

    seed: int = Field(ge=0, lt=2**31)
    data: DataParams
    split: SplitParams
    features: ContentConfig
    models: dict[str, ModelSpec]
    evaluation: EvaluationParams
    bundle: BundleParams
    search: SearchParams
    tuning: Spaces

    @model_validator(mode="after")
    def _no_model_is_called_data(self) -> Params:
        if "data" in self.models:
            raise ValueError(
                "no model may be called 'data': in reports/summary.json that says what data it was"
            )
        return self

    @model_validator(mode="after")
    def _served_model_is_there(self) -> Params:
        if self.bundle.model not in self.models:
            raise ValueError(f"bundle.model is {self.bundle.model!r} but models has {sorted(self.models)}")
        return self


def load_params(path: Path = PARAMS) -> Params:
    """Read and check params.yaml.

    Raises:
        ParameterError: the file is missing or a value is missing, unknown or wrong; its path is named.
    """
    try:
        content = yaml.safe_load(path.read_text())
    except FileNotFoundError:
        raise ParameterError(f"{path} is missing: run this from the project's root") from None
    except yaml.YAMLError as error:
        raise ParameterError(f"{path} is not YAML: {error}") from error
    try:
        params = Params.model_validate(content)
    except ValidationError as error:
        raise ParameterError(f"{path}:\n{describe(error, where='')}") from None
    _check_source(params.data, path)
    for name, spec in params.models.items():
        model_config(spec, where=f"{path}: models.{name}")
    # after the models, whose own mistakes would else be told as those of their spaces
    check_spaces(params.tuning, params.models, where=f"{path}: tuning")
    return params


def _check_source(data: DataParams, path: Path) -> None:
    try:
        source_named(data.source, data.sources[data.source])
    except ParameterError as error:
        raise ParameterError(f"{path}: {error}") from None


def value_at(params: Params, key: str) -> Any:
    """The plain value at a dotted key such as "models.als.config".

    Raises:
        ParameterError: there is no such key.
    """
    value: Any = params.model_dump()
    walked: list[str] = []
    for part in key.split("."):
        if not isinstance(value, dict) or part not in value:
            where = ".".join(walked) or "params.yaml"
            known = sorted(value) if isinstance(value, dict) else "no keys"
            raise ParameterError(f"params.yaml has no {key!r}: {where} has {known}")
        value = value[part]
        walked.append(part)
    return value
