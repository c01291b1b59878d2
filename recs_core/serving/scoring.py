"""One reader's scores, from where the bundle has them: a ready list, the model, or what is popular."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recs_core.artifacts.bundle import Bundle
from recs_core.data.idmap import PAD
from recs_core.models.base import Recommender, Scaled
from recs_core.models.popularity import Popularity
from recs_core.models.transductive import AnyModel
from recs_core.serving.answer import ServedFrom


@dataclass(frozen=True, slots=True)
class Scored:
    """Scores before any rule.

    Args:
        scores: `float32[n_books]`, a fresh array; -inf for a book of which the model knows nothing.
        scales: `float32[1, s]`, those of the scores where the model has such; None where not.
        model: what scored.
        served_from: how.
    """

    scores: NDArray[np.float32]
    scales: NDArray[np.float32] | None
    model: AnyModel
    served_from: ServedFrom


def by_model(model: Recommender, history: csr_array, served_from: ServedFrom) -> Scored:
    """Score a history, `float32[1, n_books]`."""
    if isinstance(model, Scaled):
        rows, scales = model.score_scaled(history)
    else:
        rows, scales = model.score(history), None
    scores = rows[0]
    if model.zero_means_unknown:
        scores[scores == 0] = -np.inf
    return Scored(scores, scales, model, served_from)


def score_reader(model: AnyModel, popular: Popularity, history: csr_array, user_row: int) -> Scored:
    """Score for a reader with what there is for that.

    A model that folds in is asked with the history. A transductive one knows the users of its training alone, and
    gives them what it made then; for anybody else, a session say, there is what is popular.

    Args:
        model: what is served.
        popular: for readers of whom nothing is known.
        history: `float32[1, n_books]`, with the events of a moment ago.
        user_row: the reader's row, or `PAD`.
    """
    if isinstance(model, Recommender):
        if history.nnz:
            return by_model(model, history, ServedFrom.MODEL)
    elif user_row != PAD:
        scores = model.score_users(np.array([user_row], dtype=np.int32), history)[0]
        if scores.max() > -np.inf:
            return Scored(scores, None, model, ServedFrom.PRECOMPUTED)
    return by_model(popular, history, ServedFrom.POPULAR)


def ready_list(
    bundle: Bundle, user_row: int, *, k: int, allowed: NDArray[np.bool_] | None = None
) -> Scored | None:
    """The scores of the books that the bundle lists for a reader, or None where it has no list of k books.

    Args:
        bundle: what is served.
        user_row: the reader.
        k: how many books are needed.
        allowed: `bool[n_books]`, which of the list may be shown; all where None.
    """
    depth = k if allowed is None else bundle.precomputed.lists.k
    best = bundle.precomputed.of(user_row, k=depth)
    if best is None:
        return None
    books, listed = best.books[0], best.scores[0]
    there = books != PAD
    if allowed is not None:
        is_whole = not there[-1:].all()
        there &= allowed[books]
        if np.count_nonzero(there) < k and not is_whole:
            return None
    scores = np.full(len(bundle.books), -np.inf, dtype=np.float32)
    scores[books[there]] = listed[there]
    return Scored(scores, bundle.precomputed.scales_of(user_row), bundle.model, ServedFrom.PRECOMPUTED)
