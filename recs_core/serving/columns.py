"""The catalogue's columns as arrays, read once, so that a request never walks over the catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

N = TypeVar("N", bound=np.generic)


@dataclass(frozen=True)
class Labels:
    """Which labels each book has, and which books have a label: both ways, as sorted rows.

    Rows and not a bit a book: a bit for each of thousands of genres would take more memory than the catalogue.

    Args:
        places: label to its number, folded as `fold` does.
        by_book: `int32[nnz]`, numbers of labels, book after book.
        book_starts: `int64[n_books + 1]`, where the labels of each book begin.
        by_label: `int32[nnz]`, book rows, label after label, ascending.
        label_starts: `int64[n_labels + 1]`, where the books of each label begin.
    """

    places: dict[str, int]
    by_book: NDArray[np.int32]
    book_starts: NDArray[np.int64]
    by_label: NDArray[np.int32]
    label_starts: NDArray[np.int64]

    @classmethod
    def of(cls, column: pa.ChunkedArray) -> Self:
        """Read a column of strings, or of lists of strings. Null and blank texts are no labels."""
        rows = np.arange(len(column), dtype=np.int32)
        texts = column.combine_chunks()
        if pa.types.is_list(texts.type):
            rows = values(pc.list_parent_indices(texts), np.int64).astype(np.int32)
            texts = pc.list_flatten(texts)
        encoded = fold_column(texts).dictionary_encode()
        names = encoded.dictionary.to_pylist()
        codes = np.where(known(encoded.indices), values(encoded.indices, np.int32), -1)
        said = np.array([bool(name) for name in names] + [False])[codes]
        # a label that a book repeats counts once
        keys = _distinct(rows[said].astype(np.int64) * max(1, len(names)) + codes[said])
        of_book, of_label = np.divmod(keys, max(1, len(names)))
        # few labels are sorted by counting them
        by_label = np.argsort(of_label.astype(np.uint16 if len(names) < 2**16 else np.int32), kind="stable")
        return cls(
            places={name: place for place, name in enumerate(names) if name},
            by_book=of_label.astype(np.int32),
            book_starts=_starts(of_book, len(column)),
            by_label=of_book[by_label].astype(np.int32),
            label_starts=_starts(of_label, len(names)),
        )

    def of_book(self, book_row: int) -> NDArray[np.int32]:
        """The numbers of a book's labels, `int32[l]`, ascending."""
        return self.by_book[self.book_starts[book_row] : self.book_starts[book_row + 1]]

    def books_with(self, label: str) -> NDArray[np.int32]:
        """The rows of the books that have a label, `int32[m]`, ascending; none where nobody has it."""
        place = self.places.get(fold(label))
        return self.by_label[:0] if place is None else self.books_of(place)

    def books_of(self, place: int) -> NDArray[np.int32]:
        """The rows of the books that have the label of a number, `int32[m]`, ascending."""
        return self.by_label[self.label_starts[place] : self.label_starts[place + 1]]

    def mask(self, labels: tuple[str, ...]) -> NDArray[np.bool_]:
        """Which books have any of the labels, `bool[n_books]`."""
        found = np.zeros(self.book_starts.size - 1, dtype=np.bool_)
        for label in labels:
            found[self.books_with(label)] = True
        return found


def fold(text: str) -> str:
    """A text without what people write differently: case, and space around it."""
    return text.strip().lower()


def fold_column(texts: pa.Array) -> pa.Array:
    """`fold` of each text."""
    return pc.utf8_lower(pc.utf8_trim_whitespace(texts))


def numbers(column: pa.ChunkedArray) -> NDArray[np.float64]:
    """A column of numbers, `float64[n_books]`, NaN where one is null."""
    array = column.combine_chunks().cast(pa.float64())
    return np.where(known(array), values(array, np.float64), np.nan)


def truths(column: pa.ChunkedArray) -> NDArray[np.bool_]:
    """A column of truths, `bool[n_books]`, False where one is null."""
    array = column.combine_chunks()
    return known(array) & values(array.cast(pa.uint8()), np.uint8).astype(np.bool_)


def known(array: pa.Array) -> NDArray[np.bool_]:
    """Which values are not null, `bool[n]`."""
    return values(array.is_valid().cast(pa.uint8()), np.uint8).astype(np.bool_)


def values(array: pa.Array, dtype: type[N]) -> NDArray[N]:
    """The numbers of an array, of the type that it has; anything where one is null.

    By the bytes, for `to_numpy` and `fill_null` would import pandas, which the API does without.
    """
    buffer = array.buffers()[1]
    if buffer is None:
        return np.empty(0, dtype=dtype)
    return np.frombuffer(
        buffer, dtype=dtype, count=len(array), offset=array.offset * np.dtype(dtype).itemsize
    )


def _distinct(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """Each of them once, ascending: what is nearly in order is sorted faster than `numpy.unique` hashes it."""
    ordered: NDArray[np.int64] = np.sort(keys, kind="stable")
    distinct: NDArray[np.int64] = ordered[np.append(True, ordered[1:] != ordered[:-1])[: ordered.size]]
    return distinct


def _starts(places: NDArray[np.integer], n: int) -> NDArray[np.int64]:
    """Where each of n places begins once they are sorted, and the end, `int64[n + 1]`."""
    return np.append(0, np.cumsum(np.bincount(places, minlength=n))).astype(np.int64)
