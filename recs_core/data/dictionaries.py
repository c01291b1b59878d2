"""Texts as codes: each distinct text once, sorted, and for every row its position."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from recs_core.data.cleaning.growing import GrowingArray

NULL = -1
"""The code of a row without a text."""


@dataclass(frozen=True)
class Codes:
    """A column of texts.

    Args:
        texts: sorted, each once.
        codes: `int32[n]`, positions in `texts`; `NULL` where there is none.
    """

    texts: pa.StringArray
    codes: NDArray[np.int32]

    @classmethod
    def of(cls, column: pa.ChunkedArray) -> Codes:
        """The codes of a column of strings, dictionary-encoded or not; only texts that a row has are kept."""
        if not pa.types.is_dictionary(column.type):
            column = column.dictionary_encode()
        if column.num_chunks == 1 and not column.null_count:
            (chunk,) = column.chunks
            return cls(chunk.dictionary, np.asarray(chunk.indices.cast(pa.int32()))).sorted()
        builder = CodesBuilder()
        for chunk in column.chunks:
            builder.add(chunk.dictionary, np.asarray(chunk.indices.fill_null(NULL)))
        return builder.finish()

    def renamed(self, texts: pa.StringArray) -> Codes:
        """The same rows with another text for each of `texts`, which may be the same for several."""
        builder = CodesBuilder()
        builder.add(texts, self.codes)
        return builder.finish()

    def array(self, index: pa.DataType) -> pa.DictionaryArray:
        """As a dictionary-encoded array with indices of a type."""
        missing = self.codes == NULL
        indices = pa.array(self.codes, index, mask=missing if missing.any() else None)
        return pa.DictionaryArray.from_arrays(indices, self.texts)

    def sorted(self) -> Self:
        """The same rows, whatever order `texts` has; without texts that no row has."""
        used = np.zeros(len(self.texts) + 1, dtype=np.bool_)
        used[self.codes] = True
        order = np.asarray(pc.array_sort_indices(self.texts)).astype(np.int64)
        order = order[used[order]]
        if order.size == len(self.texts) and bool(np.all(order[:-1] < order[1:])):
            return self
        # the last place is that of NULL
        rank = np.full(len(self.texts) + 1, NULL, dtype=np.int32)
        rank[order] = np.arange(order.size, dtype=np.int32)
        return type(self)(self.texts.take(pa.array(order)), rank[self.codes])


class CodesBuilder:
    """Makes codes of blocks, each of which has its own texts."""

    def __init__(self) -> None:
        self._texts: list[pa.StringArray] = []
        self._codes = GrowingArray(np.int32)
        self._ends: list[int] = []

    def add(self, texts: pa.StringArray, codes: NDArray[np.signedinteger[Any]]) -> None:
        """Add a block.

        Args:
            texts: in any order, repeated or not.
            codes: `[n]`, for each row the position of its text; `NULL` where it has none.
        """
        self._texts.append(texts)
        self._codes.append(codes.astype(np.int32, copy=False))
        self._ends.append(self._codes.array().size)

    def finish(self) -> Codes:
        """The codes of all blocks, one after the other."""
        # each text of each block finds its place among all; the rows are then told in place
        encoded = pa.concat_arrays([*self._texts, pa.array([], pa.string())]).dictionary_encode()
        places = np.append(np.asarray(encoded.indices), np.int32(NULL))
        codes = self._codes.array()
        start, offset = 0, 0
        for texts, end in zip(self._texts, self._ends, strict=True):
            block = codes[start:end]
            codes[start:end] = places[np.where(block == NULL, NULL, block + np.int32(offset))]
            start, offset = end, offset + len(texts)
        return Codes(encoded.dictionary, codes).sorted()
