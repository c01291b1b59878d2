"""What is served: the bundle and how its models measured."""

from __future__ import annotations

from typing import Self

import strawberry

from recs_core.artifacts import bundle


@strawberry.type(description="One offline metric of one model: its mean over users and a 95 % interval.")
class Metric:
    """One offline metric of one model."""

    model: str = strawberry.field(description="The model's name in params.yaml.")
    metric: str = strawberry.field(description="The metric's name, for example ndcg.")
    k: int = strawberry.field(description="How many books of each list count.")
    mean: float = strawberry.field(
        description="The mean over users; for a metric of all users at once, its value."
    )
    low: float | None = strawberry.field(
        description="The lower end of its 95 % interval; null for fewer than 20 users."
    )
    high: float | None = strawberry.field(
        description="The upper end of its 95 % interval; null for fewer than 20 users."
    )
    users: int = strawberry.field(description="How many users the mean is over.")

    @classmethod
    def from_estimate(cls, estimate: bundle.MetricEstimate) -> Self:
        """The type of an estimate in the manifest."""
        return cls(**estimate.model_dump(exclude={"cohort"}))


@strawberry.type(description="The data and the model that all answers come from.")
class Bundle:
    """The data and the model that all answers come from."""

    version: str = strawberry.field(
        description="The digest of the bundle's content; equal versions give equal answers."
    )
    model: str = strawberry.field(description="The served model's name in params.yaml.")
    model_kind: str = strawberry.field(description="The served model's kind, for example hybrid.")
    source: str = strawberry.field(description="Where the interactions come from.")
    seed: int = strawberry.field(description="The seed that the pipeline ran with.")
    users: int = strawberry.field(description="How many readers the bundle knows.")
    books: int = strawberry.field(description="How many books it can recommend.")
    interactions: int = strawberry.field(description="How many books read by readers it knows of.")
    data_digest: str = strawberry.field(description="The digest of the interactions that were read.")

    @classmethod
    def from_bundle(cls, opened: bundle.Bundle) -> Self:
        """The type of an opened bundle."""
        meta = opened.meta
        return cls(
            version=opened.version,
            model=meta.model_name,
            model_kind=meta.model.kind,
            source=meta.source,
            seed=meta.seed,
            users=len(opened.users),
            books=len(opened.books),
            interactions=len(opened.history),
            data_digest=meta.data_digest,
        )
