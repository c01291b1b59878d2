"""What a bundle says of itself, in its manifest."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from recs_core.artifacts.precomputed import PrecomputeConfig
from recs_core.artifacts.quantise import Storage
from recs_core.features.indexer import ContentConfig
from recs_core.features.search_index import SearchConfig
from recs_core.models.registry import ModelSpec

SCHEMA_VERSION = 4


class MetricEstimate(BaseModel):
    """One offline metric of one model, see `recs_core.evaluation.evaluate.Estimate`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    metric: str
    k: int
    cohort: str
    mean: float
    low: float | None
    high: float | None
    users: int


class CohortBounds(BaseModel):
    """Where the cohorts of the metrics begin and end, see `recs_core.data.cohorts.user_cohorts`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cold_below: int = Field(5, gt=0)
    heavy_from: int = Field(50, gt=0)


class NamedModel(BaseModel):
    """A model of the pipeline: its name in params.yaml and its kind."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    kind: str


class BundleMeta(BaseModel):
    """The whole of it.

    Args:
        model_name: the served model's key in params.yaml.
        model: its kind and configuration.
        storage: how the matrices are stored.
        precompute: for whom lists are ready.
        source: the data source's name.
        seed: the pipeline's seed.
        users_digest, books_digest, data_digest: of the id maps, and of the interactions that were read.
        metrics: offline estimates of all models.
        cohorts: of the readers that `metrics` has.
        models: of the pipeline, in the order of params.yaml.
        search: how the catalogue is searched.
        indexer: how the content indexer was fitted whose files lie beside; None where there is none.
        newest: the ISO day of the newest interaction; None where none has a time.
        pseudonym_key_id: the key by which readers have pseudonyms; None where their ids are those of the source.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str = "bundle"
    schema_version: int = SCHEMA_VERSION
    model_name: str
    model: ModelSpec
    storage: Storage
    precompute: PrecomputeConfig
    source: str
    seed: int
    users_digest: str
    books_digest: str
    data_digest: str
    metrics: tuple[MetricEstimate, ...]
    cohorts: CohortBounds
    models: tuple[NamedModel, ...]
    search: SearchConfig
    indexer: ContentConfig | None = None
    newest: str | None
    pseudonym_key_id: str | None = None
