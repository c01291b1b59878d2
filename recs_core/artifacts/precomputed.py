"""Lists that are ready: the best books of the most active readers, made when the bundle is.

A list is the answer that the served model would give to the reader's history alone, to the bit: it is computed from
the same stored numbers by the same call, one reader at a time, for a product of many histories may be rounded
otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from scipy.sparse import csr_array
from threadpoolctl import threadpool_limits

from recs_core.data.interactions import InteractionSet
from recs_core.data.topk import TopK
from recs_core.models.base import Recommender, Scaled, mask_seen
from recs_core.progress import progress


class PrecomputeConfig(BaseModel):
    """For how many readers lists are made, and how long."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    users: int = Field(0, ge=0, description="the readers of the longest histories; 0 for none")
    depth: int = Field(100, gt=0, description="length of a list")


@dataclass(frozen=True)
class PrecomputedLists:
    """The lists of some readers.

    Args:
        users: `int32[m]`, their rows, ascending.
        lists: `int32[m, depth]` and `float32[m, depth]`, in their order.
        scales: `float32[m, s]`, those of the scores, for the explanation; s is 0 where the model has none.
    """

    users: NDArray[np.int32]
    lists: TopK
    scales: NDArray[np.float32]

    def __len__(self) -> int:
        return int(self.users.size)

    def of(self, user_row: int, *, k: int) -> TopK | None:
        """The first k books for a reader, or None where there is no list or it is shorter than k.

        A list that ends in `PAD` holds all that can be recommended: it answers any k up to its depth.
        """
        row = self._place(user_row)
        if k > self.lists.k or row is None:
            return None
        return TopK(self.lists.books[row, :k], self.lists.scores[row, :k])

    def scales_of(self, user_row: int) -> NDArray[np.float32] | None:
        """The scales of a reader's scores, `float32[1, s]`; None where there is no list or no scale."""
        row = self._place(user_row)
        return None if row is None or not self.scales.size else self.scales[row]

    def _place(self, user_row: int) -> slice | None:
        place = int(np.searchsorted(self.users, user_row))
        if place == self.users.size or self.users[place] != user_row:
            return None
        return slice(place, place + 1)

    def arrays(self, prefix: str) -> dict[str, NDArray[Any]]:
        """All of it as named arrays; none where there is no list."""
        if not len(self):
            return {}
        return {
            f"{prefix}users": self.users,
            f"{prefix}books": self.lists.books,
            f"{prefix}scores": self.lists.scores,
            f"{prefix}scales": self.scales,
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[Any]], prefix: str) -> PrecomputedLists:
        """What `arrays` named, without a copy."""
        if f"{prefix}users" not in arrays:
            nothing = np.empty((0, 0), np.float32)
            return cls(np.empty(0, np.int32), TopK(np.empty((0, 0), np.int32), nothing), nothing)
        lists = TopK(arrays[f"{prefix}books"], arrays[f"{prefix}scores"])
        return cls(arrays[f"{prefix}users"], lists, arrays[f"{prefix}scales"])


def most_active(history: InteractionSet, n: int) -> NDArray[np.int32]:
    """The rows of the n readers with the longest histories, ascending; equal ones by lower row, empty ones never."""
    counts = history.user_counts
    longest = np.argsort(-counts, kind="stable")[:n]
    return np.sort(longest[counts[longest] > 0]).astype(np.int32)


def precompute(model: Recommender, history: InteractionSet, config: PrecomputeConfig) -> PrecomputedLists:
    """Ask `model`, as it will be served, for the most active readers of `history`."""
    users = most_active(history, config.users)
    if not users.size:
        return PrecomputedLists.from_arrays({}, "")
    with threadpool_limits(1, user_api="blas"):
        made = [
            _one(model, history.matrix[user : user + 1], config.depth)
            for user in progress(users.tolist(), "precompute lists")
        ]
    lists, scales = zip(*made, strict=True)
    return PrecomputedLists(users, TopK.concatenate(list(lists)), np.concatenate(scales))


def _one(model: Recommender, history: csr_array, depth: int) -> tuple[TopK, NDArray[np.float32]]:
    if not isinstance(model, Scaled):
        return model.recommend(history, k=depth), np.empty((1, 0), dtype=np.float32)
    scores, scales = model.score_scaled(history)
    mask_seen(scores, history)
    return model.rank(scores, k=depth), scales
