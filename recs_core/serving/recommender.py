"""The recommender as it is served: a bundle that answers for a reader or a book by id."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recs_core.artifacts.bundle import Bundle
from recs_core.data.idmap import PAD
from recs_core.data.interactions import history_of
from recs_core.data.topk import TopK
from recs_core.errors import UnknownIdError
from recs_core.explanations.reasons import Reason, explain
from recs_core.models.base import Explainable, Recommender, SimilarBooks
from recs_core.models.popularity import Popularity, PopularityConfig, log_popularity


class ServedFrom(StrEnum):
    """Where an answer comes from."""

    MODEL = "MODEL"
    POPULAR = "POPULAR"


@dataclass(frozen=True, slots=True)
class RankedBook:
    """A recommended book: its row, its score, and its rank from 1."""

    book_row: int
    score: float
    rank: int


@dataclass(frozen=True, slots=True)
class Answer:
    """A ranked list, and what is needed to explain it.

    Args:
        ranked: best first.
        served_from: MODEL, or POPULAR where the reader is unknown or has no history.
        history: `float32[1, n_books]`, what it was computed from.
        model: what ranked it.
    """

    ranked: list[RankedBook]
    served_from: ServedFrom
    history: csr_array
    model: Recommender


class ServingRecommender:
    """Answers from one bundle. Nothing in it changes, so any number of threads may ask.

    Args:
        bundle: an opened bundle.
    """

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        popularity = log_popularity(bundle.history.matrix)
        # whatever the served model makes of an empty history, what is popular is the honest answer to one
        self._popular = Popularity.from_state(PopularityConfig(), {"popularity": popularity})

    def history_rows(self, user_id: str) -> NDArray[np.int32]:
        """The book rows of a reader's history, ascending; empty for an unknown reader."""
        row = self.bundle.users.row(user_id)
        if row == PAD:
            return np.empty(0, dtype=np.int32)
        matrix = self.bundle.history.matrix
        return np.asarray(matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]], dtype=np.int32)

    def recommend(self, user_id: str, *, k: int) -> Answer:
        """The k best unread books for a reader.

        A reader without a history gets what is popular, and the answer says so. No book of the history is in
        the list.
        """
        history = history_of(self.history_rows(user_id), len(self.bundle.books))
        known = history.nnz > 0
        model = self.bundle.model if known else self._popular
        served_from = ServedFrom.MODEL if known else ServedFrom.POPULAR
        return Answer(_ranked(model.recommend(history, k=k)), served_from, history, model)

    def reasons(self, answer: Answer, book_rows: NDArray[np.int32], *, first: int) -> list[list[Reason]]:
        """Why each of `book_rows` is in an answer; empty lists where the model cannot explain."""
        if not isinstance(answer.model, Explainable):
            return [[] for _ in book_rows]
        return explain(answer.model, answer.history, book_rows, first=first)

    def similar(self, book_id: str, *, k: int) -> list[RankedBook]:
        """The k books most like a book; an empty list where the model knows no likeness.

        Raises:
            UnknownIdError: the book is not in the bundle.
        """
        row = self.book_row(book_id)
        model = self.bundle.model
        if not isinstance(model, SimilarBooks):
            return []
        return _ranked(model.similar(np.array([row], dtype=np.int32), k=k))

    def book_row(self, book_id: str) -> int:
        """The row of a book.

        Raises:
            UnknownIdError: the book is not in the bundle.
        """
        row = self.bundle.books.row(book_id)
        if row == PAD:
            raise UnknownIdError("book", [book_id])
        return row


def _ranked(best: TopK) -> list[RankedBook]:
    """The first list of a `TopK`, without its padding."""
    pairs = zip(best.books[0].tolist(), best.scores[0].tolist(), strict=True)
    return [RankedBook(book, score, rank) for rank, (book, score) in enumerate(pairs, 1) if book != PAD]
