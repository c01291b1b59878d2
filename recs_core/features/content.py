"""Content features: one vector a book, and where they come from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recs_core.data.arrays import read_arrays, write_arrays
from recs_core.data.catalogue import Catalogue
from recs_core.data.idmap import IdMap
from recs_core.data.interactions import csr_from_arrays, csr_to_arrays
from recs_core.features.indexer import ContentConfig, ContentIndexer, fit_indexer

__all__ = ["ContentConfig", "ContentFeatures", "content_features", "vectorise"]


@dataclass(frozen=True)
class ContentFeatures:
    """What a model knows of metadata, whatever made it.

    Args:
        books: the id map of the rows.
        vectors: `float32[n_books, dimensions]`, of Euclidean length 1, or 0 for a book of which nothing is known.
        tfidf: `float32[n_books, n_features]`, CSR, rows of length 1 or 0, what the vectors are a summary of; None
            where the vectors were made otherwise.
    """

    books: IdMap
    vectors: NDArray[np.float32]
    tfidf: csr_array | None = None

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All of it as named arrays."""
        arrays = {"books": self.books.array, "vectors": self.vectors}
        if self.tfidf is None:
            return arrays
        n_features = np.array([self.tfidf.shape[1]], dtype=np.int64)
        return arrays | csr_to_arrays(self.tfidf, "tfidf.") | {"tfidf.n_features": n_features}

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[Any]]) -> ContentFeatures:
        """Put what `arrays` named together again, without a copy."""
        books = IdMap(arrays["books"], space="book")
        if "tfidf.n_features" not in arrays:
            return cls(books, arrays["vectors"])
        n_features = int(arrays["tfidf.n_features"].item())
        tfidf = csr_from_arrays(arrays, n_columns=n_features, prefix="tfidf.")
        return cls(books, arrays["vectors"], tfidf)

    def save(self, path: Path) -> None:
        """Write as an array folder."""
        write_arrays(path, self.arrays(), {"kind": "content"})

    @classmethod
    def load(cls, path: Path) -> ContentFeatures:
        """Open what `save` or `ContentIndex.save` wrote, memory-mapped.

        Raises:
            ArtifactError: the folder is missing or damaged.
        """
        return cls.from_arrays(read_arrays(path)[0])


def vectorise(indexer: ContentIndexer, catalogue: Catalogue) -> ContentFeatures:
    """The features of books by a fitted indexer."""
    tfidf = indexer.tfidf(catalogue)
    return ContentFeatures(catalogue.books, indexer.reduce(tfidf), tfidf)


def content_features(
    catalogue: Catalogue, config: ContentConfig, *, rng: np.random.Generator
) -> ContentFeatures:
    """Fit an indexer on a catalogue and vectorise it.

    Args:
        catalogue: the books, in the order of the rows.
        config: how.
        rng: starts the randomised SVD.

    Raises:
        DataError: no field counts.
    """
    return vectorise(fit_indexer(catalogue, config, rng=rng), catalogue)
