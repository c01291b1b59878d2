"""The nearest of many vectors: exactly, or by a graph where there are so many that exactness costs too much.

The graph is HNSW (Malkov and Yashunin, IEEE TPAMI 42, 2020) as usearch builds it. It is built on one thread, whose
insertions have one order, so that the same vectors make the same bytes. It keeps vectors in full precision: books of
one author and series differ so little that half of it loses a tenth of the true neighbours on Book-Crossing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from usearch.index import Index

from recs_core.data.idmap import PAD
from recs_core.data.topk import TopK, top_k
from recs_core.errors import ArtifactError

CELLS = 2**24
"""Scores held at once by exact search: 64 MB."""

CONNECTIVITY = 16
EXPANSION_ADD = 128
EXPANSION_SEARCH = 128
"""How many candidates a search keeps: with it `benchmarks/ann.py` finds 0.99 of the exact ten on Book-Crossing."""


def exact_neighbours(
    vectors: NDArray[np.float32],
    queries: NDArray[np.float32],
    *,
    k: int,
    own_rows: NDArray[np.int32] | None = None,
) -> TopK:
    """The k vectors of the highest inner product with each query, by products of blocks.

    Args:
        vectors: `float32[n, d]`. A product of exactly 0, as with a vector of zeros, is nearness to nothing: it is
            never found.
        queries: `float32[m, d]`.
        k: length of the lists.
        own_rows: `int32[m]`, a row that each query must not find, itself; None where the queries are no rows.
    """
    at_once = max(1, CELLS // max(1, vectors.shape[0]))
    parts = []
    for start in range(0, queries.shape[0], at_once):
        block = queries[start : start + at_once]
        scores = np.asarray(block @ vectors.T, dtype=np.float32)
        scores[scores == 0] = -np.inf
        if own_rows is not None:
            scores[np.arange(block.shape[0]), own_rows[start : start + at_once]] = -np.inf
        parts.append(top_k(scores, k))
    if parts:
        return TopK.concatenate(parts)
    return TopK(np.empty((0, k), dtype=np.int32), np.empty((0, k), dtype=np.float32))


class Graph:
    """An approximate index of vectors by key; it never changes, `changed` makes another.

    Args:
        index: usearch's, in memory or mapped from a file.
    """

    def __init__(self, index: Index) -> None:
        self._index = index

    @classmethod
    def build(cls, keys: NDArray[np.int64], vectors: NDArray[np.float32]) -> Self:
        """Index vectors, `float32[n, d]`, under keys, `int64[n]`."""
        index = Index(
            ndim=vectors.shape[1],
            metric="ip",
            dtype="f32",
            connectivity=CONNECTIVITY,
            expansion_add=EXPANSION_ADD,
            expansion_search=EXPANSION_SEARCH,
        )
        _add(index, keys, vectors)
        return cls(index)

    def __len__(self) -> int:
        return len(self._index)

    @property
    def memory(self) -> int:
        """Bytes of vectors and edges."""
        return int(self._index.serialized_length)

    def changed(
        self, *, removed: NDArray[np.int64], keys: NDArray[np.int64], vectors: NDArray[np.float32]
    ) -> Graph:
        """A copy in memory without the keys `removed` and with new vectors under new keys."""
        # never this one: usearch would write to the pages of a mapped file
        index = self._index.copy()
        if removed.size:
            index.remove(removed.astype(np.uint64), threads=1)
        _add(index, keys, vectors)
        return Graph(index)

    def search(
        self, queries: NDArray[np.float32], k: int, *, expansion: int = EXPANSION_SEARCH
    ) -> NDArray[np.int64]:
        """The keys of about the k nearest of each query, `int64[m, k]`, padded with `PAD`.

        Args:
            queries: `float32[m, d]`.
            k: how many.
            expansion: how many candidates the search keeps; more take longer and miss less.
        """
        found = np.full((queries.shape[0], k), PAD, dtype=np.int64)
        if not len(self):
            return found
        self._index.expansion_search = max(expansion, k)  # type: ignore[misc]
        for row, query in enumerate(np.ascontiguousarray(queries)):
            keys = self._index.search(query, min(k, len(self)), threads=1).keys
            found[row, : len(keys)] = keys.astype(np.int64)
        return found

    def save(self, path: Path) -> None:
        """Write as usearch's own file, which holds no code."""
        self._index.save(path)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Memory-map what `save` wrote.

        Raises:
            ArtifactError: it is no file of usearch.
        """
        try:
            index = Index.restore(path, view=True)
        except (ValueError, RuntimeError) as error:
            raise ArtifactError(f"{path} is no index of usearch: {error}") from error
        if index is None:
            raise ArtifactError(f"{path} is no index of usearch")
        return cls(index)


def _add(index: Index, keys: NDArray[np.int64], vectors: NDArray[np.float32]) -> None:
    if keys.size:
        index.add(keys.astype(np.uint64), np.ascontiguousarray(vectors), threads=1)
