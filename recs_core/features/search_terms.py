"""A sorted dictionary of words: a word itself, the words that begin with it, the words that it is a typing error of.

Errors are found by the grams of two characters that a word shares with others: an edit changes at most three of them
(Ukkonen, "Approximate string matching with q-grams", Theoretical Computer Science 92, 1992). So the words that share
enough are all that can be near; of these few the distance is computed. It is that of Damerau (CACM 7, 1964):
insertions, deletions, substitutions, and transpositions of neighbours that are not edited again.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recs_core.data.idmap import PAD

GRAMS_OF_AN_EDIT = 3
"""Of a transposition; the other edits change one or two."""


@dataclass(frozen=True)
class TermIndex:
    """Words, sorted; a word's place is its number.

    Args:
        terms: `str[n]`, ascending, each once; none is empty.
        grams: `int64[g]`, ascending: the grams of all words, with an end on either side of a word.
        gram_starts: `int64[g + 1]`, where the words of each gram begin.
        gram_terms: `int32[...]`, places of words, gram after gram, ascending.
        lengths: `uint8[n]`, characters of each word.
    """

    terms: NDArray[np.str_]
    grams: NDArray[np.int64]
    gram_starts: NDArray[np.int64]
    gram_terms: NDArray[np.int32]
    lengths: NDArray[np.uint8]

    @classmethod
    def build(cls, terms: NDArray[np.str_]) -> TermIndex:
        """Index sorted words, `str[n]`, of at most 255 characters."""
        codes = _codes(terms)
        lengths = (codes > 0).sum(axis=1).astype(np.uint8)
        bounded = np.pad(codes, ((0, 0), (1, 1)))
        keys = bounded[:, :-1].astype(np.int64) << 32 | bounded[:, 1:].astype(np.int64)
        within = np.arange(keys.shape[1]) <= lengths[:, None]
        places = np.broadcast_to(np.arange(terms.size, dtype=np.int32)[:, None], keys.shape)[within]
        grams, numbers = np.unique(keys[within], return_inverse=True)
        # a gram that a word repeats counts once
        pairs = np.unique(numbers.astype(np.int64) * max(1, terms.size) + places)
        of_gram, gram_terms = np.divmod(pairs, max(1, terms.size))
        starts = np.append(0, np.cumsum(np.bincount(of_gram, minlength=grams.size)))
        return cls(terms, grams, starts.astype(np.int64), gram_terms.astype(np.int32), lengths)

    def __len__(self) -> int:
        return int(self.terms.size)

    def place(self, word: str) -> int:
        """The place of a word, or `PAD` where it is not there."""
        place = bisect_left(self.terms, word)
        return place if place < len(self) and self.terms[place] == word else PAD

    def completions(self, prefix: str) -> slice:
        """The places of the words that begin with `prefix`, itself among them."""
        first = bisect_left(self.terms, prefix)
        return slice(first, bisect_left(self.terms, prefix + "\U0010ffff", lo=first))

    def near(self, word: str, *, distance: int) -> tuple[NDArray[np.int32], NDArray[np.int8]]:
        """The words that at most so many typing errors make of `word`, itself left out.

        All of them are found where a word has more grams than that many errors can change, so from 3 characters on
        for one error and from 6 on for two.

        Returns:
            Their places, `int32[m]`, ascending, and their distances, `int8[m]`.
        """
        code = np.array([ord(character) for character in word], dtype=np.uint32)
        bounded = np.pad(code, 1).astype(np.int64)
        keys = np.unique(bounded[:-1] << 32 | bounded[1:])
        shared = np.zeros(len(self), dtype=np.uint8)
        found = np.searchsorted(self.grams, keys)
        for key, gram in zip(keys.tolist(), found.tolist(), strict=True):
            if gram < self.grams.size and self.grams[gram] == key:
                shared[self.gram_terms[self.gram_starts[gram] : self.gram_starts[gram + 1]]] += 1
        enough = max(1, keys.size - GRAMS_OF_AN_EDIT * distance)
        places = np.flatnonzero(shared >= enough)
        places = places[np.abs(self.lengths[places].astype(np.int16) - code.size) <= distance]
        distances = edit_distances(code, _codes(self.terms)[places][:, : code.size + distance])
        near = (distances > 0) & (distances <= distance)
        return places[near].astype(np.int32), distances[near]

    def arrays(self, prefix: str) -> dict[str, NDArray[Any]]:
        """All of it as named arrays."""
        return {
            f"{prefix}terms": self.terms,
            f"{prefix}grams": self.grams,
            f"{prefix}gram_starts": self.gram_starts,
            f"{prefix}gram_terms": self.gram_terms,
            f"{prefix}term_lengths": self.lengths,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], prefix: str) -> TermIndex:
        """What `arrays` named, without a copy."""
        names = ("terms", "grams", "gram_starts", "gram_terms", "term_lengths")
        return cls(*(arrays[f"{prefix}{name}"] for name in names))


def _codes(terms: NDArray[np.str_]) -> NDArray[np.uint32]:
    """The code points of each word, `uint32[n, longest]`, 0 after its end; without a copy."""
    return terms.view(np.uint32).reshape(terms.size, -1) if terms.size else np.empty((0, 1), np.uint32)


def edit_distances(word: NDArray[np.uint32], others: NDArray[np.uint32]) -> NDArray[np.int8]:
    """How many edits, with transpositions of neighbours, make each of `others` of a word, `int8[m]`.

    Args:
        word: `uint32[l]`, code points.
        others: `uint32[m, longest]`, 0 after an end; l and longest are below 100.
    """
    texts = np.ascontiguousarray(others.T)
    width, count = texts.shape
    steps = np.arange(width + 1, dtype=np.int8)[:, None]
    before = previous = np.repeat(steps, count, axis=1)
    for row, character in enumerate(word):
        line = np.empty_like(previous)
        line[0] = row + 1
        np.minimum(previous[1:] + 1, previous[:-1] + (texts != character), out=line[1:])
        if row:
            swapped = (texts[1:] == word[row - 1]) & (texts[:-1] == character)
            line[2:] = np.where(swapped, np.minimum(line[2:], before[:-2] + 1), line[2:])
        # insertions: each place from any one before it
        line = np.minimum.accumulate(line - steps, axis=0) + steps
        before, previous = previous, line
    ends = (texts != 0).sum(axis=0)
    return np.asarray(previous[ends, np.arange(count)], dtype=np.int8)
