"""The gate before publication: a bundle that ranks worse than the served one does not get in.

That it is whole and of this schema, `open_bundle` sees to. Here its main metric is held against that of the bundle
which is served: it must not be lower than `1 - max_drop` of it, nor lower beyond both intervals.
"""

from __future__ import annotations

from dataclasses import dataclass

from recs_core.artifacts.meta import BundleMeta, MetricEstimate
from recs_core.errors import ArtifactError, ParameterError

ROUNDING = 1e-12
"""By which a product of floats may miss."""


class NotAdmittedError(ArtifactError):
    """A bundle is whole, and worse than the served one."""


@dataclass(frozen=True)
class MetricFloor:
    """What is compared, and how much of it a new bundle may lose.

    Args:
        metric, k, cohort: which estimate of the served model; the first of those that the pipeline compares.
        max_drop: the share of the serving bundle's mean that may be lost, from 0 to 1.

    Raises:
        ParameterError: `max_drop` is no share.
    """

    metric: str = "ndcg"
    k: int = 10
    cohort: str = "all"
    max_drop: float = 0.1

    def __post_init__(self) -> None:
        if not 0 <= self.max_drop <= 1:
            raise ParameterError(f"max_drop must be from 0 to 1, not {self.max_drop}")

    def __str__(self) -> str:
        return f"{self.metric}@{self.k}" + ("" if self.cohort == "all" else f" of {self.cohort}")

    def of(self, meta: BundleMeta) -> MetricEstimate | None:
        """The estimate of a bundle's served model; None where it has none."""
        wanted = (meta.model_name, self.metric, self.k, self.cohort)
        return next((e for e in meta.metrics if (e.model, e.metric, e.k, e.cohort) == wanted), None)


DEFAULT_FLOOR = MetricFloor()


def admit(candidate: BundleMeta, serving: BundleMeta | None, floor: MetricFloor = DEFAULT_FLOOR) -> str:
    """What the comparison found, for people, where the candidate may be served.

    Args:
        candidate: of the bundle that is to be served.
        serving: of the one that is; None where none is.
        floor: what is compared.

    Raises:
        NotAdmittedError: the candidate lacks the metric, or is worse than it may be; the figures are named.
    """
    if serving is None:
        return "the first bundle, compared with none"
    if candidate.source != serving.source:
        return f"not compared: of {candidate.source}, the serving bundle of {serving.source}"
    after, before = floor.of(candidate), floor.of(serving)
    if before is None:
        return f"not compared: the serving bundle has no {floor}"
    if after is None:
        raise NotAdmittedError(
            f"the new bundle's model {candidate.model_name} has no {floor}, which the serving bundle's has: "
            f"evaluate it, or name another metric"
        )
    figures = f"{floor} {_said(after)}, the serving bundle's {_said(before)}"
    lowest = (1 - floor.max_drop) * before.mean
    if after.mean < lowest - ROUNDING:
        raise NotAdmittedError(f"{figures}: below {lowest:.4f}, which is {1 - floor.max_drop:.0%} of it")
    if after.high is not None and before.low is not None and after.high < before.low:
        raise NotAdmittedError(f"{figures}: worse beyond both intervals")
    return figures


def _said(estimate: MetricEstimate) -> str:
    interval = "" if estimate.low is None else f" ({estimate.low:.4f} to {estimate.high:.4f})"
    return f"{estimate.mean:.4f}{interval}"
