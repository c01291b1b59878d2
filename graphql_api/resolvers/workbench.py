"""What is served and how it measured, for those who work on it."""

from __future__ import annotations

from typing import Annotated

import strawberry

from graphql_api.context import Info
from graphql_api.types.bundle import (
    COHORT,
    EVERYBODY,
    Bundle,
    Experiment,
    K,
    Metric,
    Model,
    Strategy,
    metrics_of,
)


def metrics(
    info: Info,
    model: Annotated[str | None, strawberry.argument(description="This model's alone.")] = None,
    metric: Annotated[str | None, strawberry.argument(description="This metric alone.")] = None,
    cohort: Annotated[str | None, COHORT] = EVERYBODY,
    k: Annotated[int | None, K] = None,
) -> list[Metric]:
    """The bundle's offline metrics, in the manifest's order."""
    opened = info.context.snapshot.recommender.bundle
    return metrics_of(opened, model=model, metric=metric, cohort=cohort, k=k)


def models(info: Info) -> list[Model]:
    """The models that were compared, in the order of params.yaml."""
    snapshot = info.context.snapshot
    meta = snapshot.recommender.bundle.meta
    return [
        Model(name=each.name, kind=each.kind, is_served=each.name == meta.model_name, snapshot=snapshot)
        for each in meta.models
    ]


def bundle(info: Info) -> Bundle:
    """What is served."""
    return Bundle.of(info.context.snapshot)


def strategies(info: Info) -> list[Strategy]:
    """The ways to make a list."""
    strategies = info.context.snapshot.recommender.strategies
    return [
        Strategy.from_strategy(strategy, is_default=strategy is strategies.default)
        for strategy in strategies.all()
    ]


def experiments() -> list[Experiment]:
    """The experiments that run: none, until some are configured."""
    return []
