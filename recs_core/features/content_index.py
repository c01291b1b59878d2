"""The content index: the vectors of a catalogue, kept up to date as books come, change and go, and searched.

A book's vector depends on its own metadata and on the fitted indexer alone. So an index that was changed book by
book has the same bytes of vectors as one that is built anew with the same indexer; only the graph, which depends on
the order of insertion, may find other neighbours where it is used at all. The words and directions of the indexer
stay as they were fitted: a word that nobody knew then says nothing until the next fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError
from scipy.sparse import csr_array, vstack

from recs_core.data.arrays import read_arrays, replacing_folder, save_array, write_manifest
from recs_core.data.catalogue import Catalogue
from recs_core.data.idmap import PAD, IdMap
from recs_core.data.topk import TopK, top_k
from recs_core.errors import ArtifactError, DataError, describe
from recs_core.features.content import ContentFeatures, vectorise
from recs_core.features.indexer import ContentConfig, ContentIndexer
from recs_core.features.neighbours import Graph, exact_neighbours
from recs_core.features.stored_indexer import load_indexer, save_indexer

GRAPH_FROM = 100_000
"""From so many books on neighbours come from a graph. `benchmarks/ann.py`: one exact search takes 2 ms among 36,000
books and 12 ms among 100,000, a search of the graph a fraction of one."""

GRAPH_FILE = "neighbours.usearch"


@dataclass(frozen=True)
class ContentIndex:
    """Vectors of a catalogue, and the indexer that makes more of them.

    Args:
        indexer: what it was fitted with.
        features: one vector a book.
        keys: `int64[n_books]`, each book's key in the graph, which stays when rows move; `PAD` for a vector of
            zeros, which no search finds. Empty without a graph.
        graph: what proposes neighbours; None where search is exact.
    """

    indexer: ContentIndexer
    features: ContentFeatures
    keys: NDArray[np.int64]
    graph: Graph | None

    @classmethod
    def build(
        cls, indexer: ContentIndexer, catalogue: Catalogue, *, graph_from: int = GRAPH_FROM
    ) -> ContentIndex:
        """Index a catalogue; from `graph_from` books on with a graph."""
        return cls.of(indexer, vectorise(indexer, catalogue), graph_from=graph_from)

    @classmethod
    def of(
        cls, indexer: ContentIndexer, features: ContentFeatures, *, graph_from: int = GRAPH_FROM
    ) -> ContentIndex:
        """Index features that `indexer` made."""
        if len(features.books) < graph_from:
            return cls(indexer, features, np.empty(0, dtype=np.int64), None)
        known = features.vectors.any(axis=1)
        keys = np.where(known, np.arange(known.size), PAD).astype(np.int64)
        return cls(indexer, features, keys, Graph.build(keys[known], features.vectors[known]))

    def __len__(self) -> int:
        return len(self.features.books)

    def update(
        self, changed: Catalogue, removed: Sequence[str] = (), *, graph_from: int = GRAPH_FROM
    ) -> ContentIndex:
        """The index after some books came or changed and others went; this one stays as it is.

        Args:
            changed: books that are new, or that replace the ones of their ids.
            removed: ids of books that are no longer there; an id that is not there, or is in `changed`, may be given.
            graph_from: as for `build`; an index that has a graph keeps it.
        """
        old = self.features
        gone = old.books.rows([*removed, *changed.books.array.tolist()], missing="pad")
        stays = np.ones(len(old.books), dtype=np.bool_)
        stays[gone[gone != PAD]] = False
        ids = np.concatenate([old.books.array[stays], changed.books.array])
        order = np.argsort(ids, kind="stable")
        fresh = vectorise(self.indexer, changed)
        features = ContentFeatures(
            IdMap(ids[order], space="book"),
            np.concatenate([old.vectors[stays], fresh.vectors])[order],
            csr_array(vstack([_tfidf(old)[stays], _tfidf(fresh)], format="csr"))[order],
        )
        if self.graph is None:
            return self.of(self.indexer, features, graph_from=graph_from)
        known = fresh.vectors.any(axis=1)
        first = int(self.keys.max(initial=PAD)) + 1
        added = np.where(known, first + np.arange(known.size), PAD).astype(np.int64)
        dropped = self.keys[~stays]
        graph = self.graph.changed(
            removed=dropped[dropped != PAD], keys=added[known], vectors=fresh.vectors[known]
        )
        return ContentIndex(self.indexer, features, np.concatenate([self.keys[stays], added])[order], graph)

    def similar(self, book_rows: NDArray[np.int32], *, k: int) -> TopK:
        """The k books of the highest cosine with each of `book_rows`, `int32[m]`, themselves left out."""
        return self._search(self.features.vectors[book_rows], k, own_rows=book_rows)

    def nearest(self, vectors: NDArray[np.float32], *, k: int) -> TopK:
        """The k books of the highest cosine with each vector, `float32[m, dimensions]` of length 1.

        A book that is not in the catalogue has its vector from `indexer.transform`.
        """
        return self._search(vectors, k, own_rows=None)

    def _search(self, queries: NDArray[np.float32], k: int, *, own_rows: NDArray[np.int32] | None) -> TopK:
        vectors = self.features.vectors
        if self.graph is None:
            return exact_neighbours(vectors, queries, k=k, own_rows=own_rows)
        row_of = np.full(int(self.keys.max(initial=PAD)) + 2, PAD, dtype=np.int32)
        row_of[self.keys] = np.arange(self.keys.size, dtype=np.int32)
        # the last place is that of the key PAD
        row_of[PAD] = PAD
        rows = row_of[self.graph.search(queries, k + 1)]
        rows.sort(axis=1)
        scores = np.einsum("mkd,md->mk", vectors[rows], queries, dtype=np.float32)
        skip = (rows == PAD) | (scores == 0)
        if own_rows is not None:
            skip |= rows == own_rows[:, None]
        scores[skip] = -np.inf
        best = top_k(scores, k)
        books = np.take_along_axis(np.pad(rows, ((0, 0), (0, 1)), constant_values=PAD), best.books, axis=1)
        return TopK(books.astype(np.int32), best.scores)

    def save(self, path: Path) -> None:
        """Write as an array folder, which `ContentFeatures.load` opens too."""
        with replacing_folder(path) as folder:
            for name, array in self.features.arrays().items():
                save_array(folder / f"{name}.npy", array)
            save_indexer(folder, self.indexer)
            if self.graph is not None:
                save_array(folder / "keys.npy", self.keys)
                self.graph.save(folder / GRAPH_FILE)
            write_manifest(folder, {"kind": "content", "config": self.indexer.config.model_dump()})

    @classmethod
    def load(cls, path: Path) -> ContentIndex:
        """Open what `save` wrote: arrays and graph are memory-mapped.

        Raises:
            ArtifactError: the folder is missing, damaged or no content index.
        """
        arrays, meta = read_arrays(path)
        try:
            config = ContentConfig.model_validate(meta["config"])
            indexer = load_indexer(path, config)
            features = ContentFeatures.from_arrays(arrays)
        except ValidationError as error:
            raise ArtifactError(f"{path}: {describe(error, where='meta.config')}") from None
        except KeyError as error:
            raise ArtifactError(f"{path} is no content index: {error}") from error
        if "keys" not in arrays:
            return cls(indexer, features, np.empty(0, dtype=np.int64), None)
        return cls(indexer, features, arrays["keys"], Graph.load(path / GRAPH_FILE))


def _tfidf(features: ContentFeatures) -> csr_array:
    if features.tfidf is None:
        raise DataError("a content index needs features with the TF-IDF that their vectors were made of")
    return features.tfidf
