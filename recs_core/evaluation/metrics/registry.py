"""What a metric is, what it is given, and the registry.

A metric's definition stands in its registration, and nowhere else; `docs/metrics.md` is made of the registry. Three
rules hold for all of them:

- a list is ranked already: a book's rank is its place, whatever its score, so ties are the model's business;
- a user with empty truth has no accuracy (NaN) and is left out of the mean; one without a hit has 0;
- a list with fewer than k books keeps the denominator k where a metric divides by k; a mean over listed books is one
  over the books that are there, NaN without any.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recs_core.data.catalogue import Catalogue
from recs_core.data.idmap import PAD
from recs_core.data.topk import TopK
from recs_core.errors import ParameterError

Values = NDArray[np.float64]
Needs = Literal["truth", "train", "vectors", "years", "genres"]
Better = Literal["higher", "lower", "neither"]

BATCH = 1_024
"""Users judged at once, where a table of users x books, or of vectors, is made."""


@dataclass(frozen=True)
class EvaluationData:
    """What lists are judged by.

    Args:
        truth: `float32[n_users, n_books]`, the held-out interactions.
        train: `float32[n_users, n_books]`, what the model learned from; None where only hits count.
        vectors: `float32[n_books, d]`, content vectors of length 1 or 0; None where there are none.
        years: `int32[n_books]`, of publication, 0 where unknown; None where no book has one.
        genres: `float32[n_books, n_genres]`, 1 where a book is of a genre; None where no book has one.
    """

    truth: csr_array
    train: csr_array | None = None
    vectors: NDArray[np.float32] | None = None
    years: NDArray[np.int32] | None = None
    genres: csr_array | None = None

    @classmethod
    def of(
        cls, *, truth: csr_array, train: csr_array, vectors: NDArray[np.float32], catalogue: Catalogue
    ) -> EvaluationData:
        """With what a catalogue knows of years and genres."""
        years = np.array([year or 0 for year in catalogue.table["year"].to_pylist()], dtype=np.int32)
        return cls(
            truth,
            train,
            vectors if vectors.shape[1] else None,
            years if years.any() else None,
            _genres(catalogue.table["genres"].to_pylist()),
        )

    @cached_property
    def readers(self) -> NDArray[np.int64]:
        """`int64[n_books]`, how many users of train have read each book."""
        assert self.train is not None  # noqa: S101 - metrics that ask need it
        return np.bincount(self.train.indices, minlength=self.train.shape[1])


class Judged:
    """Lists beside what they are judged by; what several metrics and cut-offs share is computed once.

    Args:
        recs: a list for each user.
        data: of the same users and books.

    Raises:
        ParameterError: lists and truth are not of the same number of users.
    """

    def __init__(self, recs: TopK, data: EvaluationData) -> None:
        if len(recs) != data.truth.shape[0]:
            raise ParameterError(f"{len(recs)} lists cannot be judged by {data.truth.shape[0]} users' truth")
        self.recs, self.data = recs, data

    @cached_property
    def there(self) -> NDArray[np.bool_]:
        """`bool[n_users, K]`, whether a place holds a book."""
        found: NDArray[np.bool_] = self.recs.books != PAD
        return found

    @cached_property
    def hits(self) -> NDArray[np.bool_]:
        """`bool[n_users, K]`, whether a place holds a book of truth."""
        return self.among(self.data.truth)

    def among(self, books: csr_array) -> NDArray[np.bool_]:
        """`bool[n_users, K]`, whether a place holds one of a user's books in `books`, `[n_users, n_books]`."""
        n_users, n_books = books.shape
        found = np.empty(self.recs.books.shape, dtype=np.bool_)
        # the last column is nobody's: that is where a PAD looks
        marked = np.zeros((min(BATCH, n_users), n_books + 1), dtype=np.bool_)
        for start in range(0, n_users, BATCH):
            bounds = books.indptr[start : start + BATCH + 1]
            users = np.repeat(np.arange(bounds.size - 1), np.diff(bounds))
            columns = books.indices[bounds[0] : bounds[-1]]
            marked[users, columns] = True
            asked = self.recs.books[start : start + BATCH]
            found[start : start + BATCH] = marked[np.arange(len(asked))[:, None], asked]
            marked[users, columns] = False
        return found

    @cached_property
    def relevant(self) -> Values:
        """`float64[n_users]`, the number of books in truth; NaN for none."""
        counts = np.diff(self.data.truth.indptr).astype(np.float64)
        return np.where(counts > 0, counts, np.nan)

    @cached_property
    def n_hits(self) -> NDArray[np.int64]:
        """`int64[n_users, K]`, hits up to each place."""
        return np.cumsum(self.hits, axis=1)

    @cached_property
    def n_there(self) -> NDArray[np.int64]:
        """`int64[n_users, K]`, books up to each place."""
        return np.cumsum(self.there, axis=1)

    def hits_at(self, k: int) -> NDArray[np.int64]:
        """`int64[n_users]`, hits in the first k places."""
        return self.n_hits[:, k - 1]

    def there_at(self, k: int) -> NDArray[np.int64]:
        """`int64[n_users]`, books in the first k places."""
        return self.n_there[:, k - 1]

    def sum_listed(self, of_book: NDArray[np.floating], k: int) -> Values:
        """`float64[n_users]`, the sum of a number of each book, `float[n_books]`, over the first k places."""
        books = self.recs.books[:, :k]
        total: Values = np.where(self.there[:, :k], of_book[books], 0.0).sum(axis=1, dtype=np.float64)
        return total

    def mean_listed(self, of_book: NDArray[np.floating], k: int) -> Values:
        """`float64[n_users]`, the mean of a number of each book over the books in the first k places, or NaN."""
        return mean_or_nan(self.sum_listed(of_book, k), self.there_at(k))

    def exposure(self, k: int, users: NDArray[np.bool_] | None = None) -> NDArray[np.int64]:
        """`int64[n_books]`, how often each book stands in the first k places of all users, or of some."""
        books, there = self.recs.books[:, :k], self.there[:, :k]
        if users is not None:
            books, there = books[users], there[users]
        return np.bincount(books[there], minlength=self.data.truth.shape[1])


@dataclass(frozen=True)
class Metric:
    """A registered metric.

    Args:
        name: its name in reports.
        definition: the value for a user, or for all of them, in words.
        source: where it comes from; empty where it needs none.
        better: which values are better.
        needs: fields of `EvaluationData` beside the lists; where one is missing, the metric is left out.
        of_user: `(judged, k) -> float64[n_users]`; None for a metric of all users at once.
        of_exposure: `(exposure) -> float`, given how often each book is listed; None for a metric of each user.
    """

    name: str
    definition: str
    source: str
    better: Better
    needs: tuple[Needs, ...]
    of_user: Callable[[Judged, int], Values] | None = None
    of_exposure: Callable[[NDArray[np.integer]], float] | None = None

    @property
    def per_user(self) -> bool:
        """Whether it has one value a user, or one for all."""
        return self.of_user is not None

    def values(self, judged: Judged, *, k: int) -> Values:
        """`float64[n_users]`, NaN where it is not defined; `float64[1]` for a metric of all users at once.

        Raises:
            ParameterError: the lists are shorter than k, or something is missing that the metric needs.
        """
        if k > judged.recs.k:
            raise ParameterError(f"{self.name}@{k} is asked of lists of {judged.recs.k} books")
        if missing := self.missing(judged.data):
            raise ParameterError(f"{self.name} needs {' and '.join(missing)}, which the data does not have")
        if self.of_user is not None:
            return self.of_user(judged, k)
        assert self.of_exposure is not None  # noqa: S101 - a metric is one of the two
        return np.array([self.of_exposure(judged.exposure(k))])

    def missing(self, data: EvaluationData) -> list[str]:
        """What the metric needs and the data does not have."""
        return [need for need in self.needs if getattr(data, need) is None]


METRICS: dict[str, Metric] = {}
"""Name to metric, in the order of registration."""

F = Callable[[Judged, int], Values]
E = Callable[[NDArray[np.integer]], float]


def metric(
    name: str,
    definition: str,
    *,
    source: str = "",
    better: Better = "higher",
    needs: tuple[Needs, ...] = ("truth",),
) -> Callable[[F], F]:
    """Decorator: register a metric of each user."""

    def add(function: F) -> F:
        METRICS[name] = Metric(name, definition, source, better, needs, of_user=function)
        return function

    return add


def exposure_metric(
    name: str, definition: str, *, source: str = "", better: Better = "higher"
) -> Callable[[E], E]:
    """Decorator: register a metric of how often each book is listed."""

    def add(function: E) -> E:
        METRICS[name] = Metric(name, definition, source, better, (), of_exposure=function)
        return function

    return add


def mean_or_nan(total: NDArray[np.floating], count: NDArray[np.number]) -> Values:
    """total / count, NaN where the count is 0."""
    mean: Values = np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0)
    return mean


def _genres(of_books: list[list[str] | None]) -> csr_array | None:
    names = sorted({genre for genres in of_books for genre in genres or ()})
    if not names:
        return None
    column = {name: place for place, name in enumerate(names)}
    counts = [len(set(genres or ())) for genres in of_books]
    indices = [column[genre] for genres in of_books for genre in sorted(set(genres or ()))]
    indptr = np.append(0, np.cumsum(counts))
    shape = (len(of_books), len(names))
    return csr_array(
        (np.ones(len(indices), dtype=np.float32), np.array(indices, dtype=np.int32), indptr), shape
    )
