"""What a metric is, and the registry.

A metric's definition stands in its registration, and nowhere else; `docs/metrics.md` is made of the registry. Three
rules hold for all of them:

- a list is ranked already: a book's rank is its place, whatever its score, so ties are the model's business;
- a user with empty truth has no accuracy (NaN) and is left out of the mean; one without a hit has 0;
- a list with fewer than k books keeps the denominator k where a metric divides by k; a mean over listed books is one
  over the books that are there, NaN without any.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from recs_core.errors import ParameterError
from recs_core.evaluation.metrics.judged import EvaluationData, Judged, Values

Needs = Literal["truth", "train", "vectors", "years", "genres"]
Better = Literal["higher", "lower", "neither"]


@dataclass(frozen=True)
class Metric:
    """A registered metric.

    Args:
        name: its name in reports.
        definition: the value for a user, or for all of them, in words.
        source: where it comes from; empty where it needs none.
        better: which values are better.
        needs: fields of `EvaluationData` beside the lists; where one is missing, the metric is left out.
        of_user: `(judged, k) -> float64[n_users]`; None for a metric of all users at once.
        of_exposure: `(exposure) -> float`, given how often each book is listed; None for a metric of each user.
    """

    name: str
    definition: str
    source: str
    better: Better
    needs: tuple[Needs, ...]
    of_user: Callable[[Judged, int], Values] | None = None
    of_exposure: Callable[[NDArray[np.integer]], float] | None = None

    @property
    def per_user(self) -> bool:
        """Whether it has one value a user, or one for all."""
        return self.of_user is not None

    def values(self, judged: Judged, *, k: int) -> Values:
        """`float64[n_users]`, NaN where it is not defined; `float64[1]` for a metric of all users at once.

        Raises:
            ParameterError: the lists are shorter than k, or something is missing that the metric needs.
        """
        if k > judged.recs.k:
            raise ParameterError(f"{self.name}@{k} is asked of lists of {judged.recs.k} books")
        if missing := self.missing(judged.data):
            raise ParameterError(f"{self.name} needs {' and '.join(missing)}, which the data does not have")
        if self.of_user is not None:
            return self.of_user(judged, k)
        assert self.of_exposure is not None  # noqa: S101 - a metric is one of the two
        return np.array([self.of_exposure(judged.exposure(k))])

    def missing(self, data: EvaluationData) -> list[str]:
        """What the metric needs and the data does not have."""
        return [need for need in self.needs if getattr(data, need) is None]


METRICS: dict[str, Metric] = {}
"""Name to metric, in the order of registration."""

F = Callable[[Judged, int], Values]
E = Callable[[NDArray[np.integer]], float]


def metric(
    name: str,
    definition: str,
    *,
    source: str = "",
    better: Better = "higher",
    needs: tuple[Needs, ...] = ("truth",),
) -> Callable[[F], F]:
    """Decorator: register a metric of each user."""

    def add(function: F) -> F:
        METRICS[name] = Metric(name, definition, source, better, needs, of_user=function)
        return function

    return add


def exposure_metric(
    name: str, definition: str, *, source: str = "", better: Better = "higher"
) -> Callable[[E], E]:
    """Decorator: register a metric of how often each book is listed."""

    def add(function: E) -> E:
        METRICS[name] = Metric(name, definition, source, better, (), of_exposure=function)
        return function

    return add
