"""Search over a catalogue and books that came later, which have an index of their own: nothing is indexed anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recs_core.features.search_index import Group, SearchIndex, best_of, rarity_of

Mask = NDArray[np.bool_] | None
Found = tuple[NDArray[np.int32], NDArray[np.float32]]


@dataclass(frozen=True)
class JoinedSearch:
    """Two indexes as one. A word is as rare as it is in both together.

    Args:
        first: of the catalogue.
        second: of the books whose rows follow.
    """

    first: SearchIndex
    second: SearchIndex

    def __len__(self) -> int:
        return len(self.first) + len(self.second)

    def search(self, text: str, *, k: int, mask: Mask = None) -> Found:
        """See `SearchIndex.search`."""
        halves = self._halves(mask)
        with_isbn = [index.with_isbn(text, part) for index, part in zip(self._both, halves, strict=True)]
        if any(rows.size for rows in with_isbn):
            priors = [index.prior[rows] for index, rows in zip(self._both, with_isbn, strict=True)]
            return best_of(*self._joined(list(zip(with_isbn, priors, strict=True))), k)
        groups = self._groups(text)
        asked = list(zip(self._both, groups, halves, strict=True))
        found = [index.matching_all(words, part) for index, words, part in asked]
        if not any(rows.size for rows, _ in found):
            matching = [index.matching_most(words, part) for index, words, part in asked]
            most = max(number for *_, number in matching)
            found = [
                (rows, scores) if number == most else (rows[:0], scores[:0])
                for rows, scores, number in matching
            ]
        return best_of(*self._joined(found), k)

    @property
    def _both(self) -> tuple[SearchIndex, SearchIndex]:
        return self.first, self.second

    def _halves(self, mask: Mask) -> tuple[Mask, Mask]:
        n_first = len(self.first)
        return (None, None) if mask is None else (mask[:n_first], mask[n_first:])

    def _groups(self, text: str) -> tuple[list[Group], list[Group]]:
        """What each word of a text stands for in either index."""
        first, second = self.first.groups(text), self.second.groups(text)
        rarity = {
            word: rarity_of(min(group.books + second[word].books, len(self)), len(self))
            for word, group in first.items()
        }
        return (
            [replace(group, rarity=rarity[word]) for word, group in first.items()],
            [replace(group, rarity=rarity[word]) for word, group in second.items()],
        )

    def _joined(self, found: Sequence[Found]) -> Found:
        (rows, scores), (later, later_scores) = found
        after = later + np.int32(len(self.first))
        return np.concatenate([rows, after]).astype(np.int32), np.concatenate([scores, later_scores])
