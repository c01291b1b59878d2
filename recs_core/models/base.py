"""What a model is: the protocols, and the parts that every model shares."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from scipy.sparse import csr_array
from threadpoolctl import threadpool_limits

from recs_core.data.idmap import PAD
from recs_core.data.interactions import InteractionSet
from recs_core.data.topk import TopK, top_k
from recs_core.display import ROWS, facts_table, rows_table
from recs_core.features.content import ContentFeatures
from recs_core.progress import progress

BATCH = 256
"""Users scored at once at most."""

SCORES_BYTES = 16 * 2**20
"""Of dense scores made at once: what is done to them after is slow once they are far larger than the caches."""

Evidence = Literal["collaborative", "content", "popularity"]
"""What a score rests on: what readers have read together, what books are like, or what everybody reads."""

RULE = "rule"
"""The kind of the parts of a score that no evidence gives: what a stated rule adds or takes."""


class ModelConfig(BaseModel):
    """Base of the models' configurations: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True)
class Contributions:
    """What one reader's scores are made of. The parts add up to the scores (`total`).

    A part is named by its kind, one of `Evidence` or `RULE`; where several have one kind, whose it is comes before
    it: `als:collaborative`, `cold_start:rule`.

    Args:
        history: `int32[h]`, the books of the history.
        from_history: part name to `float64[m, h]`: what each book of the history gives to each scored book.
        constant: part name to `float64[m]`: what does not depend on the history.
    """

    history: NDArray[np.int32]
    from_history: dict[str, NDArray[np.float64]]
    constant: dict[str, NDArray[np.float64]]

    def total(self) -> NDArray[np.float64]:
        """The scores, `float64[m]`."""
        parts = [part.sum(axis=1) for part in self.from_history.values()] + list(self.constant.values())
        return np.asarray(np.sum(parts, axis=0), dtype=np.float64)

    def _repr_html_(self) -> str:
        """The parts of each score, and their sum."""
        sums = self.sums()
        total = self.total()
        rows = [
            [place, *(f"{part[place]:.4f}" for part in sums.values()), f"{total[place]:.4f}"]
            for place in range(min(ROWS, total.size))
        ]
        return rows_table(["book", *sums, "score"], rows, total=total.size)

    def sums(self) -> dict[str, NDArray[np.float64]]:
        """Part name to `float64[m]`: each part, summed over the books of the history."""
        return {name: part.sum(axis=1) for name, part in self.from_history.items()} | self.constant


def part_kind(name: str) -> str:
    """The kind of a part, without whose it is."""
    return name.rpartition(":")[2]


class Model(ABC):
    """What is configured, fitted and stored: a `Recommender`, or a `Transductive` model."""

    kind: ClassVar[str]
    Config: ClassVar[type[ModelConfig]]

    def __init__(self, config: ModelConfig) -> None:
        self.config = config

    def _repr_html_(self) -> str:
        """Kind, configuration, and what was learned if it is fitted."""
        facts: list[tuple[str, object]] = [("kind", self.kind), *self.config.model_dump().items()]
        try:
            arrays = self.state()
        except AttributeError:
            return facts_table([*facts, ("fitted", "not yet")])
        size = sum(array.nbytes for array in arrays.values()) / 1e6
        return facts_table([*facts, ("books", f"{self.n_books:,}"), ("size", f"{size:.1f} MB")])

    @property
    @abstractmethod
    def n_books(self) -> int:
        """How many books the fitted model knows."""

    @abstractmethod
    def fit(
        self, train: InteractionSet, features: ContentFeatures | None, *, rng: np.random.Generator
    ) -> Self:
        """Learn from `train`, and from `features` where the model uses them; return self."""

    @abstractmethod
    def state(self) -> Mapping[str, NDArray[Any]]:
        """Everything that was learned, as named arrays without objects."""

    @classmethod
    @abstractmethod
    def from_state(cls, config: ModelConfig, state: dict[str, NDArray[Any]]) -> Self:
        """The fitted model of a stored state; the arrays may be memory-mapped and are not copied."""


class Recommender(Model):
    """A model: fitted once, then asked with a history.

    The history is an argument, never a stored user: a reader who came a second ago and one of the training data
    are served alike. Histories are `float32[n, n_books]`, CSR, users x books.
    """

    evidence: ClassVar[Evidence] = "collaborative"
    """What the scores of a model that stands alone rest on."""
    zero_means_unknown: ClassVar[bool] = False
    """A score of 0 says that the model knows nothing of the book for this reader; it is not recommended."""
    linear_in_history: ClassVar[bool] = False
    """A score is a constant plus what each book of the history gives, whatever else is in the history."""

    @abstractmethod
    def score(self, history: csr_array, candidates: NDArray[np.int32] | None = None) -> NDArray[np.float32]:
        """Score books for each history.

        Args:
            history: `float32[n, n_books]`.
            candidates: `int32[m]` book rows to score; all books where None.

        Returns:
            `float32[n, m]`, higher is better.
        """

    def recommend(
        self,
        history: csr_array,
        *,
        k: int,
        exclude_seen: bool = True,
        candidates: NDArray[np.int32] | None = None,
    ) -> TopK:
        """Rank books for each history.

        Args:
            history: `float32[n, n_books]`.
            k: length of the lists.
            exclude_seen: leave out the books of the history.
            candidates: `int32[m]` sorted book rows to choose from; all books where None.

        Returns:
            Lists of book rows, padded where fewer than k books can be recommended.
        """
        scores = self.score(history, candidates)
        if exclude_seen:
            mask_seen(scores, history, candidates)
        best = self.rank(scores, k=k)
        if candidates is None:
            return best
        # a PAD of the list is the last place, where a PAD stands
        return TopK(np.append(candidates, PAD)[best.books].astype(np.int32), best.scores)

    def rank(self, scores: NDArray[np.float32], *, k: int) -> TopK:
        """The best of scores that the model has given, `float32[n, m]`, but for what it knows nothing of.

        What must not be listed has -inf. Scores of unknown books are overwritten.
        """
        if self.zero_means_unknown:
            scores[scores == 0] = -np.inf
        return top_k(scores, k)


@runtime_checkable
class Explainable(Protocol):
    """The capability to say what a score is made of; absent where a model cannot."""

    def contributions(self, history: csr_array, book_rows: NDArray[np.int32]) -> Contributions:
        """Take the scores of `book_rows`, `int32[m]`, for one history, `float32[1, n_books]`, apart."""
        ...


@runtime_checkable
class Scaled(Protocol):
    """The capability to hand a reader's scales from the scoring to the explanation, which need not score again."""

    def score_scaled(self, history: csr_array) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The scores of all books, as `score` has them, and the scales that they were computed at.

        Returns:
            `float32[n, n_books]`, and `float32[n, s]` for some s.
        """
        ...

    def contributions_at(
        self, history: csr_array, book_rows: NDArray[np.int32], scales: NDArray[np.float32]
    ) -> Contributions:
        """See `Explainable.contributions`; `scales` are those of the history, `float32[1, s]`."""
        ...


@runtime_checkable
class SimilarBooks(Protocol):
    """The capability to name the books most like a book; absent where a model cannot."""

    def similar(self, book_rows: NDArray[np.int32], *, k: int) -> TopK:
        """The k books most like each of `book_rows`, `int32[m]`, themselves left out."""
        ...


def mask_seen(
    scores: NDArray[np.float32], history: csr_array, candidates: NDArray[np.int32] | None = None
) -> None:
    """Set the scores of the books of each history to -inf, in place."""
    users = np.repeat(np.arange(history.shape[0]), np.diff(history.indptr))
    columns = history.indices
    if candidates is not None:
        place = np.searchsorted(candidates, columns)
        found = np.append(candidates, PAD)[place] == columns
        users, columns = users[found], place[found]
    scores[users, columns] = -np.inf


def single_histories(book_rows: NDArray[np.int32], n_books: int) -> csr_array:
    """One history a book: that book alone. `float32[m, n_books]`."""
    ones = np.ones(book_rows.size, dtype=np.float32)
    return csr_array((ones, book_rows, np.arange(book_rows.size + 1)), shape=(book_rows.size, n_books))


def users_at_once(n_books: int) -> int:
    """For how many users, at most `BATCH`, the scores of all books fit into `SCORES_BYTES`; at least one."""
    return max(1, min(BATCH, SCORES_BYTES // (np.dtype(np.float32).itemsize * max(1, n_books))))


def recommend_all(model: Recommender, history: csr_array, *, k: int, threads: int = 2) -> TopK:
    """Rank books for many users, in batches on several threads.

    The batches and their order are the same whatever the number of threads, and BLAS runs on one thread in each,
    so the result has the same bytes on one core and on many.
    """

    n_users, n_books = history.shape
    size = users_at_once(n_books)

    def one_batch(start: int) -> TopK:
        return model.recommend(history[start : start + size], k=k)

    starts = range(0, max(1, n_users), size)
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(threads) as pool:
        parts = pool.map(one_batch, starts)
        return TopK.concatenate(list(progress(parts, f"rank with {model.kind}", total=len(starts))))
