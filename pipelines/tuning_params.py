"""What the tuning reads of params.yaml, typed: the sections `search` and `tuning`, and what they refer to.

search:
  trials: 20                # configurations tried a model, the present one among them
  seconds: 900.0            # no trial of a model begins later than this
  metric: ndcg              # what is maximised on the validation part
  k: 20
tuning:
  als:                      # a name of `models`, or a registered kind
    factors: {kind: int, low: 32, high: 512, log: true}
    alpha: {kind: float, low: 1.0, high: 40.0, log: true}
  user_knn:
    weighting: {kind: categorical, choices: [cosine, tfidf, bm25]}
  hybrid: {}                # its weights are learned, whatever else is searched
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

import recs_core.models  # noqa: F401 - registers the models that params.yaml may name
from recs_core.errors import ParameterError, describe
from recs_core.evaluation.metrics import METRICS
from recs_core.models.registry import ModelSpec, any_model_class, model_config

Value = str | int | float | bool
"""What a searched parameter may be."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _Interval(_Section):
    """What integers and floats share: both ends belong to the space."""

    low: float
    high: float
    log: bool = Field(False, description="search by order of magnitude")

    @model_validator(mode="after")
    def _is_an_interval(self) -> _Interval:
        if self.low > self.high:
            raise ValueError(f"low is {self.low} and high is {self.high}")
        if self.log and self.low <= 0:
            raise ValueError(f"low is {self.low}; a space by order of magnitude must begin above 0")
        return self

    def ends(self) -> tuple[Value, ...]:
        """Values that must all be allowed if the whole space is."""
        return self.low, self.high


class IntSpace(_Interval):
    """Whole numbers from `low` to `high`."""

    kind: Literal["int"]
    low: int
    high: int

    def __contains__(self, value: object) -> bool:
        return isinstance(value, int) and self.low <= value <= self.high


class FloatSpace(_Interval):
    """Numbers from `low` to `high`."""

    kind: Literal["float"]

    def __contains__(self, value: object) -> bool:
        return isinstance(value, int | float) and self.low <= value <= self.high


class CategoricalSpace(_Section):
    """One of a few values."""

    kind: Literal["categorical"]
    choices: list[Value] = Field(min_length=1)

    def __contains__(self, value: object) -> bool:
        return value in self.choices

    def ends(self) -> tuple[Value, ...]:
        """Values that must all be allowed if the whole space is."""
        return tuple(self.choices)


Space = Annotated[IntSpace | FloatSpace | CategoricalSpace, Field(discriminator="kind")]
Spaces = dict[str, dict[str, Space]]
"""Model to parameter to space: the section `tuning`."""


class SearchParams(_Section):
    """How long is searched, and for what: the section `search`."""

    trials: int = Field(ge=1)
    seconds: float = Field(gt=0)
    metric: str
    k: int = Field(ge=1)

    @model_validator(mode="after")
    def _metric_is_there(self) -> SearchParams:
        known = sorted(name for name, metric in METRICS.items() if metric.needs == ("truth",))
        if self.metric not in known:
            raise ValueError(f"metric is {self.metric!r}; it must be one of {known}")
        return self


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    source: str


class TuneParams(BaseModel):
    """The part of params.yaml that the tuning needs; the other sections are none of its business."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    seed: int
    data: _Data
    models: dict[str, ModelSpec]
    search: SearchParams
    tuning: Spaces


def spec_of(name: str, models: Mapping[str, ModelSpec]) -> ModelSpec:
    """What a name of `tuning` means: the model of that name in params.yaml, or the kind with its defaults."""
    return models.get(name, ModelSpec(kind=name))


def check_spaces(spaces: Spaces, models: Mapping[str, ModelSpec], *, where: str = "tuning") -> None:
    """Compare spaces with the configurations that they are spaces of.

    Raises:
        ParameterError: a model or a parameter is unknown, or a space reaches beyond what the model allows; the path
            is named.
    """
    for name, space in spaces.items():
        spec = spec_of(name, models)
        try:
            fields = any_model_class(spec.kind).Config.model_fields
        except ParameterError as error:
            raise ParameterError(
                f"{where}.{name}: {error}; nor has params.yaml a model of that name"
            ) from None
        for parameter, values in space.items():
            if parameter not in fields:
                raise ParameterError(
                    f"{where}.{name}.{parameter}: {spec.kind} has no such parameter; it has {sorted(fields)}"
                )
            for value in values.ends():
                try:
                    model_config(_with(spec, {parameter: value}), where=name)
                except ParameterError as error:
                    raise ParameterError(
                        f"{where}.{name}.{parameter}: the space has {value!r}, but {error}"
                    ) from None


def _with(spec: ModelSpec, values: Mapping[str, Any]) -> ModelSpec:
    return ModelSpec(kind=spec.kind, config=spec.config | dict(values))


def load_tune_params(path: Path) -> TuneParams:
    """Read and check what the tuning needs of params.yaml.

    Raises:
        ParameterError: the file is missing, or a value is missing, unknown or wrong; its path is named.
    """
    try:
        return TuneParams.model_validate(yaml.safe_load(path.read_text()))
    except FileNotFoundError:
        raise ParameterError(f"{path} is missing: run this from the project's root") from None
    except ValidationError as error:
        raise ParameterError(f"{path}:\n{describe(error, where='')}") from None
