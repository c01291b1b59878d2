"""What models share whose scores are sums over the books of the history, without a matrix of weights at hand."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recs_core.data.topk import TopK
from recs_core.models.base import BATCH, Contributions, Recommender, single_histories


class LinearModel(Recommender):
    """`score(history)` is `history @ weights` for some weights that are never written out.

    A book of the history gives what it would give alone, so `score` itself explains: no second formula that could
    say something else.
    """

    zero_means_unknown = True
    linear_in_history = True

    def contributions(self, history: csr_array, book_rows: NDArray[np.int32]) -> Contributions:
        """See `Explainable.contributions`; exact, for the score is linear in the history."""
        books = history.indices.astype(np.int32)
        given = np.empty((book_rows.size, books.size), dtype=np.float64)
        for start in range(0, books.size, BATCH):
            span = slice(start, start + BATCH)
            alone = self.score(single_histories(books[span], self.n_books), book_rows)
            given[:, span] = (history.data[span].astype(np.float64)[:, None] * alone).T
        return Contributions(books, {"collaborative": given}, {})

    def similar(self, book_rows: NDArray[np.int32], *, k: int) -> TopK:
        """See `SimilarBooks.similar`: the best books for who has read the book alone."""
        return self.recommend(single_histories(book_rows, self.n_books), k=k)
