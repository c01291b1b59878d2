"""From interactions as they were read to the matrix that models see: k-core and random split."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recs_core.data.idmap import IdMap
from recs_core.data.interactions import InteractionSet
from recs_core.errors import DataError


@dataclass(frozen=True)
class Split:
    """Three disjoint parts of the same users' interactions."""

    train: InteractionSet
    validation: InteractionSet
    test: InteractionSet

    PARTS = ("train", "validation", "test")

    def save(self, path: Path) -> None:
        """Write each part as an array folder below `path`."""
        for part in self.PARTS:
            getattr(self, part).save(path / part)

    @classmethod
    def load(cls, path: Path) -> Split:
        """Open what `save` wrote, memory-mapped."""
        return cls(*(InteractionSet.load(path / part) for part in cls.PARTS))

    @property
    def known_before_test(self) -> InteractionSet:
        """What is known of a reader when the test begins: train and validation."""
        return self.train.union(self.validation)

    @property
    def everything(self) -> InteractionSet:
        """All interactions: what is known of a reader when the store serves them."""
        return self.known_before_test.union(self.test)


def k_core(interactions: pa.Table, *, per_user: int, per_book: int) -> InteractionSet:
    """The largest part in which every user has `per_user` and every book `per_book` interactions.

    Users and books below the bound are removed in turns until none is left (Seidman, "Network structure and
    minimum degree", 1983, for the two sides of a bipartite graph).

    Raises:
        DataError: nothing is left.
    """
    users = np.asarray(interactions["user_id"].to_numpy(zero_copy_only=False), dtype=np.str_)
    books = np.asarray(interactions["book_id"].to_numpy(zero_copy_only=False), dtype=np.str_)
    while users.size:
        user_names, user_codes = np.unique(users, return_inverse=True)
        book_names, book_codes = np.unique(books, return_inverse=True)
        keep = (np.bincount(user_codes)[user_codes] >= per_user) & (
            np.bincount(book_codes)[book_codes] >= per_book
        )
        if keep.all():
            user_map, book_map = IdMap(user_names, space="user"), IdMap(book_names, space="book")
            rows = user_codes.astype(np.int32), book_codes.astype(np.int32)
            return InteractionSet.from_rows(user_map, book_map, *rows)
        users, books = users[keep], books[keep]
    raise DataError(
        f"no interaction is left with data.min_per_user={per_user} and data.min_per_book={per_book}; "
        f"lower them"
    )


def split_random(
    interactions: InteractionSet, *, validation_share: float, test_share: float, rng: np.random.Generator
) -> Split:
    """Hold out a random share of each user's interactions for validation and test.

    Every user with at least three interactions gives at least one to each part; the shares are rounded down
    beyond that. A user with fewer stays in train whole.

    Args:
        interactions: what to split.
        validation_share, test_share: of each user's interactions, in (0, 1), together below 1.
        rng: decides which.
    """
    matrix = interactions.matrix
    counts = np.diff(matrix.indptr)
    user_rows = np.repeat(np.arange(len(interactions.users), dtype=np.int32), counts)
    order = np.lexsort((rng.random(matrix.nnz), user_rows))
    place = np.empty(matrix.nnz, dtype=np.int64)
    place[order] = np.arange(matrix.nnz) - np.repeat(matrix.indptr[:-1], counts)
    # at least two are left for the other parts after test, and one after validation
    test_counts = _held_out(counts, test_share, at_most=counts - 2)
    n_test = test_counts[user_rows]
    n_validation = _held_out(counts, validation_share, at_most=counts - test_counts - 1)[user_rows]
    in_test = place < n_test
    in_validation = ~in_test & (place < n_test + n_validation)

    def part(mask: NDArray[np.bool_]) -> InteractionSet:
        pairs = user_rows[mask], matrix.indices[mask].astype(np.int32)
        return InteractionSet.from_rows(interactions.users, interactions.books, *pairs)

    return Split(part(~in_test & ~in_validation), part(in_validation), part(in_test))


def _held_out(
    counts: NDArray[np.integer], share: float, *, at_most: NDArray[np.integer]
) -> NDArray[np.int64]:
    wanted = np.clip(np.floor(counts * share), 1, np.maximum(1, at_most))
    return np.where(counts >= 3, wanted, 0).astype(np.int64)
