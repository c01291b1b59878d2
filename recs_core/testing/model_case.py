"""What the conformance suite of models is made of: cases, checks, random histories."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from recs_core.data.interactions import InteractionSet, history_of
from recs_core.features.content import ContentFeatures
from recs_core.models.base import Explainable, Recommender
from recs_core.models.registry import MODELS, ModelSpec, build_model
from recs_core.testing.blocks import block_features, block_interactions
from recs_core.testing.tiny import BOOKS, tiny_catalogue, tiny_features, tiny_interactions

RELATIVE: Final = 1e-5
"""What float32 sums may differ by when BLAS orders them otherwise, relative to the size of their parts."""


@dataclass(frozen=True)
class ModelCase:
    """A kind of model under test, with what every check needs of it, computed once.

    Args:
        spec: kind and configuration.
        scratch: a folder that the checks may write to.
    """

    spec: ModelSpec
    scratch: Path

    def fit(self, train: InteractionSet, features: ContentFeatures) -> Recommender:
        """A newly fitted model, always from the same seed."""
        model = build_model(self.spec, where=f"models.{self.spec.kind}")
        return model.fit(train, features, rng=np.random.default_rng(7))

    @cached_property
    def train(self) -> InteractionSet:
        """The tiny interactions, each at a time."""
        return dated(tiny_interactions())

    @cached_property
    def features(self) -> ContentFeatures:
        """The tiny content vectors."""
        return tiny_features(tiny_catalogue(self.train.books))

    @cached_property
    def model(self) -> Recommender:
        """Fitted on the tiny interactions."""
        return self.fit(self.train, self.features)

    @cached_property
    def of_blocks(self) -> Recommender:
        """Fitted on the data with an obvious answer."""
        return self.fit(dated(block_interactions()), block_features())


def dated(interactions: InteractionSet) -> InteractionSet:
    """The same interactions, each seven minutes after the one before, for the models that need times."""
    times = np.datetime64("2004-08-01T00:00:00", "s") + np.arange(len(interactions)) * np.timedelta64(
        420, "s"
    )
    return replace(interactions, times=times)


Check = Callable[[ModelCase], None]

CHECKS: dict[str, tuple[Check, type | None, bool]] = {}
"""Name to check, the capability that it needs of a model, and whether the model must be linear in the history."""


def model_check(*, needs: type | None = None, linear: bool = False) -> Callable[[Check], Check]:
    """Decorator: add a check to the suite.

    Args:
        needs: the capability of the models that the check is for; all models where None.
        linear: whether the check is only for models that declare `linear_in_history`.
    """

    def add(check: Check) -> Check:
        CHECKS[check.__name__] = (check, needs, linear)
        return check

    return add


def applies(name: str, kind: str) -> bool:
    """Whether the check of a name is one for the models of a kind."""
    _, needs, linear = CHECKS[name]
    model = MODELS[kind]
    return (needs is None or issubclass(model, needs)) and (model.linear_in_history or not linear)


def says_nothing_of_history(model: Recommender) -> bool:
    """Whether the model itself declares that no part of a score comes from the history."""
    if not isinstance(model, Explainable):
        return False
    history = history_of(np.arange(3, dtype=np.int32), model.n_books)
    return not model.contributions(history, np.arange(model.n_books, dtype=np.int32)).from_history


def assert_close(found: NDArray[np.floating], expected: NDArray[np.floating], *, size: float) -> None:
    """Equal but for the rounding of float32.

    Args:
        found, expected: what is compared.
        size: of the parts that were summed; below 1 it counts as 1.
    """
    np.testing.assert_allclose(found, expected, rtol=0, atol=RELATIVE * max(1.0, size))


def _history(reader: dict[int, float]) -> csr_array:
    matrix = history_of(np.array(sorted(reader), dtype=np.int32), BOOKS)
    matrix.data[:] = [reader[book] for book in sorted(reader)]
    return matrix


def _batch(readers: list[dict[int, float]]) -> csr_array:
    return csr_array(vstack([_history(reader) for reader in readers], format="csr"))


_readers = st.dictionaries(st.integers(0, BOOKS - 1), st.sampled_from([0.5, 1.0, 2.0, 5.0]))

single_histories: Final = _readers.map(_history)
"""One random history over the tiny books, from empty to all of them, of various values."""

history_batches: Final = st.lists(_readers, min_size=1, max_size=4).map(_batch)
"""A few random histories."""

candidate_rows: Final = st.sets(st.integers(0, BOOKS - 1)).map(
    lambda rows: np.array(sorted(rows), dtype=np.int32)
)
"""Sorted book rows to choose from, maybe none."""
