"""The recommender as it is served: a bundle that answers for a reader, a session or a book by id."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from typing import Final, Literal, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recs_core.artifacts.bundle import Bundle
from recs_core.data.cohorts import user_cohorts
from recs_core.data.idmap import PAD
from recs_core.data.interactions import history_of
from recs_core.explanations.counterfactual import Counterfactual, counterfactuals
from recs_core.explanations.reasons import Reason, reasons_of
from recs_core.explanations.why_not import Absence, WhyNot
from recs_core.models.base import Explainable, Recommender
from recs_core.models.popularity import Popularity, PopularityConfig, log_popularity
from recs_core.serving.answer import NO_RULES, Answer, RankedBook, Rules, ServedFrom
from recs_core.serving.columns import Labels
from recs_core.serving.discovery import Discovery
from recs_core.serving.discretion import MIN_READERS, Discretion
from recs_core.serving.explained import contributions_of, why_not
from recs_core.serving.filters import EVERY_BOOK, FilterIndex
from recs_core.serving.greedy import pick
from recs_core.serving.grown import newcomers_of, takes_newcomers, with_newcomers
from recs_core.serving.rerank import BookFacts, Reranking
from recs_core.serving.scoring import Scored, by_model, ready_list, score_reader
from recs_core.serving.shelf import BookState, Shelf
from recs_core.serving.strategies import OWN, TUNED, Strategies, Strategy, StrategyConfig
from recs_core.serving.taste import Event, Taste, fold_in, session_events

Cohort = Literal["cold", "medium", "heavy"]
COHORTS: Final[tuple[Cohort, ...]] = ("cold", "medium", "heavy")
"""Readers by how much is known of them."""


class ServingRecommender:
    """Answers from one bundle. Nothing in it changes, so any number of threads may ask.

    Args:
        bundle: an opened bundle.
        strategies: the ways in which lists may be asked for, by name.
        default_strategy: the one for requests that name none.
        min_readers: of how many anything that is said of other readers must be, at least; see `Discretion`.

    Raises:
        ParameterError: the default is no strategy, or one cannot be made of the served model; see `blend`.
    """

    def __init__(
        self,
        bundle: Bundle,
        *,
        strategies: Mapping[str, StrategyConfig] = OWN,
        default_strategy: str = TUNED,
        min_readers: int = MIN_READERS,
    ) -> None:
        self.bundle = bundle
        self._printed, self._newcomers = bundle, newcomers_of({}, bundle.books)
        self._configured = strategies, default_strategy, min_readers
        popularity = log_popularity(bundle.history.matrix)
        # whatever the served model makes of an empty history, what is popular is the honest answer to one
        self._popular = Popularity.from_state(PopularityConfig(), {"popularity": popularity})
        self.strategies = Strategies(strategies, default_strategy, model=bundle.model, popular=self._popular)
        self.shelf = Shelf.of(bundle.catalogue)
        authors = Labels.of(bundle.catalogue.table["authors"])
        self.facts = BookFacts(popularity, bundle.vectors, authors)
        self.discovery = Discovery(bundle, self.filters, min_readers=min_readers)
        self._discretion = Discretion(self.discovery.co_reading, bundle.reading["all"], min_readers)
        self.is_masked: Callable[[str], bool] = _nobody
        """Whether a reader is treated as one whom the bundle does not know."""

    def masking(self, is_masked: Callable[[str], bool]) -> Self:
        """The same recommender, to which a reader is unknown from the moment on in which `is_masked` says so."""
        other = copy(self)
        other.is_masked = is_masked
        return other

    def user_row(self, user_id: str) -> int:
        """The row of a reader; `PAD` for one who is unknown or masked."""
        return PAD if self.is_masked(user_id) else self.bundle.users.row(user_id)

    @property
    def filters(self) -> FilterIndex:
        """Which books may be listed."""
        return self.shelf.filters

    def with_changes(self, states: Mapping[str, BookState]) -> Self:
        """The same recommender after the store changed some of its books.

        A book that is withdrawn or sold out is in no list of the new one, and filters go by what is so now.

        Args:
            states: book id to all that the store changed of the book since the bundle was made; ids that are not
                served change nothing.
        """
        rows = self.bundle.books.rows(list(states), missing="pad") if states else ()
        served = {int(row): state for row, state in zip(rows, states.values(), strict=True) if row != PAD}
        if not served:
            return self
        other = copy(self)
        other.shelf = self.shelf.with_states(served)
        other.discovery = self.discovery.with_filters(other.filters)
        return other

    def with_newcomers(self, states: Mapping[str, BookState]) -> ServingRecommender:
        """The recommender that has the books which are new to the store; itself where it has them already.

        A bundle that cannot take in new books goes without; see `takes_newcomers`.

        Args:
            states: book id to all that the store changed since the bundle was made, of every book.

        Raises:
            ArtifactError: the files of the bundle's indexer are gone.
        """
        if not takes_newcomers(self._printed):
            return self
        books = newcomers_of(states, self._printed.books)
        if books.table.equals(self._newcomers.table):
            return self
        strategies, default, min_readers = self._configured
        bundle = with_newcomers(self._printed, books) if len(books) else self._printed
        other = ServingRecommender(
            bundle, strategies=strategies, default_strategy=default, min_readers=min_readers
        )
        other._printed, other._newcomers = self._printed, books
        return other.masking(self.is_masked).with_changes(states)

    def history_rows(self, user_id: str) -> NDArray[np.int32]:
        """The book rows of a reader's history, ascending; empty for an unknown reader."""
        return np.asarray(self._history(self.user_row(user_id)).indices, dtype=np.int32)

    def cohort(self, user_id: str, *, cold_below: int = 5, heavy_from: int = 50) -> Cohort:
        """How much is known of a reader, by the length of the history; see `user_cohorts`, of which it is the name.

        An unknown reader is cold.

        Raises:
            ParameterError: the bounds do not follow each other.
        """
        count = np.array([self.history_rows(user_id).size], dtype=np.int64)
        masks = user_cohorts(count, cold_below=cold_below, heavy_from=heavy_from)
        return next(name for name in COHORTS if masks[name][0])

    def recommend(
        self,
        user_id: str,
        *,
        k: int,
        recent: Sequence[Event] = (),
        rules: Rules = NO_RULES,
        strategy: str | None = None,
    ) -> Answer:
        """The k best unread books for a reader.

        A reader without a history gets what is popular, and the answer says so. No book of the history is in
        the list. Where the bundle has a ready list that no event, no rule and no strategy of the request would
        change, that is the answer, to the bit. A list is the beginning of every longer one.

        Args:
            user_id: a reader, known or not.
            k: length of the list; it is shorter where fewer books may be listed.
            recent: events that the bundle does not know yet, oldest first; see `fold_in`.
            rules: filters, excluded books and re-ranking.
            strategy: the name of a strategy; the default where None.

        Raises:
            ParameterError: there is no such strategy, or a weight of an event or a rule cannot be used.
        """
        by = self.strategies.named(strategy)
        row = self.user_row(user_id)
        taste = fold_in(self._history(row), recent, self.bundle.books)
        plain = by.is_own and not recent and rules.filters == EVERY_BOOK and not rules.exclude
        if plain and by.rerank(rules.rerank).leaves_order:
            ready = ready_list(self.bundle, row, k=k, allowed=self.filters.allowed())
            if ready is not None:
                return self._answer(ready, taste, k, rules, by)
        scored = score_reader(by.model, self._popular, taste.history, row)
        return self._answer(scored, taste, k, rules, by)

    def personalized(
        self,
        book_ids: Sequence[str],
        *,
        k: int,
        weights: Sequence[float] | None = None,
        dislikes: Sequence[str] = (),
        rules: Rules = NO_RULES,
        strategy: str | None = None,
    ) -> Answer:
        """The k best other books for a session of which nothing but books is known.

        Args:
            book_ids: what was liked; an id that is not served is named in the answer and changes nothing.
            k: length of the list.
            weights: how much each book counts, 1 where not given; a negative one is a dislike.
            dislikes: books that are not listed, and take from the score of what is like them; see `RerankConfig`.
            rules: filters, excluded books and re-ranking.
            strategy: the name of a strategy; the default where None.

        Raises:
            ParameterError: there is no such strategy, there are not as many weights as books, one is 0, or a rule
                cannot be used.
        """
        by = self.strategies.named(strategy)
        nobody = history_of(np.empty(0, dtype=np.int32), len(self.bundle.books))
        events = session_events(book_ids, weights, dislikes)
        taste = fold_in(nobody, events, self.bundle.books)
        return self._answer(score_reader(by.model, self._popular, taste.history, PAD), taste, k, rules, by)

    def reasons(self, answer: Answer, book_rows: NDArray[np.int32], *, first: int) -> list[list[Reason]]:
        """Why each of `book_rows` is in an answer; empty lists where the model cannot explain.

        What would speak of too few readers is in OTHER.
        """
        parts = contributions_of(answer, book_rows)
        if parts is None:
            return [[] for _ in book_rows]
        found = zip(reasons_of(parts, first=first), book_rows.tolist(), strict=True)
        return [self._discretion.told(reasons, row) for reasons, row in found]

    def counterfactuals(self, answer: Answer, book_row: int, *, first: int) -> list[Counterfactual]:
        """What a book's score would lose without each book of the history; none where the model cannot explain.

        Of the model's score alone: rules do not look at the history. A book is passed over where too few readers are
        behind what it gives.
        """
        if not (isinstance(answer.model, Recommender) and isinstance(answer.model, Explainable)):
            return []
        are_enough = self._discretion.are_enough
        return counterfactuals(answer.model, answer.history, book_row, first=first, are_enough=are_enough)

    def why_not(self, answer: Answer, book_id: str) -> WhyNot:
        """Why a book is not in an answer."""
        row = self.bundle.books.row(book_id)
        if row == PAD:
            return WhyNot(Absence.UNKNOWN_BOOK)
        if answer.served_from is ServedFrom.PRECOMPUTED and isinstance(answer.model, Recommender):
            # a ready list has no scores of other books
            scored = by_model(answer.model, answer.history, ServedFrom.MODEL)
            answer = self._answer(scored, answer.taste, answer.k, answer.rules, answer.strategy)
        return why_not(answer, row, self._rows(answer.rules.exclude), self.filters)

    def _history(self, row: int) -> csr_array:
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

    def _answer(self, scored: Scored, taste: Taste, k: int, rules: Rules, strategy: Strategy) -> Answer:
        scores = scored.scores
        for rows in (taste.history.indices, taste.disliked, self._rows(rules.exclude)):
            scores[rows] = -np.inf
        self.filters.bar(scores, rules.filters)
        reranking = Reranking(scores, strategy.rerank(rules.rerank), self.facts, taste.disliked)
        picked = pick(reranking, k)
        pairs = zip(picked.books.tolist(), picked.scores.tolist(), strict=True)
        return Answer(
            ranked=[RankedBook(book, score, rank) for rank, (book, score) in enumerate(pairs, 1)],
            k=k,
            served_from=scored.served_from,
            taste=taste,
            model=scored.model,
            scales=scored.scales,
            reranking=reranking,
            diversity=picked.diversity,
            strategy=strategy,
            rules=rules,
            allowed=self.filters.allowed(rules.filters),
        )


def _nobody(_user_id: str) -> bool:
    return False
