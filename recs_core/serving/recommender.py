"""The recommender as it is served: a bundle that answers for a reader, a session or a book by id."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recs_core.artifacts.bundle import Bundle
from recs_core.data.idmap import PAD
from recs_core.data.interactions import history_of
from recs_core.data.topk import TopK
from recs_core.errors import UnknownIdError
from recs_core.explanations.counterfactual import Counterfactual, counterfactuals
from recs_core.explanations.reasons import Reason, reasons_of
from recs_core.explanations.why_not import Absence, WhyNot
from recs_core.models.base import Explainable, Recommender, Scaled, SimilarBooks
from recs_core.models.content import Content
from recs_core.models.hybrid import Hybrid
from recs_core.models.popularity import Popularity, PopularityConfig, log_popularity
from recs_core.serving.answer import NO_RULES, Answer, RankedBook, Rules, ServedFrom
from recs_core.serving.columns import Labels
from recs_core.serving.explained import contributions_of, why_not
from recs_core.serving.filters import EVERY_BOOK, FilterIndex
from recs_core.serving.greedy import pick
from recs_core.serving.rerank import BookFacts, RerankConfig, Reranking
from recs_core.serving.taste import Event, Taste, fold_in, session_events


class ServingRecommender:
    """Answers from one bundle. Nothing in it changes, so any number of threads may ask.

    Args:
        bundle: an opened bundle.
        rerank: how lists are re-ranked where a request does not say.
    """

    def __init__(self, bundle: Bundle, *, rerank: RerankConfig | None = None) -> None:
        self.bundle = bundle
        self.rerank = rerank if rerank is not None else RerankConfig()
        popularity = log_popularity(bundle.history.matrix)
        # whatever the served model makes of an empty history, what is popular is the honest answer to one
        self._popular = Popularity.from_state(PopularityConfig(), {"popularity": popularity})
        self.filters = FilterIndex(bundle.catalogue)
        authors = Labels.of(bundle.catalogue.table["authors"])
        self.facts = BookFacts(popularity, content_vectors(bundle.model), authors)

    def history_rows(self, user_id: str) -> NDArray[np.int32]:
        """The book rows of a reader's history, ascending; empty for an unknown reader."""
        return np.asarray(self._history(user_id).indices, dtype=np.int32)

    def recommend(
        self, user_id: str, *, k: int, recent: Sequence[Event] = (), rules: Rules = NO_RULES
    ) -> Answer:
        """The k best unread books for a reader.

        A reader without a history gets what is popular, and the answer says so. No book of the history is in
        the list.

        Args:
            user_id: a reader, known or not.
            k: length of the list; it is shorter where fewer books may be listed.
            recent: events that the bundle does not know yet, oldest first; see `fold_in`.
            rules: filters, excluded books and re-ranking.

        Raises:
            ParameterError: a weight of an event or a rule cannot be used.
        """
        return self._answer(fold_in(self._history(user_id), recent, self.bundle.books), k, rules)

    def personalized(
        self,
        book_ids: Sequence[str],
        *,
        k: int,
        weights: Sequence[float] | None = None,
        dislikes: Sequence[str] = (),
        rules: Rules = NO_RULES,
    ) -> Answer:
        """The k best other books for a session of which nothing but books is known.

        Args:
            book_ids: what was liked; an id that is not served is named in the answer and changes nothing.
            k: length of the list.
            weights: how much each book counts, 1 where not given; a negative one is a dislike.
            dislikes: books that are not listed, and take from the score of what is like them; see `RerankConfig`.
            rules: filters, excluded books and re-ranking.

        Raises:
            ParameterError: there are not as many weights as books, one is 0, or a rule cannot be used.
        """
        nobody = history_of(np.empty(0, dtype=np.int32), len(self.bundle.books))
        events = session_events(book_ids, weights, dislikes)
        return self._answer(fold_in(nobody, events, self.bundle.books), k, rules)

    def reasons(self, answer: Answer, book_rows: NDArray[np.int32], *, first: int) -> list[list[Reason]]:
        """Why each of `book_rows` is in an answer; empty lists where the model cannot explain."""
        parts = contributions_of(answer, book_rows)
        return [[] for _ in book_rows] if parts is None else reasons_of(parts, first=first)

    def counterfactuals(self, answer: Answer, book_row: int, *, first: int) -> list[Counterfactual]:
        """What a book's score would lose without each book of the history; none where the model cannot explain.

        Of the model's score alone: rules do not look at the history.
        """
        if not isinstance(answer.model, Explainable):
            return []
        return counterfactuals(answer.model, answer.history, book_row, first=first)

    def why_not(self, answer: Answer, book_id: str) -> WhyNot:
        """Why a book is not in an answer."""
        row = self.bundle.books.row(book_id)
        if row == PAD:
            return WhyNot(Absence.UNKNOWN_BOOK)
        return why_not(answer, row, self._rows(answer.rules.exclude), self.filters)

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

    def _history(self, user_id: str) -> csr_array:
        row = self.bundle.users.row(user_id)
        if row == PAD:
            return history_of(np.empty(0, dtype=np.int32), len(self.bundle.books))
        matrix = self.bundle.history.matrix
        span = slice(matrix.indptr[row], matrix.indptr[row + 1])
        indptr = np.array([0, span.stop - span.start], dtype=np.int32)
        return csr_array((matrix.data[span], matrix.indices[span], indptr), shape=(1, matrix.shape[1]))

    def _rows(self, book_ids: Sequence[str]) -> NDArray[np.int32]:
        """The rows of those of the books that are served."""
        if not book_ids:
            return np.empty(0, dtype=np.int32)
        rows = self.bundle.books.rows(book_ids, missing="pad")
        return np.asarray(rows[rows != PAD], dtype=np.int32)

    def _answer(self, taste: Taste, k: int, rules: Rules) -> Answer:
        known = taste.history.nnz > 0
        model = self.bundle.model if known else self._popular
        scores, scales = _scored(model, taste.history)
        if model.zero_means_unknown:
            scores[scores == 0] = -np.inf
        for rows in (taste.history.indices, taste.disliked, self._rows(rules.exclude)):
            scores[rows] = -np.inf
        if rules.filters != EVERY_BOOK:
            scores[~self.filters.mask(rules.filters)] = -np.inf
        config = rules.rerank if rules.rerank is not None else self.rerank
        reranking = Reranking(scores, config, self.facts, taste.disliked)
        picked = pick(reranking, k)
        pairs = zip(picked.books.tolist(), picked.scores.tolist(), strict=True)
        return Answer(
            ranked=[RankedBook(book, score, rank) for rank, (book, score) in enumerate(pairs, 1)],
            k=k,
            served_from=ServedFrom.MODEL if known else ServedFrom.POPULAR,
            taste=taste,
            model=model,
            scales=scales,
            reranking=reranking,
            diversity=picked.diversity,
            rules=rules,
        )


def content_vectors(model: Recommender) -> NDArray[np.float32]:
    """The content vectors of a model or of its component, `float32[n_books, d]`; d is 0 where it has none."""
    parts = model.components.values() if isinstance(model, Hybrid) else [model]
    found = [part.vectors for part in parts if isinstance(part, Content)]
    return found[0] if found else np.zeros((model.n_books, 0), dtype=np.float32)


def _scored(model: Recommender, history: csr_array) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
    """One reader's scores of all books, `float32[n_books]`, and their scales where the model has such."""
    if isinstance(model, Scaled):
        scores, scales = model.score_scaled(history)
        return scores[0], scales
    return model.score(history)[0], None


def _ranked(best: TopK) -> list[RankedBook]:
    """The first list of a `TopK`, without its padding."""
    pairs = zip(best.books[0].tolist(), best.scores[0].tolist(), strict=True)
    return [RankedBook(book, score, rank) for rank, (book, score) in enumerate(pairs, 1) if book != PAD]
