"""A bundle that takes in books which are new to the store, until the next training knows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.json

from recs_core.artifacts.bundle import INDEXER, NO_LISTS, Bundle
from recs_core.data.appended import AppendedCatalogue
from recs_core.data.catalogue import SCHEMA, Catalogue
from recs_core.data.idmap import PAD, IdMap
from recs_core.data.interactions import InteractionSet
from recs_core.errors import ArtifactError
from recs_core.features.content import vectorise
from recs_core.features.joined_search import JoinedSearch
from recs_core.features.search_index import SearchIndex
from recs_core.features.stored_indexer import load_indexer
from recs_core.models.grown import can_grow, grown
from recs_core.models.hybrid import Hybrid
from recs_core.serving.shelf import BookState

MOST: Final = 10_000
"""New books that are taken in; where there are more, it is time for a training, and the first by id are."""

CONTENT: Final = tuple(name for name in SCHEMA.names if name not in ("book_id", "price", "available"))
"""The columns that say what a book is, and not what it costs today."""


def takes_newcomers(bundle: Bundle) -> bool:
    """Whether a bundle can take in new books: it has its content indexer, and content counts in its model."""
    return bundle.meta.indexer is not None and can_grow(bundle.model)


def newcomers_of(states: Mapping[str, BookState], books: IdMap) -> Catalogue:
    """The books that are new, of those that the store has said something of.

    Args:
        states: book id to all that the store said. A book without a title is not known well enough.
        books: those that are not new.
    """
    told = sorted(book_id for book_id, state in states.items() if state.get("title"))
    rows = books.rows(told, missing="pad").tolist() if told else []
    new = [book_id for book_id, row in zip(told, rows, strict=True) if row == PAD]
    known = {book_id: states[book_id] for book_id in new[:MOST]}
    records = [
        {"book_id": book_id, "authors": [], "genres": []}
        | {name: state[name] for name in CONTENT if state.get(name) is not None}
        for book_id, state in known.items()
    ]
    return Catalogue(_table(records))


def _table(records: list[dict[str, Any]]) -> pa.Table:
    # by JSON, for Arrow would import pandas to look at Python's lists
    if not records:
        return pa.Table.from_batches([], schema=SCHEMA)
    text = b"\n".join(map(orjson.dumps, records))
    table = pyarrow.json.read_json(
        pa.BufferReader(text),
        read_options=pyarrow.json.ReadOptions(use_threads=False, block_size=len(text) + 1),
        parse_options=pyarrow.json.ParseOptions(explicit_schema=SCHEMA),
    )
    return table.select(SCHEMA.names).cast(SCHEMA)


def with_newcomers(bundle: Bundle, books: Catalogue) -> Bundle:
    """A bundle that has more books, after its own; it shares what it can with the one that it is made of.

    New books have no reader, and their vectors are made by the bundle's own indexer: the same as those of a bundle
    that was built with them. Ready lists are left out, for they do not have the new books.

    Args:
        bundle: see `takes_newcomers`; without new books.
        books: new ones.

    Raises:
        ArtifactError: the bundle cannot take in new books, or the files of its indexer are gone.
        DataError: a book is none of the new ones.
    """
    model, config, search = bundle.model, bundle.meta.indexer, bundle.search
    if config is None or not isinstance(model, Hybrid) or not isinstance(search, SearchIndex):
        raise ArtifactError(f"bundle {bundle.version} cannot take in new books")
    features = vectorise(load_indexer(bundle.path, config, prefix=INDEXER), books)
    # an indexer's features have it
    assert features.tfidf is not None  # noqa: S101  # nosec B101
    catalogue = AppendedCatalogue(bundle.catalogue, books)
    matrix, n_new = bundle.history.matrix, len(books)
    wide = type(matrix)((matrix.data, matrix.indices, matrix.indptr), shape=(matrix.shape[0], len(catalogue)))
    unread = np.zeros(n_new, dtype=np.int64)
    return replace(
        bundle,
        books=catalogue.books,
        history=InteractionSet(bundle.users, catalogue.books, wide),
        model=grown(model, features.tfidf),
        precomputed=NO_LISTS,
        vectors=np.concatenate([bundle.vectors, features.vectors]),
        catalogue=catalogue,
        search=JoinedSearch(search, SearchIndex.build(books, unread, bundle.meta.search)),
        reading={window: np.pad(counts, (0, n_new)) for window, counts in bundle.reading.items()},
    )
