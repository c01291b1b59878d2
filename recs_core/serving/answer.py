"""What the recommender answers with, and what a request may ask of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recs_core.models.base import Recommender
from recs_core.models.transductive import AnyModel
from recs_core.serving.filters import EVERY_BOOK, BookFilter
from recs_core.serving.rerank import RerankConfig, Reranking
from recs_core.serving.strategies import Strategy
from recs_core.serving.taste import Taste


class ServedFrom(StrEnum):
    """Where an answer comes from."""

    MODEL = "MODEL"
    """The model scored the reader's history."""
    PRECOMPUTED = "PRECOMPUTED"
    """It was made for this reader before, with the bundle."""
    POPULAR = "POPULAR"
    """Nothing is known of the reader's taste; it is what is popular."""


@dataclass(frozen=True, slots=True)
class RankedBook:
    """A recommended book: its row, its score after all rules, and its rank from 1."""

    book_row: int
    score: float
    rank: int


@dataclass(frozen=True, slots=True)
class Rules:
    """What a request asks of its list, beside the reader and the length.

    Args:
        filters: what a listed book must be.
        exclude: ids of books that must not be listed, such as those that the reader owns; unknown ids do no harm.
        rerank: how the list is re-ranked; None for what the strategy does by itself.
    """

    filters: BookFilter = EVERY_BOOK
    exclude: tuple[str, ...] = ()
    rerank: RerankConfig | None = None


NO_RULES = Rules()


@dataclass(frozen=True)
class Answer:
    """A ranked list, and what is needed to explain it.

    Args:
        ranked: best first.
        k: how many books were asked for.
        served_from: where the scores come from.
        taste: what it was computed from.
        model: what scored it.
        scales: `float32[1, s]`, the scales of the scores where the model has such; None where not.
        reranking: the scores of all books, and the rules at work on them.
        diversity: `float64[l]`, what diversity gave to each of `ranked`.
        strategy: by which it was made.
        rules: what was asked for.
        allowed: `bool[n_books]`, which books may be listed; None where all may.
    """

    ranked: list[RankedBook]
    k: int
    served_from: ServedFrom
    taste: Taste
    model: AnyModel
    scales: NDArray[np.float32] | None
    reranking: Reranking
    diversity: NDArray[np.float64]
    strategy: Strategy
    rules: Rules = NO_RULES
    allowed: NDArray[np.bool_] | None = None

    @property
    def history(self) -> csr_array:
        """`float32[1, n_books]`, what the model scored by."""
        return self.taste.history

    @property
    def unknown_ids(self) -> tuple[str, ...]:
        """Books of the request's events that are not served."""
        return self.taste.unknown_ids

    @property
    def book_rows(self) -> NDArray[np.int32]:
        """`int32[l]`, the listed books."""
        return np.array([book.book_row for book in self.ranked], dtype=np.int32)

    @cached_property
    def total(self) -> int:
        """How many books the longest such list would have, but for a cap of authors, which may end it earlier."""
        if self.served_from is ServedFrom.PRECOMPUTED and isinstance(self.model, Recommender):
            # a ready list has no scores of the books after its end
            listed = np.ones(self.model.n_books, np.bool_) if self.allowed is None else self.allowed.copy()
            listed[self.history.indices] = False
            if self.model.zero_means_unknown:
                listed &= self.model.score(self.history)[0] != 0
            return int(np.count_nonzero(listed))
        return int(np.count_nonzero(self.reranking.scores > -np.inf))
