"""The list itself: the best books after the rules that look at one book, and those that look at the list so far."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recs_core.serving.rerank import Reranking

FIRST_POOL = 256
"""Books among which the next one is looked for at first; more are taken in where the bound asks for it.

Whatever the length of the list: BLAS may round the likeness of a book otherwise in a larger pool, and a list of k
books must be the beginning of a longer one to the bit, or pages would repeat or miss books.
"""


@dataclass(frozen=True)
class Picked:
    """A list, best first; its scores do not rise.

    Args:
        books: `int32[l]`.
        scores: `float64[l]`, after all rules.
        diversity: `float64[l]`, what diversity gave to each beside those before it: nothing, or less.
    """

    books: NDArray[np.int32]
    scores: NDArray[np.float64]
    diversity: NDArray[np.float64]


def pick(rules: Reranking, k: int) -> Picked:
    """The list of at most k books: greedily the best beside those before it whose authors are not used up.

    Of equal books the one of the higher score before diversity goes first, then the lower row.
    """
    if rules.config.diversity == 0 and rules.config.per_author is None:
        books = rules.best(k)
        return Picked(books, rules.damped[books].astype(np.float64), np.zeros(books.size))
    pool = Pool(rules, FIRST_POOL)
    chosen: list[int] = []
    scores, diversity = [], []
    while len(chosen) < k:
        place, score = pool.next(np.array(chosen, dtype=np.int32))
        if score == -np.inf:
            break
        chosen.append(int(pool.books[place]))
        scores.append(score)
        diversity.append(-rules.price * float(pool.nearest[place]))
        pool.take(chosen[-1])
    return Picked(
        np.array(chosen, dtype=np.int32),
        np.array(scores, dtype=np.float64),
        np.array(diversity, dtype=np.float64),
    )


class Pool:
    """The best books before diversity, as many as are needed for the list to be that of the whole catalogue.

    Diversity only takes. So while the best book of the pool is at least as good as the last of the pool was before
    diversity, no book outside can be better; where it is not, the pool grows.

    Args:
        rules: the scores, and what is taken from them.
        size: books to begin with.
    """

    def __init__(self, rules: Reranking, size: int) -> None:
        self.rules = rules
        self.books = rules.best(size)
        """`int32[p]`, by falling score before diversity."""
        self.nearest = np.zeros(self.books.size)
        """`float64[p]`, the likeness of each to the nearest listed book."""
        self._closed = np.zeros(rules.scores.size, dtype=np.bool_)
        self._of_author: Counter[int] = Counter()

    def next(self, chosen: NDArray[np.int32]) -> tuple[int, float]:
        """The place of the book to list next, and its score; -inf where no book is left.

        Args:
            chosen: `int32[c]`, the list so far.
        """
        while self.books.size:
            scores = self.rules.damped[self.books] - self.rules.price * self.nearest
            scores[self._closed[self.books]] = -np.inf
            place = int(scores.argmax())
            enough = scores[place] >= self.rules.damped[self.books[-1]]
            if enough or not self._grow(chosen):
                return place, float(scores[place])
        return 0, -np.inf

    def take(self, book: int) -> None:
        """Put a book on the list: it is gone, as are those of an author who is used up by it."""
        self._closed[book] = True
        authors, most = self.rules.facts.authors, self.rules.config.per_author
        for author in authors.of_book(book).tolist():
            self._of_author[author] += 1
            if self._of_author[author] == most:
                self._closed[authors.books_of(author)] = True
        if self.rules.price > 0:
            likeness = self.rules.likeness(self.books, np.array([book], dtype=np.int32))
            self.nearest = np.maximum(self.nearest, likeness)

    def _grow(self, chosen: NDArray[np.int32]) -> bool:
        """Take in more books; False where there are no more."""
        longer = self.rules.best(4 * self.books.size)
        # the pool is the beginning of a longer one
        added = longer[self.books.size :]
        self.nearest = np.append(self.nearest, self.rules.likeness(added, chosen))
        self.books = longer
        return added.size > 0
