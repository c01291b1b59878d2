"""Data with an obvious answer, after the checkerboard of implicit's tests.

50 users and 50 books of two tastes. User i has read every book of its taste but book i: whoever knows what
readers of a taste read, or what the books of a taste look like, recommends book i first. The tastes are of
unequal size, so that for the larger one book i is the most popular unread book, too.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from recs_core.data.idmap import IdMap
from recs_core.data.interactions import InteractionSet
from recs_core.features.content import ContentFeatures

SIZE: Final = 50
"""Users, and books; user i's answer is book i."""


def in_larger_taste(rows: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Whether user or book rows are of the larger taste: three of every five."""
    return np.asarray(rows % 5 < 3)


def block_interactions() -> InteractionSet:
    """Each user with every book of its taste but the one of its own number."""
    rows = np.arange(SIZE, dtype=np.int32)
    read = in_larger_taste(rows)[:, None] == in_larger_taste(rows)[None, :]
    np.fill_diagonal(read, False)
    users = IdMap.from_ids([f"u{row:02d}" for row in rows], space="user")
    books = IdMap.from_ids([f"b{row:02d}" for row in rows], space="book")
    user_rows, book_rows = np.nonzero(read)
    return InteractionSet.from_rows(users, books, user_rows.astype(np.int32), book_rows.astype(np.int32))


def block_features() -> ContentFeatures:
    """Content vectors that are equal within a taste and perpendicular between tastes."""
    rows = np.arange(SIZE, dtype=np.int32)
    larger = in_larger_taste(rows)
    vectors = np.stack([larger, ~larger], axis=1).astype(np.float32)
    return ContentFeatures(block_interactions().books, vectors)
