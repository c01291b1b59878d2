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
from threadpoolctl import threadpool_limits

from recs_core.data.interactions import InteractionSet
from recs_core.data.topk import TopK
from recs_core.models.base import Recommender
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
    """

    users: NDArray[np.int32]
    lists: TopK

    def __len__(self) -> int:
        return int(self.users.size)

    def of(self, user_row: int, *, k: int) -> TopK | None:
        """The first k books for a reader, or None where there is no list or it is shorter than k.

        A list that ends in `PAD` holds all that can be recommended: it answers any k up to its depth.
        """
        place = int(np.searchsorted(self.users, user_row))
        if k > self.lists.k or place == self.users.size or self.users[place] != user_row:
            return None
        row = slice(place, place + 1)
        return TopK(self.lists.books[row, :k], self.lists.scores[row, :k])

    def arrays(self, prefix: str) -> dict[str, NDArray[Any]]:
        """All of it as named arrays; none where there is no list."""
        if not len(self):
            return {}
        return {
            f"{prefix}users": self.users,
            f"{prefix}books": self.lists.books,
            f"{prefix}scores": self.lists.scores,
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[Any]], prefix: str) -> PrecomputedLists:
        """What `arrays` named, without a copy."""
        if f"{prefix}users" not in arrays:
            return cls(np.empty(0, np.int32), TopK(np.empty((0, 0), np.int32), np.empty((0, 0), np.float32)))
        lists = TopK(arrays[f"{prefix}books"], arrays[f"{prefix}scores"])
        return cls(arrays[f"{prefix}users"], lists)


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
    matrix = history.matrix

    def one(user: int) -> TopK:
        return model.recommend(matrix[user : user + 1], k=config.depth)

    with threadpool_limits(1, user_api="blas"):
        lists = [one(user) for user in progress(users.tolist(), "precompute lists")]
    return PrecomputedLists(users, TopK.concatenate(lists))
