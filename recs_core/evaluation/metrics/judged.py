"""What lists are judged by, and lists beside it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recs_core.data.catalogue import Catalogue
from recs_core.data.idmap import PAD, IdMap
from recs_core.data.interactions import InteractionSet
from recs_core.data.topk import TopK
from recs_core.errors import DataError, ParameterError
from recs_core.evaluation.metrics.hits import Hits
from recs_core.features.content import ContentFeatures

Values = NDArray[np.float64]

BATCH = 1_024
"""Users judged at once, where a number or a vector of each listed book is looked up."""


@dataclass(frozen=True)
class EvaluationData:
    """What lists are judged by.

    Args:
        truth: `float32[n_users, n_books]`, the held-out interactions.
        train: `float32[n_users, n_books]`, what the model learned from; None where only hits count.
        vectors: `float32[n_books, d]`, content vectors of length 1 or 0; None where there are none.
        years: `int32[n_books]`, of publication, 0 where unknown; None where no book has one.
        genres: `float32[n_books, n_genres]`, 1 where a book is of a genre; None where no book has one.

    Raises:
        ParameterError: a part has another number of users or books than truth.
    """

    truth: csr_array
    train: csr_array | None = None
    vectors: NDArray[np.float32] | None = None
    years: NDArray[np.int32] | None = None
    genres: csr_array | None = None

    def __post_init__(self) -> None:
        n_users, n_books = self.truth.shape
        if self.train is not None and self.train.shape != self.truth.shape:
            raise ParameterError(
                f"train is of {self.train.shape[0]} users and {self.train.shape[1]} books where truth is of "
                f"{n_users} and {n_books}"
            )
        for name in ("vectors", "years", "genres"):
            part = getattr(self, name)
            if part is not None and part.shape[0] != n_books:
                raise ParameterError(f"{name} are of {part.shape[0]} books where truth is of {n_books}")

    @classmethod
    def of(
        cls, *, truth: InteractionSet, train: InteractionSet, features: ContentFeatures, catalogue: Catalogue
    ) -> EvaluationData:
        """With what a catalogue knows of years and genres.

        Raises:
            DataError: the parts are not of the same users and books, by the digests of their id maps.
        """
        _same("users", truth=truth.users, train=train.users)
        _same(
            "books", truth=truth.books, train=train.books, features=features.books, catalogue=catalogue.books
        )
        years = np.array([year or 0 for year in catalogue.table["year"].to_pylist()], dtype=np.int32)
        return cls(
            truth.matrix,
            train.matrix,
            features.vectors if features.vectors.shape[1] else None,
            years if years.any() else None,
            _genres(catalogue.table["genres"].to_pylist()),
        )

    def of_users(self, user_rows: NDArray[np.int32]) -> EvaluationData:
        """For some of the users, `int32[m]`, in their order."""
        return replace(
            self,
            truth=self.truth[user_rows],
            train=None if self.train is None else self.train[user_rows],
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
        self._hits_at: dict[int, NDArray[np.int64]] = {}

    @cached_property
    def lengths(self) -> NDArray[np.int64]:
        """`int64[n_users]`, the number of books in each list; what is beyond them is padding."""
        n_users, k = self.recs.books.shape
        # lists are full as a rule, and the few empty places quickly counted
        empty = np.flatnonzero(self.recs.books == PAD) // max(k, 1)
        lengths: NDArray[np.int64] = k - np.bincount(empty, minlength=n_users)
        return lengths

    @cached_property
    def hits(self) -> Hits:
        """The places that hold a book of truth."""
        return Hits.find(self.recs.books, self.data.truth)

    @cached_property
    def relevant(self) -> Values:
        """`float64[n_users]`, the number of books in truth; NaN for none."""
        counts = np.diff(self.data.truth.indptr).astype(np.float64)
        return np.where(counts > 0, counts, np.nan)

    def hits_at(self, k: int) -> NDArray[np.int64]:
        """`int64[n_users]`, hits in the first k places."""
        if k not in self._hits_at:
            users = self.hits.users[self.hits.ranks <= k]
            self._hits_at[k] = np.bincount(users, minlength=len(self.recs))
        return self._hits_at[k]

    def there_at(self, k: int) -> NDArray[np.int64]:
        """`int64[n_users]`, books in the first k places."""
        return np.minimum(self.lengths, k)

    def sum_hits(self, of_hit: NDArray[np.floating], k: int) -> Values:
        """`float64[n_users]`, the sum of a number of each hit, `float[h]`, over those in the first k places.

        A user without truth has NaN.
        """
        first = self.hits.ranks <= k
        summed = np.bincount(self.hits.users[first], of_hit[first], minlength=len(self.recs))
        # of no hits at all they are whole numbers
        total: Values = summed.astype(np.float64, copy=False)
        total[np.isnan(self.relevant)] = np.nan
        return total

    def sum_listed(self, of_book: NDArray[np.floating], k: int) -> Values:
        """`float64[n_users]`, the sum of a number of each book, `float[n_books]`, over the first k places."""
        # a PAD is the last place
        numbers = np.append(of_book, 0.0)
        total = np.empty(len(self.recs))
        for start in range(0, total.size, BATCH):
            listed = self.recs.books[start : start + BATCH, :k]
            numbers.take(listed).sum(axis=1, out=total[start : start + BATCH])
        return total

    def mean_listed(self, of_book: NDArray[np.floating], k: int) -> Values:
        """`float64[n_users]`, the mean of a number of each book over the books in the first k places, or NaN."""
        return mean_or_nan(self.sum_listed(of_book, k), self.there_at(k))

    def exposure(self, k: int, users: NDArray[np.bool_] | None = None) -> NDArray[np.int64]:
        """`int64[n_books]`, how often each book stands in the first k places of all users, or of some."""
        books = self.recs.books[:, :k] if users is None else self.recs.books[users, :k]
        # PAD is -1, so that it is counted first
        return np.bincount(books.ravel() - PAD, minlength=self.data.truth.shape[1] + 1)[1:]


def mean_or_nan(total: NDArray[np.floating], count: NDArray[np.number]) -> Values:
    """total / count, NaN where the count is 0."""
    mean: Values = np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0)
    return mean


def _same(space: str, **id_maps: IdMap) -> None:
    """Refuse id maps that differ, and say which."""
    if len({id_map.digest for id_map in id_maps.values()}) > 1:
        found = ", ".join(f"{name} has {id_map!r}" for name, id_map in id_maps.items())
        raise DataError(
            f"lists cannot be judged by parts of different {space}: {found}; make all of them from one split"
        )


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
