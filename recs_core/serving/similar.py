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
    model: AnyModel, vectors: NDArray[np.float32], book_row: int, *, k: int
) -> list[RankedBook]:
    """The k books most like a book, itself left out.

    Args:
        model: what is served.
        vectors: `float32[n_books, d]`, content vectors of length 1 or 0, for a model that knows no likeness.
        book_row: the book.
        k: length of the list; it is shorter where fewer books are like it.
    """
    if isinstance(model, SimilarBooks):
        best = model.similar(np.array([book_row], dtype=np.int32), k=k)
    else:
        best = alike(vectors, book_row, k=k)
    pairs = zip(best.books[0].tolist(), best.scores[0].tolist(), strict=True)
    return [RankedBook(book, score, rank) for rank, (book, score) in enumerate(pairs, 1) if book != PAD]


def alike(vectors: NDArray[np.float32], book_row: int, *, k: int) -> TopK:
    """The k books whose content vectors have the largest positive cosine with a book's, itself left out."""
    cosines = np.asarray(vectors @ vectors[book_row], dtype=np.float32)
    cosines[cosines <= 0] = -np.inf
    cosines[book_row] = -np.inf
    return top_k(cosines[None, :], k)
