"""Models that cannot fold in a history: they serve the users whom they were trained with, and nobody else.

Most neural recommenders are such (transductive, where `Recommender` is inductive): a user is a row of a table that
was learned. What such a model stores is therefore made when it is fitted: lists, or the vectors that lists come from.
New events of a user exclude books from the list but do not change the others' order.
"""

from __future__ import annotations

from abc import abstractmethod
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from threadpoolctl import threadpool_limits

from recs_core.data.interactions import InteractionSet
from recs_core.data.topk import TopK
from recs_core.errors import DataError
from recs_core.models.base import BATCH, Model, Recommender, recommend_all
from recs_core.progress import progress


class Transductive(Model):
    """A model that is asked with users of its training, by their rows."""

    @property
    @abstractmethod
    def n_users(self) -> int:
        """How many users the training had, with a history or without."""

    @abstractmethod
    def score_users(self, user_rows: NDArray[np.int32], seen: csr_array) -> NDArray[np.float32]:
        """Score books for users of the training.

        Args:
            user_rows: `int32[n]`; `PAD` for a user who is unknown.
            seen: `float32[n, n_books]`, the books that each has read by now.

        Returns:
            `float32[n, n_books]`, higher is better; -inf for a book that was read or of which the model keeps no
            score, and for all books of a user of whom the training had no history.
        """

    @abstractmethod
    def recommend_users(self, user_rows: NDArray[np.int32], seen: csr_array, *, k: int) -> TopK:
        """Rank books for users of the training.

        Args:
            user_rows: `int32[n]`; `PAD` for a user who is unknown.
            seen: `float32[n, n_books]`, the books that each has read by now; they are left out.
            k: length of the lists.

        Returns:
            Lists of book rows, padded where fewer than k books are left. A user of whom the training had no history
            gets a list of padding alone.

        Raises:
            ParameterError: k is longer than the lists that the model keeps.
        """


AnyModel: TypeAlias = Recommender | Transductive


def recommend_every_user(model: AnyModel, history: InteractionSet, *, k: int, threads: int = 2) -> TopK:
    """Rank books for all users in the way that the model has: by their histories, or by who they are.

    Args:
        model: a fitted model of either sort.
        history: what is known of each user; its books are left out.
        k: length of the lists.
        threads: how many batches are ranked at once; the result has the same bytes with any number.

    Raises:
        DataError: a transductive model was trained with other users.
    """
    if isinstance(model, Recommender):
        return recommend_all(model, history.matrix, k=k, threads=threads)
    if model.n_users != len(history.users):
        raise DataError(
            f"the model was trained with {model.n_users} users, not with these {len(history.users)}"
        )
    rows = np.arange(model.n_users, dtype=np.int32)

    def one_batch(start: int) -> TopK:
        batch = slice(start, start + BATCH)
        return model.recommend_users(rows[batch], history.matrix[batch], k=k)

    starts = range(0, max(1, rows.size), BATCH)
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(threads) as pool:
        parts = pool.map(one_batch, starts)
        return TopK.concatenate(list(progress(parts, f"rank with {model.kind}", total=len(starts))))
