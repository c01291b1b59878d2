"""Ranked lists, and how they are taken from scores."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recs_core.data.arrays import read_arrays, write_arrays
from recs_core.data.idmap import PAD
from recs_core.display import ROWS, rows_table

GROUPS = 512
"""Into how many groups a row of scores is divided to see quickly which of them may be in the list."""


@dataclass(frozen=True)
class TopK:
    """The best books of each user, best first.

    Args:
        books: `int32[n, k]`; a list shorter than k ends in `PAD`.
        scores: `float32[n, k]`, descending; `-inf` beside a `PAD`.
    """

    books: NDArray[np.int32]
    scores: NDArray[np.float32]

    def __len__(self) -> int:
        return int(self.books.shape[0])

    @property
    def k(self) -> int:
        """The length of a padded list."""
        return int(self.books.shape[1])

    @classmethod
    def concatenate(cls, parts: list[TopK]) -> TopK:
        """Lists of several batches of users, one below the other."""
        return cls(np.concatenate([p.books for p in parts]), np.concatenate([p.scores for p in parts]))

    def _repr_html_(self) -> str:
        """The first lists, as `book row: score`."""
        rows = [
            [
                place,
                *(f"{book}: {score:.3f}" for book, score in zip(books, scores, strict=True) if book != PAD),
            ]
            for place, (books, scores) in enumerate(
                zip(self.books[:ROWS, :ROWS].tolist(), self.scores[:ROWS, :ROWS].tolist(), strict=True)
            )
        ]
        ranks = [str(rank) for rank in range(1, min(self.k, ROWS) + 1)]
        return rows_table(["list", *ranks], rows, total=len(self))

    def save(self, path: Path) -> None:
        """Write as an array folder."""
        write_arrays(path, {"books": self.books, "scores": self.scores}, {"kind": "topk"})

    @classmethod
    def load(cls, path: Path) -> TopK:
        """Open what `save` wrote, memory-mapped.

        Raises:
            ArtifactError: the folder is missing or damaged.
        """
        arrays, _ = read_arrays(path)
        return cls(arrays["books"], arrays["scores"])


def top_k(scores: NDArray[np.float32], k: int) -> TopK:
    """Take the k highest scores of each row; equal scores go to the lower column.

    Args:
        scores: `float32[n, m]`; `-inf` marks what must not be taken.
        k: length of the lists, at least 1; a list that has fewer books to take is padded.
    """
    n_rows = scores.shape[0]
    books = np.full((n_rows, k), PAD, dtype=np.int32)
    best = np.full((n_rows, k), -np.inf, dtype=np.float32)
    for row in range(n_rows):
        # partition is slow on long rows and on many equal values, so what cannot be in the list goes first
        eligible = _eligible(scores[row], k)
        line = scores[row][eligible]
        if line.size > k:
            # partition breaks ties at the border as it likes: keep all that reach the border, then sort them
            reached = np.flatnonzero(line >= np.partition(line, line.size - k)[line.size - k])
            eligible, line = eligible[reached], line[reached]
        order = np.argsort(-line, kind="stable")[:k]
        books[row, : order.size] = eligible[order]
        best[row, : order.size] = line[order]
    return TopK(books, best)


def _eligible(line: NDArray[np.float32], k: int) -> NDArray[np.intp]:
    """Where the k highest of a line are, and others that are nearly as high; ascending, without -inf.

    The highest of each of many groups are as many different entries. At least k entries reach the k-th highest of
    them, so what does not is out, and with it every group whose highest does not.
    """
    groups = max(GROUPS, 4 * k)
    in_each = line.size // groups
    if in_each < 4:
        return np.flatnonzero(line > -np.inf)
    grouped = line[: groups * in_each].reshape(groups, in_each)
    highest = grouped.max(axis=1)
    floor = np.partition(highest, groups - k)[groups - k]
    if floor == -np.inf:
        return np.flatnonzero(line > -np.inf)
    open_ = np.flatnonzero(highest >= floor)
    group, place = np.divmod(np.flatnonzero(grouped[open_] >= floor), in_each)
    rest = groups * in_each
    return np.concatenate((open_[group] * in_each + place, rest + np.flatnonzero(line[rest:] >= floor)))
