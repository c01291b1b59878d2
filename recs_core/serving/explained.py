"""What an answer is made of: the model's contributions and those of the rules, and why a book is not in it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from recs_core.explanations.why_not import Absence, WhyNot, compare
from recs_core.models.base import Contributions, Explainable, Scaled
from recs_core.serving.answer import Answer
from recs_core.serving.filters import FilterIndex
from recs_core.serving.rerank import DAMPING, DISLIKES, DIVERSITY


def contributions_of(answer: Answer, book_rows: NDArray[np.int32]) -> Contributions | None:
    """The parts of the scores of `book_rows`, `int32[m]`, which add up to them; None where the model cannot say.

    A listed book has the score of its rank. One that is not listed has the score that it would have after the last
    of the list.
    """
    model = answer.model
    if answer.scales is not None and isinstance(model, Scaled):
        parts = model.contributions_at(answer.history, book_rows, answer.scales)
    elif isinstance(model, Explainable):
        parts = model.contributions(answer.history, book_rows)
    else:
        return None
    rules = answer.reranking.given(book_rows)
    if answer.reranking.config.diversity > 0:
        rules[DIVERSITY] = _diversity_of(answer, book_rows)
    return replace(parts, constant=parts.constant | rules)


def why_not(answer: Answer, book_row: int, excluded: NDArray[np.int32], filters: FilterIndex) -> WhyNot:
    """Why a book is not in an answer.

    Args:
        answer: the list.
        book_row: the book.
        excluded: `int32[e]`, the rows of the books that the request excludes.
        filters: of the catalogue.
    """
    last_score = answer.ranked[-1].score if answer.ranked else None
    refused = _refusal(answer, book_row, excluded, filters)
    if refused is not None:
        return replace(refused, last_score=last_score)
    asked = np.array([book_row], dtype=np.int32)
    damped = answer.reranking.damped
    listed = {book.book_row: book for book in answer.ranked}
    if book_row in listed:
        score, reason = listed[book_row].score, Absence.LISTED
    else:
        score = float(damped[book_row] + _diversity_of(answer, asked)[0])
        reason = _what_rule(answer, book_row, score)
    rank = 1 + int(np.count_nonzero(damped > damped[book_row]))
    rank += int(np.count_nonzero(damped[:book_row] == damped[book_row]))
    parts = contributions_of(answer, np.append(asked, answer.book_rows[-1:])) if answer.ranked else None
    return WhyNot(reason, (), rank, score, last_score, () if parts is None else compare(parts))


def _refusal(
    answer: Answer, book_row: int, excluded: NDArray[np.int32], filters: FilterIndex
) -> WhyNot | None:
    """What kept a book from being ranked at all; None where nothing did."""
    if book_row in answer.history.indices:
        return WhyNot(Absence.SEEN)
    if book_row in answer.taste.disliked:
        return WhyNot(Absence.DISLIKED)
    if book_row in excluded:
        return WhyNot(Absence.EXCLUDED)
    if filters.is_closed(book_row):
        return WhyNot(Absence.NOT_SOLD)
    failed = filters.failed(answer.rules.filters, book_row)
    if failed:
        return WhyNot(Absence.FILTERED, failed)
    if answer.reranking.scores[book_row] == -np.inf:
        return WhyNot(Absence.NO_SCORE)
    return None


def _what_rule(answer: Answer, book_row: int, score: float) -> Absence:
    """The rule without which a book that may be listed would stand above the last of the list; BELOW if none is."""
    reranking, asked = answer.reranking, np.array([book_row], dtype=np.int32)
    last = answer.ranked[-1].score if answer.ranked else np.inf
    if reranking.is_used_up(book_row, answer.book_rows) and (score >= last or len(answer.ranked) < answer.k):
        return Absence.CAPPED
    rules = {name: float(amount[0]) for name, amount in reranking.given(asked).items()}
    rules[DIVERSITY] = float(_diversity_of(answer, asked)[0])
    named = {
        DIVERSITY: Absence.DIVERSIFIED,
        DISLIKES: Absence.LIKE_A_DISLIKED,
        DAMPING: Absence.DAMPED,
    }
    for name, reason in named.items():
        if rules.get(name) and score - rules[name] > last:
            return reason
    return Absence.BELOW


def _diversity_of(answer: Answer, book_rows: NDArray[np.int32]) -> NDArray[np.float64]:
    """What diversity gives to books, `float64[m]`: at its rank for a listed one, after the last for another."""
    amounts = answer.reranking.diversity_given(book_rows, answer.book_rows)
    at_rank = dict(zip(answer.book_rows.tolist(), answer.diversity.tolist(), strict=True))
    return np.array(
        [at_rank.get(row, amount) for row, amount in zip(book_rows.tolist(), amounts.tolist(), strict=True)]
    )
