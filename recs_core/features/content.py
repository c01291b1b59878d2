"""Content features: what a book's metadata says, as a vector.

Words of title, author and publisher are weighted by TF-IDF, each field in its own space so that the author King is
not the word "king", then reduced by truncated SVD (latent semantic analysis: Deerwester et al., JASIS 1990).
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from threadpoolctl import threadpool_limits

from recs_core.data.arrays import read_arrays, write_arrays
from recs_core.data.catalogue import Catalogue
from recs_core.data.idmap import IdMap
from recs_core.errors import DataError


class ContentConfig(BaseModel):
    """How content vectors are made."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dimensions: int = Field(gt=0, description="length of a vector")
    min_books: int = Field(gt=0, description="a word that fewer books have is left out")
    title_weight: float = Field(ge=0)
    author_weight: float = Field(ge=0)
    publisher_weight: float = Field(ge=0)


@dataclass(frozen=True)
class ContentFeatures:
    """One vector a book.

    Args:
        books: the id map of the rows.
        vectors: `float32[n_books, dimensions]`, of Euclidean length 1, or 0 for a book with no known word.
    """

    books: IdMap
    vectors: NDArray[np.float32]

    def save(self, path: Path) -> None:
        """Write as an array folder."""
        write_arrays(path, {"books": self.books.array, "vectors": self.vectors}, {"kind": "content"})

    @classmethod
    def load(cls, path: Path) -> ContentFeatures:
        """Open what `save` wrote, memory-mapped."""
        arrays, _ = read_arrays(path)
        return cls(IdMap(arrays["books"], space="book"), arrays["vectors"])


def content_features(
    catalogue: Catalogue, config: ContentConfig, *, rng: np.random.Generator
) -> ContentFeatures:
    """Compute the content vectors of a catalogue.

    Args:
        catalogue: the books, in the order of the rows.
        config: how.
        rng: starts the randomised SVD.

    Raises:
        DataError: no word is in enough books.
    """
    # imported here, where features are made: the API loads vectors and never needs scikit-learn
    from scipy.sparse import hstack
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.preprocessing import normalize

    table = catalogue.table
    fields = (
        (config.title_weight, table["title"].to_pylist(), r"(?u)\b\w\w+\b"),
        (config.author_weight, [" ".join(names) for names in table["authors"].to_pylist()], None),
        (config.publisher_weight, [name or "" for name in table["publisher"].to_pylist()], None),
    )
    blocks = []
    for weight, texts, words in fields:
        # authors and publishers are names: one feature a name, not one a word of it
        tokens = {"token_pattern": words} if words else {"token_pattern": None, "analyzer": _whole}
        vectorizer = TfidfVectorizer(
            min_df=config.min_books,
            sublinear_tf=True,
            stop_words="english" if words else None,
            dtype=np.float32,
            **tokens,
        )
        # scikit-learn refuses a field of which no word is in enough books: it says nothing here
        with suppress(ValueError):
            blocks.append(vectorizer.fit_transform(texts) * weight)
    if not blocks:
        raise DataError(
            f"no title, author or publisher is shared by features.min_books={config.min_books} books"
        )
    tfidf = normalize(hstack(blocks, format="csr", dtype=np.float32))
    dimensions = min(config.dimensions, min(tfidf.shape) - 1)
    svd = TruncatedSVD(dimensions, random_state=int(rng.integers(2**31)))
    with threadpool_limits(1):
        # not fit_transform: its left singular vectors give a book without words noise instead of 0
        vectors = svd.fit(tfidf).transform(tfidf)
    # a book whose words all fell to the dimensions that were cut: what is left of it is rounding
    vectors[np.linalg.norm(vectors, axis=1) < 1e-6] = 0
    return ContentFeatures(catalogue.books, normalize(vectors).astype(np.float32))


def _whole(name: str) -> list[str]:
    folded = " ".join(name.casefold().replace(".", " ").split())
    return [folded] if folded else []
