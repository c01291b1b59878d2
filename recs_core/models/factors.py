"""What the models that implicit factorises share: progress by iteration, and books alike by their factors."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from recs_core.data.topk import TopK, top_k
from recs_core.progress import progress

THREADS = 2


def progress_callback(iterations: int, what: str) -> Callable[..., None]:
    """A callback for implicit's `fit`, called after each iteration, that moves a progress bar on."""
    bar = iter(progress(range(iterations), what, total=iterations))
    next(bar)

    def advance(*_: object) -> None:
        next(bar, None)

    return advance


def most_alike(
    products: NDArray[np.float32], lengths: NDArray[np.float32], book_rows: NDArray[np.int32], *, k: int
) -> TopK:
    """The k books whose vectors have the largest cosine with each of `book_rows`, themselves left out.

    Args:
        products: `float32[m, n_books]`, of the vectors of `book_rows` with those of all books; overwritten.
        lengths: `float32[n_books]`, of the vectors.
        book_rows: `int32[m]`.
        k: length of the lists.
    """
    divisors = np.where(lengths > 0, lengths, np.float32(1))
    products /= divisors
    products /= divisors[book_rows, None]
    products[np.arange(book_rows.size), book_rows] = -np.inf
    return top_k(products, k)
