"""Which books have a word, and what it counts there: the part of BM25F that does not depend on what is asked."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recs_core.data.catalogue import Catalogue
from recs_core.features.search_text import COLUMNS, FIELDS, field_words

BATCH = 2**16
"""Books that are read from the catalogue at once."""


@dataclass(frozen=True)
class Postings:
    """The books of each word, in the order of the dictionary.

    Args:
        starts: `int64[n_terms + 1]`, where the books of each word begin.
        rows: `int32[...]`, book rows, word after word, ascending.
        weights: `float32[...]`, beside them, what the word counts in the book, above 0 and below 1: t / (k1 + t),
            where t = sum over fields of weight * times / (1 - b + b * length / mean length).
    """

    starts: NDArray[np.int64]
    rows: NDArray[np.int32]
    weights: NDArray[np.float32]

    def of(self, start: int, stop: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Rows and weights of the words from `start` to before `stop`, one after the other."""
        span = slice(int(self.starts[start]), int(self.starts[stop]))
        return self.rows[span], self.weights[span]

    def arrays(self, prefix: str) -> dict[str, NDArray[Any]]:
        """All of it as named arrays."""
        return {
            f"{prefix}starts": self.starts,
            f"{prefix}rows": self.rows,
            f"{prefix}weights": self.weights,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], prefix: str) -> Postings:
        """What `arrays` named, without a copy."""
        return cls(*(arrays[f"{prefix}{name}"] for name in ("starts", "rows", "weights")))


def build_postings(
    catalogue: Catalogue, field_weights: Sequence[float], *, saturation: float, length_share: float
) -> tuple[NDArray[np.str_], Postings]:
    """The words of a catalogue, `str[n_terms]`, ascending, and which books have them.

    Args:
        catalogue: the books, in the order of the rows.
        field_weights: of `FIELDS`, in their order; a field of weight 0 is left out.
        saturation: BM25's k1.
        length_share: BM25's b, the same for all fields.
    """
    counted = [number for number, weight in enumerate(field_weights) if weight > 0]
    terms, numbers, cells = _occurrences(catalogue, counted)
    n_books, n_fields = len(catalogue), len(FIELDS)
    lengths = np.bincount(cells, minlength=n_books * n_fields).reshape(n_books, n_fields)
    means = lengths.sum(axis=0) / np.maximum(1, (lengths > 0).sum(axis=0))
    shortened = 1 - length_share + length_share * lengths / np.maximum(1, means)
    # of an occurrence: the weight of its field, less in a long one
    counts = (np.asarray(field_weights) / shortened).ravel()[cells]
    keys = numbers.astype(np.int64) * max(1, n_books) + cells // n_fields
    order = np.argsort(keys, kind="stable")
    pairs, firsts = np.unique(keys[order], return_index=True)
    totals = np.add.reduceat(counts[order], firsts) if pairs.size else counts
    of_term, rows = np.divmod(pairs, max(1, n_books))
    starts = np.append(0, np.cumsum(np.bincount(of_term, minlength=terms.size))).astype(np.int64)
    weights = (totals / (saturation + totals)).astype(np.float32)
    return terms, Postings(starts, rows.astype(np.int32), weights)


def _occurrences(
    catalogue: Catalogue, counted: Sequence[int]
) -> tuple[NDArray[np.str_], NDArray[np.int64], NDArray[np.int64]]:
    """All words, and of each occurrence of one its place among them and its cell, row * n_fields + field."""
    seen: dict[str, int] = {}
    numbers, cells = array("q"), array("q")
    row = 0
    for batch in catalogue.table.select(COLUMNS).to_batches(max_chunksize=BATCH):
        for book in batch.to_pylist():
            fields = field_words(book)
            for field in counted:
                words = fields[FIELDS[field]]
                numbers.extend(seen.setdefault(word, len(seen)) for word in words)
                cells.extend([row * len(FIELDS) + field] * len(words))
            row += 1
    terms = np.array(list(seen), dtype=np.str_) if seen else np.empty(0, dtype="<U1")
    order = np.argsort(terms)
    place = np.empty_like(order)
    place[order] = np.arange(order.size)
    return terms[order], place[np.asarray(numbers, dtype=np.int64)], np.asarray(cells, dtype=np.int64)
