"""Models of RecBole, by name: neural recommenders that serve the users of their training.

Zhao et al., "RecBole: Towards a Unified, Comprehensive and Efficient Framework for Recommendation Algorithms", CIKM
2021. RecBole trains; the interactions, the split, the seed and the metric that stops the training are ours. Its
networks stay in the training process: what is stored is what they say. So no pickle is written, and the API needs
neither RecBole nor torch. There are two kinds, for two ways to store it:

| kind | stores | for |
|---|---|---|
| recbole | the `depth` best unread books of each user | every model |
| recbole_vectors | a vector of each user and book | models whose scores are the products of such vectors, e.g. BPR |

Lists take 8 bytes a place and end at `depth`. Vectors rank the whole catalogue, and tell which books are alike.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator
from scipy.sparse import csr_array

from recs_core.data.idmap import PAD
from recs_core.data.interactions import InteractionSet
from recs_core.data.topk import TopK, top_k
from recs_core.errors import ParameterError
from recs_core.features.content import ContentFeatures
from recs_core.models.base import ModelConfig, mask_seen
from recs_core.models.factors import most_alike
from recs_core.models.recbole_names import GENERAL, REFUSED, SEQUENTIAL
from recs_core.models.recbole_shims import recbole_session
from recs_core.models.registry import register_transductive
from recs_core.models.transductive import Transductive
from recs_core.models.validated import Judge

if TYPE_CHECKING:
    from recs_core.models.recbole_training import Network


class RecBoleConfig(ModelConfig):
    """Which model, and how long it is trained."""

    model: str = Field("BPR", description="RecBole's name of the model")
    options: dict[str, Any] = Field({}, description="RecBole's own settings of the model and its training")
    epochs: int = Field(50, gt=0, description="at most; a model without epochs takes one")
    patience: int = Field(
        5, gt=0, description="epochs without a better judgement after which the training stops"
    )

    @field_validator("model")
    @classmethod
    def _is_known(cls, model: str) -> str:
        if model in REFUSED:
            raise ValueError(f"RecBole's {model} is not trained here: {REFUSED[model]}")
        if model not in GENERAL | SEQUENTIAL:
            raise ValueError(
                f"RecBole has no general or sequential model {model!r}; general are {sorted(GENERAL)}, "
                f"sequential (with times) {sorted(SEQUENTIAL)}"
            )
        return model


class RecBoleListsConfig(RecBoleConfig):
    """Which model, how long it is trained, and how much of its answers is kept."""

    depth: int = Field(
        200, gt=0, description="books kept for each user: the longest list, and what is read since"
    )


class _RecBole(Transductive):
    """What both kinds share: the training."""

    config: RecBoleConfig

    def fit(
        self, train: InteractionSet, features: ContentFeatures | None, *, rng: np.random.Generator
    ) -> Self:
        """See `Model.fit`; trains for all epochs, for nobody says when it is enough.

        Raises:
            DataError: a sequential model is trained without times.
            ParameterError: an option is not one of the model's.
        """
        return self._train(train, judge=None, rng=rng)

    def fit_validated(
        self,
        train: InteractionSet,
        features: ContentFeatures | None,
        *,
        judge: Judge,
        rng: np.random.Generator,
    ) -> Self:
        """See `Validated.fit_validated`; the judge is asked after each epoch. Raises as `fit` does."""
        return self._train(train, judge=judge, rng=rng)

    def _train(self, train: InteractionSet, *, judge: Judge | None, rng: np.random.Generator) -> Self:
        seed = int(rng.integers(2**31))
        with recbole_session(seed):
            # imported here: the API serves what was stored and never needs RecBole or torch
            from recs_core.models.recbole_data import Settings
            from recs_core.models.recbole_training import Network

            settings = Settings(self.config.model, self.config.options, epochs=self.config.epochs, seed=seed)
            network = Network(settings, train)
            network.learn(patience=self.config.patience, judge=judge)
            self._keep(network)
        return self

    @abstractmethod
    def _keep(self, network: Network) -> None:
        """Take over what is stored of a trained network."""


@register_transductive
class RecBoleLists(_RecBole):
    """The lists that a network would give, with books to spare for what is read later."""

    kind: ClassVar[str] = "recbole"
    Config: ClassVar[type[ModelConfig]] = RecBoleListsConfig
    config: RecBoleListsConfig
    lists: TopK
    catalogue_size: NDArray[np.int64]

    @property
    def n_books(self) -> int:
        """How many books the fitted model knows."""
        return int(self.catalogue_size[0])

    @property
    def n_users(self) -> int:
        """How many users the training had."""
        return len(self.lists)

    def _keep(self, network: Network) -> None:
        n_users, n_books = network.train.matrix.shape
        self.lists = network.rank(np.arange(n_users, dtype=np.int32), k=min(self.config.depth, n_books))
        self.catalogue_size = np.array([n_books])

    def score_users(self, user_rows: NDArray[np.int32], seen: csr_array) -> NDArray[np.float32]:
        """See `Transductive.score_users`; a book beyond `depth` has no score."""
        scores = np.full((user_rows.size, self.n_books), -np.inf, dtype=np.float32)
        books = self.lists.books[user_rows]
        users, places = np.nonzero((books != PAD) & (user_rows != PAD)[:, None])
        scores[users, books[users, places]] = self.lists.scores[user_rows][users, places]
        mask_seen(scores, seen)
        return scores

    def recommend_users(self, user_rows: NDArray[np.int32], seen: csr_array, *, k: int) -> TopK:
        """See `Transductive.recommend_users`."""
        if k > self.lists.k < self.n_books:
            raise ParameterError(
                f"{k} books are asked of lists of {self.lists.k}; raise `depth` and train again"
            )
        books, scores = self.lists.books[user_rows], self.lists.scores[user_rows]
        places = np.arange(user_rows.size, dtype=np.int64)
        keys = np.repeat(places, np.diff(seen.indptr)) * self.n_books + seen.indices
        gone = np.isin(places[:, None] * self.n_books + books, keys) | (user_rows == PAD)[:, None]
        books, scores = np.where(gone, PAD, books), np.where(gone, -np.inf, scores)
        # what is left moves up, in its order
        order = np.argsort(books == PAD, axis=1, kind="stable")[:, :k]
        short = ((0, 0), (0, k - order.shape[1]))
        return TopK(
            np.pad(np.take_along_axis(books, order, axis=1), short, constant_values=PAD).astype(np.int32),
            np.pad(np.take_along_axis(scores, order, axis=1), short, constant_values=-np.inf).astype(
                np.float32
            ),
        )

    def state(self) -> Mapping[str, NDArray[Any]]:
        """See `Model.state`."""
        return {"books": self.lists.books, "scores": self.lists.scores, "catalogue_size": self.catalogue_size}

    @classmethod
    def from_state(cls, config: ModelConfig, state: dict[str, NDArray[Any]]) -> Self:
        """See `Model.from_state`."""
        model = cls(config)
        model.lists = TopK(state["books"], state["scores"])
        model.catalogue_size = state["catalogue_size"]
        return model


@register_transductive
class RecBoleVectors(_RecBole):
    """A book's score is the product of its vector with the user's, both learned by a network."""

    kind: ClassVar[str] = "recbole_vectors"
    Config: ClassVar[type[ModelConfig]] = RecBoleConfig
    user_vectors: NDArray[np.float32]
    book_vectors: NDArray[np.float32]
    known: NDArray[np.bool_]

    @property
    def n_books(self) -> int:
        """How many books the fitted model knows."""
        return int(self.book_vectors.shape[0])

    @property
    def n_users(self) -> int:
        """How many users the training had."""
        return int(self.user_vectors.shape[0])

    def _keep(self, network: Network) -> None:
        vectors = network.vectors()
        if vectors is None:
            raise ParameterError(
                f"the scores of RecBole's {self.config.model} are no products of a user's and a book's vector; "
                "use the kind 'recbole', which keeps lists"
            )
        self.user_vectors, self.book_vectors = vectors
        self.known = network.known

    def score_users(self, user_rows: NDArray[np.int32], seen: csr_array) -> NDArray[np.float32]:
        """See `Transductive.score_users`."""
        scores = np.asarray(self.user_vectors[user_rows] @ self.book_vectors.T, dtype=np.float32)
        mask_seen(scores, seen)
        scores[(user_rows == PAD) | ~self.known[user_rows]] = -np.inf
        return scores

    def recommend_users(self, user_rows: NDArray[np.int32], seen: csr_array, *, k: int) -> TopK:
        """See `Transductive.recommend_users`."""
        return top_k(self.score_users(user_rows, seen), k)

    def similar(self, book_rows: NDArray[np.int32], *, k: int) -> TopK:
        """See `SimilarBooks.similar`: the cosine of the vectors."""
        products = self.book_vectors[book_rows] @ self.book_vectors.T
        return most_alike(products, np.linalg.norm(self.book_vectors, axis=1), book_rows, k=k)

    def state(self) -> Mapping[str, NDArray[Any]]:
        """See `Model.state`."""
        return {"user_vectors": self.user_vectors, "book_vectors": self.book_vectors, "known": self.known}

    @classmethod
    def from_state(cls, config: ModelConfig, state: dict[str, NDArray[Any]]) -> Self:
        """See `Model.from_state`."""
        model = cls(config)
        model.user_vectors, model.book_vectors = state["user_vectors"], state["book_vectors"]
        model.known = state["known"]
        return model
