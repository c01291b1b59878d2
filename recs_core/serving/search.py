"""Search as it is served: the bundle's index, under the filters of a request."""

from __future__ import annotations

from recs_core.features.search_index import SearchIndex
from recs_core.serving.answer import RankedBook
from recs_core.serving.filters import EVERY_BOOK, BookFilter, FilterIndex


def find_books(
    index: SearchIndex, filters: FilterIndex, text: str, *, k: int, wanted: BookFilter
) -> list[RankedBook]:
    """The k books that a text means best of those that pass a filter, see `SearchIndex.search`.

    The books with all words are looked for among those that pass: a filter never leaves an empty list where
    it admits a book that has a word of the text.
    """
    mask = None if wanted == EVERY_BOOK else filters.mask(wanted)
    rows, scores = index.search(text, k=k, mask=mask)
    pairs = zip(rows.tolist(), scores.tolist(), strict=True)
    return [RankedBook(row, score, rank) for rank, (row, score) in enumerate(pairs, 1)]
