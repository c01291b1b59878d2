"""The content indexer: fitted once on a catalogue, it turns the metadata of any book into a vector.

TF-IDF of each field (`recs_core.features.tfidf`), reduced by truncated SVD (latent semantic analysis: Deerwester et
al., JASIS 1990; the randomised algorithm of Halko, Martinsson and Tropp, SIAM Review 53, 2011). Fitting needs
scikit-learn; vectorising needs NumPy and SciPy alone, so that a worker or a server can do it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from scipy.sparse import csr_array, csr_matrix
from threadpoolctl import threadpool_limits

from recs_core.data.catalogue import Catalogue
from recs_core.errors import DataError
from recs_core.features.metadata import COLUMNS, FIELDS, field_terms
from recs_core.features.tfidf import Terms, Vocabulary, fit_vocabulary, weighted

NOTHING = 1e-6
"""A vector shorter than this is of a book whose words all fell to the dimensions that were cut: it is rounding."""


class ContentConfig(BaseModel):
    """How content vectors are made. A field of weight 0 is left out."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    dimensions: int = Field(128, gt=0, description="length of a vector")
    min_books: int = Field(2, gt=0, description="a word that fewer books have is left out")
    max_share: float = Field(1.0, gt=0, le=1, description="so is one that a larger share of the books has")
    max_features: int = Field(0, ge=0, description="of each field, so many that vary most; 0: all")
    title_weight: float = Field(0.5, ge=0)
    subtitle_weight: float = Field(0.25, ge=0)
    series_weight: float = Field(1.0, ge=0)
    author_weight: float = Field(1.0, ge=0)
    # what thousands of books share tells nobody's next book; a store with finer genres may weigh them
    genre_weight: float = Field(0.0, ge=0)
    publisher_weight: float = Field(0.3, ge=0)
    year_weight: float = Field(0.0, ge=0)
    language_weight: float = Field(0.0, ge=0)

    @property
    def weights(self) -> dict[str, float]:
        """Field to weight, of the fields that count, in the order of `FIELDS`."""
        weights: dict[str, float] = {field: getattr(self, f"{field}_weight") for field in FIELDS}
        return {field: weight for field, weight in weights.items() if weight > 0}


@dataclass(frozen=True)
class ContentIndexer:
    """A fitted indexer.

    Args:
        config: what it was fitted with.
        vocabularies: field to features, of the fields that count; one may be empty.
        components: `float32[dimensions, n_features]`, the right singular vectors; the features stand in the order
            of the vocabularies.
    """

    config: ContentConfig
    vocabularies: dict[str, Vocabulary]
    components: NDArray[np.float32]

    @property
    def dimensions(self) -> int:
        """The length of a vector: that of the configuration, or less where the catalogue is small."""
        return int(self.components.shape[0])

    def transform(self, catalogue: Catalogue) -> NDArray[np.float32]:
        """The vectors of books: `reduce` of their `tfidf`."""
        return self.reduce(self.tfidf(catalogue))

    def tfidf(self, catalogue: Catalogue) -> csr_array:
        """The weighted TF-IDF of books, `float32[n, n_features]`, of length 1, or 0 for a book with no known word.

        A book's row has the same bytes whatever other books it is computed with.
        """
        texts = texts_of(catalogue)
        blocks = [vocabulary.tfidf(texts[field]) for field, vocabulary in self.vocabularies.items()]
        return weighted(blocks, [self.config.weights[field] for field in self.vocabularies])

    def reduce(self, tfidf: csr_array) -> NDArray[np.float32]:
        """The vectors of rows of TF-IDF, `float32[n, dimensions]`, of length 1, or 0; each row by itself, too."""
        vectors = np.asarray(tfidf @ self.components.T, dtype=np.float32)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        known = lengths > NOTHING
        return np.where(known, vectors / np.where(known, lengths, 1), 0).astype(np.float32)


def texts_of(catalogue: Catalogue) -> dict[str, Terms]:
    """Field to the terms of each book."""
    books: list[dict[str, Any]] = catalogue.table.select(COLUMNS).to_pylist()
    terms = [field_terms(book) for book in books]
    return {field: [of_book[field] for of_book in terms] for field in FIELDS}


def fit_indexer(catalogue: Catalogue, config: ContentConfig, *, rng: np.random.Generator) -> ContentIndexer:
    """Choose the features of a catalogue and find the directions in which its books differ most.

    Args:
        catalogue: the books.
        config: how.
        rng: starts the randomised SVD.

    Returns:
        The indexer. Where fewer than two features are in enough books, its vectors are 0.

    Raises:
        DataError: no field counts.
    """
    # imported here, where features are made: who loads an indexer never needs scikit-learn
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    if not config.weights:
        raise DataError("every weight of features is 0: at least one field must count")
    texts = texts_of(catalogue)
    vocabularies = {
        field: fit_vocabulary(
            texts[field],
            min_books=config.min_books,
            max_share=config.max_share,
            max_features=config.max_features or None,
            stop_words=ENGLISH_STOP_WORDS if field in ("title", "subtitle") else frozenset(),
        )
        for field in config.weights
    }
    n_features = sum(map(len, vocabularies.values()))
    if n_features < 2:
        # as where a source has no table of books: nothing is known of any, and models of content say nothing
        return ContentIndexer(config, vocabularies, np.zeros((1, n_features), dtype=np.float32))
    unreduced = ContentIndexer(config, vocabularies, np.empty((0, n_features), dtype=np.float32))
    tfidf = csr_matrix(unreduced.tfidf(catalogue))
    dimensions = min(config.dimensions, min(tfidf.shape) - 1)
    svd = TruncatedSVD(dimensions, random_state=int(rng.integers(2**31)))
    with threadpool_limits(1):
        svd.fit(tfidf)
    return ContentIndexer(config, vocabularies, np.asarray(svd.components_, dtype=np.float32))
