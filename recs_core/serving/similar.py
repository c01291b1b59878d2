"""Books like a book: to the served model, or by their content where it knows no likeness."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recs_core.data.idmap import PAD
from recs_core.data.topk import TopK, top_k
from recs_core.models.base import SimilarBooks
from recs_core.models.transductive import AnyModel
from recs_core.serving.answer import RankedBook


def similar_books(
    model: AnyModel,
    vectors: NDArray[np.float32],
    book_row: int,
    *,
    k: int,
    allowed: NDArray[np.bool_] | None = None,
) -> list[RankedBook]:
    """The k books most like a book, itself left out.

    Args:
        model: what is served.
        vectors: `float32[n_books, d]`, content vectors of length 1 or 0, for a model that knows no likeness.
        book_row: the book.
        k: length of the list; it is shorter where fewer books are like it.
        allowed: `bool[n_books]`, which books may be listed; all where None.
    """
    depth = k
    while True:
        best = _most_like(model, vectors, book_row, k=depth)
        pairs = list(zip(best.books[0].tolist(), best.scores[0].tolist(), strict=True))
        listed = [pair for pair in pairs if pair[0] != PAD and (allowed is None or allowed[pair[0]])]
        is_whole = depth >= len(vectors) or (bool(pairs) and pairs[-1][0] == PAD)
        if len(listed) >= k or is_whole:
            return [RankedBook(book, score, rank) for rank, (book, score) in enumerate(listed[:k], 1)]
        # books that are not sold are few: nearly always the first look is enough
        depth *= 2


def _most_like(model: AnyModel, vectors: NDArray[np.float32], book_row: int, *, k: int) -> TopK:
    if isinstance(model, SimilarBooks):
        return model.similar(np.array([book_row], dtype=np.int32), k=k)
    return alike(vectors, book_row, k=k)


def alike(vectors: NDArray[np.float32], book_row: int, *, k: int) -> TopK:
    """The k books whose content vectors have the largest positive cosine with a book's, itself left out."""
    cosines = np.asarray(vectors @ vectors[book_row], dtype=np.float32)
    cosines[cosines <= 0] = -np.inf
    cosines[book_row] = -np.inf
    return top_k(cosines[None, :], k)
