"""Re-ranking: rules that change a list after the model has scored it, each a stated amount of the score.

Diversity is Maximal Marginal Relevance (Carbonell and Goldstein, "The Use of MMR, Diversity-Based Reranking", SIGIR
1998) over content vectors; dislikes take from what is like them, as non-relevant documents do in Rocchio's feedback
("Relevance Feedback in Information Retrieval", 1971). Amounts are in units of the largest score of the answer, so
that a setting means the same for every model and reader.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from recs_core.data.idmap import PAD
from recs_core.data.topk import top_k
from recs_core.errors import ParameterError
from recs_core.models.base import RULE
from recs_core.serving.columns import Labels

DAMPING = f"popularity_damping:{RULE}"
DISLIKES = f"dislikes:{RULE}"
DIVERSITY = f"diversity:{RULE}"
"""The names of the parts that the rules give to a score."""


Rows: TypeAlias = NDArray[np.int32] | slice
"""Book rows, or a slice of them all, which copies nothing."""


class RerankConfig(BaseModel):
    """The rules of a list; none by default, but that disliked books count."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    diversity: float = Field(
        0.0, ge=0, lt=1, description="1 - lambda of MMR: 0 ranks by score alone, near 1 by unlikeness alone"
    )
    per_author: int | None = Field(None, gt=0, description="books of one author in a list, at most")
    popularity_damping: float = Field(
        0.0,
        ge=0,
        description="what the most read book loses, in largest scores; others by their log-popularity",
    )
    dislikes: float = Field(
        0.5, ge=0, description="what a book exactly like a disliked one loses, in largest scores"
    )

    @property
    def leaves_order(self) -> bool:
        """Whether a list without disliked books is the model's own."""
        return not self.diversity and self.per_author is None and not self.popularity_damping


@dataclass(frozen=True)
class BookFacts:
    """What the rules know of each book.

    Args:
        popularity: `float32[n_books]`, from 0 to 1.
        vectors: `float32[n_books, d]`, of length 1 or 0; d is 0 where nothing is known of any book.
        authors: who wrote what.
    """

    popularity: NDArray[np.float32]
    vectors: NDArray[np.float32]
    authors: Labels


@dataclass(frozen=True)
class Reranking:
    """The rules at work on one reader's scores.

    Args:
        scores: `float32[n_books]`, the model's; -inf for what must not be listed.
        config: the rules.
        facts: of the books.
        disliked: `int32[d]`, book rows.

    Raises:
        ParameterError: diversity is asked for, and there are no vectors to tell it by.
    """

    scores: NDArray[np.float32]
    config: RerankConfig
    facts: BookFacts
    disliked: NDArray[np.int32]

    def __post_init__(self) -> None:
        if self.config.diversity > 0 and not self.facts.vectors.shape[1]:
            raise ParameterError(
                f"rerank.diversity={self.config.diversity} needs content vectors, and the bundle has none: "
                "give the books metadata (docs/data.md), or ask for 0"
            )

    @cached_property
    def unit(self) -> float:
        """The largest score of a book that may be listed, or 1 where none is positive."""
        largest = float(self.scores.max(initial=-np.inf))
        return largest if largest > 0 else 1.0

    @cached_property
    def damped(self) -> NDArray[np.float32]:
        """The scores after the rules that look at a book alone, `float32[n_books]`."""
        amounts = self.given(slice(None))
        return self.scores if not amounts else (self.scores + sum(amounts.values())).astype(np.float32)

    def given(self, book_rows: Rows) -> dict[str, NDArray[np.float64]]:
        """What the rules that look at a book alone give to each book, `float64[m]`: nothing, or less."""
        amounts = {}
        if self.config.popularity_damping > 0:
            popularity = self.facts.popularity[book_rows].astype(np.float64)
            amounts[DAMPING] = -self.config.popularity_damping * self.unit * popularity
        if self.config.dislikes > 0 and self.disliked.size:
            amounts[DISLIKES] = -self.config.dislikes * self.unit * self.likeness(book_rows, self.disliked)
        return amounts

    def diversity_given(self, book_rows: NDArray[np.int32], beside: NDArray[np.int32]) -> NDArray[np.float64]:
        """What diversity gives to each book beside those of a list, `float64[m]`: nothing, or less."""
        return -self.price * self.likeness(book_rows, beside)

    def likeness(self, book_rows: Rows, to: NDArray[np.int32]) -> NDArray[np.float64]:
        """The largest cosine of each book with one of `to`, from 0 to 1, `float64[m]`: unlike is no merit."""
        cosines = self.facts.vectors[book_rows] @ self.facts.vectors[to].T
        return np.asarray(cosines.max(axis=1, initial=0), dtype=np.float64)

    @cached_property
    def price(self) -> float:
        """What a book exactly like one of the list loses.

        MMR ranks by lambda x score - (1 - lambda) x likeness. Divided by lambda, that is the score less an amount.
        """
        return self.unit * self.config.diversity / (1 - self.config.diversity)

    def is_used_up(self, book_row: int, listed: NDArray[np.int32]) -> bool:
        """Whether an author of a book has as many books in a list as one may."""
        authors = Counter(
            author for book in listed.tolist() for author in self.facts.authors.of_book(book).tolist()
        )
        mine = self.facts.authors.of_book(book_row).tolist()
        return self.config.per_author is not None and any(
            authors[author] >= self.config.per_author for author in mine
        )

    def best(self, n: int) -> NDArray[np.int32]:
        """The n best books before diversity, fewer where fewer may be listed."""
        books = top_k(self.damped[None, :], n).books[0]
        return np.asarray(books[books != PAD], dtype=np.int32)
