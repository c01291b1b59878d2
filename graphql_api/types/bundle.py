"""What is served: the bundle, its models and how they measured, and how lists can be made of them."""

from __future__ import annotations

from typing import Annotated, Self

import strawberry

from graphql_api.cache.control import INHERITED
from graphql_api.limits.directives import ListSize
from graphql_api.snapshots import Snapshot
from recs_core.artifacts import bundle
from recs_core.artifacts.published import Provenance
from recs_core.serving import strategies

EVERYBODY = "all"
"""The cohort of all users."""

K = strawberry.argument(description="Of lists of this length alone.")
COHORT = strawberry.argument(
    description="Of these readers or books alone: all, cold, medium, heavy, head, torso or tail; null: of each."
)


@strawberry.type(
    description="One offline metric of one model: its mean over users and a 95 % interval.",
    directives=[INHERITED],
)
class Metric:
    """One offline metric of one model."""

    model: str = strawberry.field(description="The model's name in params.yaml.")
    metric: str = strawberry.field(description="The metric's name, for example ndcg.")
    k: int = strawberry.field(description="How many books of each list count.")
    cohort: str = strawberry.field(
        description="The readers or books that it is of: all, or one group of them."
    )
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
        return cls(**estimate.model_dump())


def metrics_of(
    opened: bundle.Bundle,
    *,
    model: str | None = None,
    metric: str | None = None,
    cohort: str | None = None,
    k: int | None = None,
) -> list[Metric]:
    """The metrics of a bundle that are as named, in the manifest's order."""
    return [
        Metric.from_estimate(estimate)
        for estimate in opened.meta.metrics
        if model in (None, estimate.model)
        and metric in (None, estimate.metric)
        and cohort in (None, estimate.cohort)
        and k in (None, estimate.k)
    ]


@strawberry.type(description="A model that was trained and compared with the others.", directives=[INHERITED])
class Model:
    """A model that was trained and compared with the others."""

    name: str = strawberry.field(description="Its name in params.yaml.")
    kind: str = strawberry.field(description="Its kind, for example als.")
    is_served: bool = strawberry.field(description="Whether it is the one that recommendations come from.")
    snapshot: strawberry.Private[Snapshot]

    @strawberry.field(description="How it measured.", directives=[ListSize(assumed_size=200)])
    def metrics(
        self,
        cohort: Annotated[str | None, COHORT] = EVERYBODY,
        k: Annotated[int | None, K] = None,
    ) -> list[Metric]:
        """How it measured."""
        return metrics_of(self.snapshot.recommender.bundle, model=self.name, cohort=cohort, k=k)


@strawberry.type(description="The data and the model that all answers come from.", directives=[INHERITED])
class Bundle:
    """The data and the model that all answers come from."""

    version: strawberry.ID = strawberry.field(
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
    newest_interaction: str | None = strawberry.field(
        description="The day of the newest interaction, as 2004-08-01; null where the data has no times."
    )
    provenance: strawberry.Private[Provenance]

    @classmethod
    def of(cls, snapshot: Snapshot) -> Self:
        """The type of a snapshot's bundle."""
        opened = snapshot.recommender.bundle
        meta = opened.meta
        return cls(
            version=strawberry.ID(opened.version),
            model=meta.model_name,
            model_kind=meta.model.kind,
            source=meta.source,
            seed=meta.seed,
            users=len(opened.users),
            books=len(opened.books),
            interactions=len(opened.history),
            data_digest=meta.data_digest,
            newest_interaction=meta.newest,
            provenance=snapshot.provenance,
        )

    @strawberry.field(
        description="The revision of the code that published it; null where it was not published."
    )
    def git_revision(self) -> str | None:
        """The revision of the code that published it."""
        return self.provenance.git_revision

    @strawberry.field(
        description="Whether files differed from that revision when it was published; null where that is not known."
    )
    def uncommitted_changes(self) -> bool | None:
        """Whether files differed from that revision."""
        return self.provenance.uncommitted_changes

    @strawberry.field(
        description="The SHA-256 of dvc.lock, which names all that went into it; null where it was not published."
    )
    def dvc_lock_hash(self) -> str | None:
        """The SHA-256 of dvc.lock."""
        return self.provenance.dvc_lock_sha256

    @strawberry.field(
        description="When it was published, in ISO 8601 with the zone; null where it was not published. "
        "Training itself is not dated, so that equal inputs give equal bytes."
    )
    def published_at(self) -> str | None:
        """When it was published."""
        return self.provenance.published_at


@strawberry.type(description="How much each kind of evidence counts in a strategy.", directives=[INHERITED])
class StrategyWeights:
    """How much each kind of evidence counts in a strategy."""

    content: float = strawberry.field(description="What books are like.")
    collaborative: float = strawberry.field(description="What readers have read together.")
    popularity: float = strawberry.field(description="What everybody reads.")


@strawberry.type(
    description="A named way to make a list: how models are blended, and how it is re-ranked.",
    directives=[INHERITED],
)
class Strategy:
    """A named way to make a list."""

    name: str = strawberry.field(description="What arguments named `strategy` take.")
    description: str = strawberry.field(description="What it is for.")
    is_default: bool = strawberry.field(description="Whether it is taken where a request names none.")
    weights: StrategyWeights | None = strawberry.field(
        description="How much each kind of evidence counts; null where the weights are those that the pipeline tuned."
    )
    diversity: float = strawberry.field(
        description="How much unlikeness to the books above counts, see RerankInput."
    )
    per_author: int | None = strawberry.field(description="Books of one author at most; null: any number.")
    popularity_damping: float = strawberry.field(
        description="What the most read book loses, see RerankInput."
    )

    @classmethod
    def from_strategy(cls, strategy: strategies.Strategy, *, is_default: bool) -> Self:
        """The type of a strategy of the library."""
        config = strategy.config
        weights = config.weights
        return cls(
            name=strategy.name,
            description=config.description,
            is_default=is_default,
            weights=None if weights is None else StrategyWeights(**weights.model_dump()),
            diversity=config.rerank.diversity,
            per_author=config.rerank.per_author,
            popularity_damping=config.rerank.popularity_damping,
        )


@strawberry.type(description="One of the ways that an experiment compares.", directives=[INHERITED])
class ExperimentVariant:
    """One of the ways that an experiment compares."""

    name: str = strawberry.field(description="Its name in the experiment.")
    strategy: str = strawberry.field(description="The strategy that its readers get.")
    share: float = strawberry.field(description="The share of readers who get it, from 0 to 1.")


@strawberry.type(
    description="A comparison of strategies on readers who are assigned at random.", directives=[INHERITED]
)
class Experiment:
    """A comparison of strategies on readers who are assigned at random."""

    name: str = strawberry.field(description="Its name.")
    variants: list[ExperimentVariant] = strawberry.field(
        description="What it compares.", directives=[ListSize(assumed_size=10)]
    )
