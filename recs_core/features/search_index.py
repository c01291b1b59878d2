"""Full-text search of the catalogue, as one types and in spite of typing errors.

Books are ranked by BM25F (Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009):
how often a word is in a field counts by the field's weight and length, all fields together are saturated once, and
rare words count more. A small amount for what many people read is added. All but the rarity of what was typed is
known when the index is built, so that is what it holds, and opening it computes nothing.

A typed word stands for itself, for the words that it begins, and for those that it is a typing error of; each of them
counts less than the word itself (`EXACT` and below), and of those that a book has the best one counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from recs_core.data.catalogue import Catalogue
from recs_core.data.idmap import PAD
from recs_core.data.topk import top_k
from recs_core.features.search_postings import Postings, build_postings
from recs_core.features.search_terms import TermIndex
from recs_core.features.search_text import isbn_key, search_words

EXACT, COMPLETED, BEGUN, ONE_ERROR, TWO_ERRORS = 1.0, 0.8, 0.4, 0.5, 0.25
"""What a word of a book counts that is the typed one, that the last typed one begins, that another one begins, and
that one or two typing errors make of it."""
ONE_ERROR_FROM, TWO_ERRORS_FROM = 4, 8
"""Characters of a typed word from which on such errors are looked for; in shorter ones they make any word of any."""
BEGUN_FROM = 3
"""Characters of a typed word that is not the last from which on it may be a beginning."""
LOOKED_UP = 4
"""A word's list that is so many times as long as that of the books in question is searched for each of these; a
shorter one is walked through."""
MOST_WORDS = 32
"""Different words of a query that count; a longer text is more than any title, series and author."""


class SearchConfig(BaseModel):
    """How search ranks. A field of weight 0 is not searched."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    title_weight: float = Field(3.0, ge=0)
    subtitle_weight: float = Field(1.0, ge=0)
    author_weight: float = Field(2.5, ge=0)
    series_weight: float = Field(2.0, ge=0)
    genre_weight: float = Field(0.5, ge=0)
    saturation: float = Field(1.2, gt=0, description="k1: how little a word that comes again adds")
    length_share: float = Field(0.6, ge=0, le=1, description="b: how much a word of a long field counts less")
    popularity: float = Field(
        1.0, ge=0, description="added for the most read book, to others by the logarithm of their readers"
    )

    @property
    def weights(self) -> tuple[float, ...]:
        """Of `recs_core.features.search_text.FIELDS`, in their order."""
        return (
            self.title_weight,
            self.subtitle_weight,
            self.author_weight,
            self.series_weight,
            self.genre_weight,
        )


@dataclass(frozen=True)
class SearchIndex:
    """A searchable catalogue. Nothing in it changes, so any number of threads may ask.

    Args:
        terms: the words of all books.
        postings: which books have them, and what they count there.
        prior: `float32[n_books]`, what is added for a book that is read much.
        isbns: `int64[i]`, ascending, see `isbn_key`; of the books whose id is an ISBN.
        isbn_rows: `int32[i]`, their rows.
    """

    terms: TermIndex
    postings: Postings
    prior: NDArray[np.float32]
    isbns: NDArray[np.int64]
    isbn_rows: NDArray[np.int32]

    @classmethod
    def build(
        cls, catalogue: Catalogue, popularity: NDArray[np.integer], config: SearchConfig
    ) -> SearchIndex:
        """Index a catalogue.

        Args:
            catalogue: the books, in the order of the rows.
            popularity: `int[n_books]`, how many have read each.
            config: how it ranks.
        """
        terms, postings = build_postings(
            catalogue, config.weights, saturation=config.saturation, length_share=config.length_share
        )
        most = np.log1p(max(1, popularity.max(initial=0)))
        prior = np.float32(config.popularity) * (np.log1p(popularity) / most).astype(np.float32)
        keys = [isbn_key(book_id) for book_id in catalogue.books.array.tolist()]
        rows = np.array([row for row, key in enumerate(keys) if key is not None], dtype=np.int32)
        isbns = np.array([key for key in keys if key is not None], dtype=np.int64)
        order = np.argsort(isbns, kind="stable")
        return cls(TermIndex.build(terms), postings, prior, isbns[order], rows[order])

    def __len__(self) -> int:
        return int(self.prior.size)

    def search(
        self, text: str, *, k: int, mask: NDArray[np.bool_] | None = None
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """The k books that a text means best.

        Found are the books that have all words of the text; where there is none, those that have the most. An
        ISBN, of either length and with or without dashes, finds the books of that number, and them alone.

        Args:
            text: as it was typed. One without a word finds nothing.
            k: how many, at least 1.
            mask: `bool[n_books]`, the books that may be found; None for all.

        Returns:
            Their rows, `int32[m]`, and scores, `float32[m]`, descending, equal ones by row; m is at most k.
        """
        rows = self.with_isbn(text, mask)
        scores = self.prior[rows]
        if not rows.size:
            groups = list(self.groups(text).values())
            rows, scores = self.matching_all(groups, mask)
            if not rows.size:
                rows, scores, _ = self.matching_most(groups, mask)
        return best_of(rows, scores, k)

    def with_isbn(self, text: str, mask: NDArray[np.bool_] | None) -> NDArray[np.int32]:
        """The books, of those that may be found, whose ISBN a text is, `int32[m]`, ascending."""
        key = isbn_key(text)
        if key is None:
            return self.isbn_rows[:0]
        span = slice(*np.searchsorted(self.isbns, [key, key + 1]))
        rows = np.sort(self.isbn_rows[span])
        return rows if mask is None else rows[mask[rows]]

    def groups(self, text: str) -> dict[str, Group]:
        """What each different word of a text stands for; the last one is being typed."""
        words = search_words(text)
        last = words[-1:]
        return {word: self._group(word, last=[word] == last) for word in dict.fromkeys(words[:MOST_WORDS])}

    def _group(self, word: str, *, last: bool) -> Group:
        spans = []
        place = self.terms.place(word)
        if place != PAD:
            spans.append(_Span(place, place + 1, EXACT))
        if last or len(word) >= BEGUN_FROM:
            begun = self.terms.completions(word)
            # the word itself is the first that it begins
            spans.append(_Span(begun.start + (place != PAD), begun.stop, COMPLETED if last else BEGUN))
        # another number is another one, not an error
        if len(word) >= ONE_ERROR_FROM and not word.isdigit():
            near, distances = self.terms.near(word, distance=2 if len(word) >= TWO_ERRORS_FROM else 1)
            spans += [
                _Span(other, other + 1, ONE_ERROR if distance == 1 else TWO_ERRORS)
                for other, distance in zip(near.tolist(), distances.tolist(), strict=True)
            ]
        starts = self.postings.starts
        sizes = [int(starts[span.stop] - starts[span.start]) for span in spans]
        # as rare as the word is; of one that is in no book, as all that it may mean
        books = min(sum(sizes) if place == PAD else sizes[0], len(self))
        return Group(spans, sum(sizes), books, rarity_of(books, len(self)))

    def matching_all(
        self, groups: Sequence[Group], mask: NDArray[np.bool_] | None
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """The books that match all groups, ascending, `int32[m]`, and their scores, `float32[m]`."""
        if not groups:
            return np.empty(0, dtype=np.int32), np.empty(0, dtype=np.float32)
        # the rarest first: it leaves the least to look at
        groups = sorted(groups, key=lambda group: group.size)
        line = self._line(groups[0].spans, mask)
        rows = _places(line > 0)
        scores = self.prior[rows] + groups[0].rarity * line[rows]
        # of the other groups only what is left has to be looked at
        for group in groups[1:]:
            values = self._values(group, rows)
            matched = values > 0
            rows, scores = rows[matched], scores[matched] + group.rarity * values[matched]
        return rows, scores

    def matching_most(
        self, groups: Sequence[Group], mask: NDArray[np.bool_] | None
    ) -> tuple[NDArray[np.int32], NDArray[np.float32], int]:
        """The books that match the most groups, as `matching_all` has them, and how many groups that is."""
        matched = np.zeros(len(self), dtype=np.uint8)
        scores = self.prior.copy()
        for group in groups:
            line = self._line(group.spans, mask)
            matched += line > 0
            scores += group.rarity * line
        most = int(matched.max(initial=0))
        rows = _places((matched == most) & (matched > 0))
        return rows, scores[rows], most

    def _line(self, spans: Sequence[_Span], mask: NDArray[np.bool_] | None = None) -> NDArray[np.float32]:
        """What the best word of some spans counts in each book, `float32[n_books]`; 0 in one that has none of them
        or may not be found."""
        line = np.zeros(len(self), dtype=np.float32)
        for span in spans:
            books, weights = self.postings.of(span.start, span.stop)
            # a book may have several words of one span
            np.maximum.at(line, books, weights * np.float32(span.counts))
        if mask is not None:
            line *= mask
        return line

    def _values(self, group: Group, rows: NDArray[np.int32]) -> NDArray[np.float32]:
        """What the best word of a group counts in each of the ascending `rows`, `float32[m]`; 0 where it has none."""
        values = np.zeros(rows.size, dtype=np.float32)
        others = []
        for span in group.spans:
            books, weights = self.postings.of(span.start, span.stop)
            if span.stop - span.start > 1 or books.size < rows.size * LOOKED_UP:
                others.append(span)
                continue
            at = np.minimum(np.searchsorted(books, rows), books.size - 1)
            counts = np.where(books[at] == rows, weights[at] * np.float32(span.counts), np.float32(0))
            np.maximum(values, counts, out=values)
        return np.maximum(values, self._line(others)[rows]) if others else values

    def arrays(self, prefix: str) -> dict[str, NDArray[Any]]:
        """All of it as named arrays, without any that would need pickle."""
        return {
            **self.terms.arrays(prefix),
            **self.postings.arrays(prefix),
            f"{prefix}prior": self.prior,
            f"{prefix}isbns": self.isbns,
            f"{prefix}isbn_rows": self.isbn_rows,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], prefix: str) -> SearchIndex:
        """What `arrays` named, without a copy; raises `KeyError` where one is missing."""
        # plain views of mapped arrays: a slice of a memmap costs more than the work that is done on it
        own = {name: np.asarray(array) for name, array in arrays.items() if name.startswith(prefix)}
        return cls(
            TermIndex.from_arrays(own, prefix),
            Postings.from_arrays(own, prefix),
            *(own[f"{prefix}{name}"] for name in ("prior", "isbns", "isbn_rows")),
        )


@dataclass(frozen=True, slots=True)
class _Span:
    """Words that follow each other in the dictionary, and what they count."""

    start: int
    stop: int
    counts: float


@dataclass(frozen=True, slots=True)
class Group:
    """What one typed word stands for.

    Args:
        spans: the words of the dictionary that it may mean.
        size: how many entries these have.
        books: how many books have the word.
        rarity: what it counts, for rare words count more.
    """

    spans: list[_Span]
    size: int
    books: int
    rarity: np.float32


def _places(which: NDArray[np.bool_]) -> NDArray[np.int32]:
    # of the type of the postings: NumPy would else convert a whole list to compare it
    return np.flatnonzero(which).astype(np.int32)


def best_of(
    rows: NDArray[np.int32], scores: NDArray[np.float32], k: int
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """The k books of the highest scores, and these, descending; equal ones as they come."""
    best = top_k(scores[None, :], k)
    found = best.books[0][best.books[0] != PAD]
    return rows[found].astype(np.int32), best.scores[0][: found.size]


def rarity_of(books: int, n_books: int) -> np.float32:
    """BM25's weight of a word that so many of the books have, above 0."""
    return np.float32(np.log1p((n_books - books + 0.5) / (books + 0.5)))
