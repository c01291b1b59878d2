"""TF-IDF of a book's fields, with the words chosen by how much they tell.

Each field is a space of its own: a sublinear term frequency times a smoothed inverse document frequency (Salton and
Buckley, 1988; the formulas of scikit-learn's `TfidfVectorizer`, so that the two can be compared), scaled to length 1
within the field, then by the field's weight, then to length 1 as a whole. Everything is NumPy and SciPy: a book that
comes later is vectorised where nothing is trained.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.sparse import csr_array, hstack

Terms = Sequence[Sequence[str]]
"""The terms of one field, of each book."""


@dataclass(frozen=True)
class Vocabulary:
    """The features of one field.

    Args:
        terms: sorted; a term's position is its feature.
        books: `int32[n_terms]`, how many books of the fitted catalogue have the term.
        idf: `float32[n_terms]`, ln((1 + n_books) / (1 + books)) + 1.
    """

    terms: tuple[str, ...]
    books: NDArray[np.int32]
    idf: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.terms)

    def tfidf(self, texts: Terms) -> csr_array:
        """The features of many books, `float32[n, n_terms]`, of length 1; 0 for a book without a known term."""
        place = {term: column for column, term in enumerate(self.terms)}
        counts = [
            Counter(column for term in text if (column := place.get(term)) is not None) for text in texts
        ]
        indptr = np.cumsum([0, *(len(count) for count in counts)])
        columns = np.array([column for count in counts for column in sorted(count)], dtype=np.int32)
        times = np.array([count[column] for count in counts for column in sorted(count)], dtype=np.float32)
        values = (np.log(times) + np.float32(1)) * self.idf[columns]
        shape = (len(counts), len(self))
        return unit_rows(csr_array((values, columns, indptr.astype(np.int32)), shape=shape))


def fit_vocabulary(
    texts: Terms, *, min_books: int, max_share: float, max_features: int | None, stop_words: frozenset[str]
) -> Vocabulary:
    """Choose the features of a field.

    A term is a feature if at least `min_books` books and at most a share of `max_share` of those that have the field
    at all have it. Of more than `max_features`, those stay whose TF-IDF varies most over the books: a feature that is
    nearly always 0, or nearly always the same, tells few books from others. Equal ones stay in alphabetical order.

    Args:
        texts: of each book of the catalogue.
        min_books: of how many books a term must be.
        max_share: 1 for no upper bound.
        max_features: None for no bound.
        stop_words: terms that are never features.
    """
    found = Counter(term for text in texts for term in set(text))
    described = sum(bool(text) for text in texts)
    most = max_share * described if max_share < 1 else described
    terms = sorted(
        term for term, books in found.items() if min_books <= books <= most and term not in stop_words
    )
    vocabulary = _vocabulary(terms, found, len(texts))
    if max_features is None or len(terms) <= max_features:
        return vocabulary
    matrix = vocabulary.tfidf(texts)
    n = len(texts)
    squares = csr_array(
        (matrix.data.astype(np.float64) ** 2, matrix.indices, matrix.indptr), shape=matrix.shape
    )
    variance = squares.sum(axis=0) / n - (matrix.sum(axis=0, dtype=np.float64) / n) ** 2
    kept = np.sort(np.argsort(-variance, kind="stable")[:max_features])
    return _vocabulary([terms[column] for column in kept], found, n)


def _vocabulary(terms: list[str], found: Counter[str], n_books: int) -> Vocabulary:
    books = np.array([found[term] for term in terms], dtype=np.int32)
    idf = np.log((1 + n_books) / (1 + books.astype(np.float64))) + 1
    return Vocabulary(tuple(terms), books, idf.astype(np.float32))


def weighted(blocks: Sequence[csr_array], weights: Sequence[float]) -> csr_array:
    """The fields side by side, each times its weight, then each book of length 1: `float32[n, n_features]`."""
    scaled = [block * np.float32(weight) for block, weight in zip(blocks, weights, strict=True)]
    return unit_rows(csr_array(hstack(scaled, format="csr", dtype=np.float32)))


def unit_rows(matrix: csr_array) -> csr_array:
    """Rows of Euclidean length 1; a row of zeros stays one."""
    lengths = np.sqrt(csr_array(matrix.multiply(matrix)).sum(axis=1))
    scale = np.where(lengths > 0, 1 / np.where(lengths > 0, lengths, 1), 0).astype(np.float32)
    data = matrix.data * np.repeat(scale, np.diff(matrix.indptr))
    return csr_array((data, matrix.indices, matrix.indptr), shape=matrix.shape)


def vocabulary_table(vocabularies: dict[str, Vocabulary]) -> pa.Table:
    """The features of all fields as a table of `field`, `term`, `books` and `idf`, in their order."""
    rows = [
        {"field": field, "term": term, "books": books, "idf": idf}
        for field, vocabulary in vocabularies.items()
        for term, books, idf in zip(
            vocabulary.terms, vocabulary.books.tolist(), vocabulary.idf.tolist(), strict=True
        )
    ]
    return pa.Table.from_pylist(rows, schema=VOCABULARY)


VOCABULARY = pa.schema(
    [
        pa.field("field", pa.string(), nullable=False),
        pa.field("term", pa.string(), nullable=False),
        pa.field("books", pa.int32(), nullable=False),
        pa.field("idf", pa.float32(), nullable=False),
    ]
)
"""The columns of a stored vocabulary."""


def vocabularies_of(table: pa.Table, fields: Sequence[str]) -> dict[str, Vocabulary]:
    """What `vocabulary_table` made a table of; a field without features has an empty one."""
    names = np.array(table["field"].to_pylist(), dtype=np.str_)
    terms = table["term"].to_pylist()
    books = np.array(table["books"].to_pylist(), dtype=np.int32)
    idf = np.array(table["idf"].to_pylist(), dtype=np.float32)
    found = {}
    for field in fields:
        places = np.flatnonzero(names == field)
        found[field] = Vocabulary(tuple(terms[place] for place in places), books[places], idf[places])
    return found
