"""Bundles of a made-up bookstore, of any size: for figures of memory and time, which look at no quality.

The catalogue, the readers and what they read are of the source `generated`; the served model is a hybrid as that of
params.yaml, whose walks are trained on them. The words and vectors of its content are by lot: they cost the same as
real ones to keep and to multiply, and an SVD of a million books takes longer than all that is measured here.

    python -m benchmarks.generated_bundle --books 10000 --to data/generated/10000
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recs_core.artifacts.bundle import read_meta, write_bundle
from recs_core.artifacts.meta import MetricEstimate
from recs_core.artifacts.precomputed import PrecomputeConfig
from recs_core.data.arrays import read_manifest
from recs_core.data.cleaning.preparation import Preparation
from recs_core.data.idmap import IdMap
from recs_core.data.interactions import InteractionSet
from recs_core.data.sources.generated import Generated
from recs_core.errors import ArtifactError
from recs_core.features.content import ContentFeatures
from recs_core.models.registry import ModelSpec, build_model

BOOKS_A_USER, INTERACTIONS_A_BOOK = 2, 5
"""How many books of the catalogue there are for one user, and how often a book is read."""
DIMENSIONS = 128
WORDS_A_BOOK, BOOKS_A_WORD, COMMON_WORDS = 5, 4, 30
"""How many words of content a book has, how many books there are for one of them, and the rank from which on a word
is the less common the higher its rank is."""
PRECOMPUTE = PrecomputeConfig(users=100)
MODEL = ModelSpec(
    kind="hybrid",
    config={
        "components": {
            "collaborative": {
                "kind": "rp3beta",
                "config": {"alpha": 1.0, "beta": 0.4, "neighbours": 20},
                "weight": 0.5,
            },
            "content": {"kind": "content", "weight": 0.3},
            "popularity": {"kind": "popularity", "weight": 0.2},
        },
    },
)


def generated_bundle(path: Path, *, books: int, seed: int = 20040801, ndcg: float = 0.1) -> str:
    """Write a bundle of a store of `books` books and return its version.

    Args:
        path: the directory, replaced whole.
        books: how many; a user for each two of them, five interactions for each.
        seed: of everything.
        ndcg: what its manifest says that its model's ndcg@10 is.
    """
    source = Generated(
        users=max(1, books // BOOKS_A_USER), books=books, interactions=INTERACTIONS_A_BOOK * books, seed=seed
    )
    tables = source.load(Path(), Preparation(), say=lambda _: None)
    rng = np.random.default_rng(seed)
    user_ids = tables.interactions["user_id"].combine_chunks()
    book_ids = tables.interactions["book_id"].combine_chunks()
    users, user_rows = _rows(user_ids.dictionary.to_pylist(), user_ids.indices.to_numpy(), "user")
    catalogue = tables.catalogue
    names = np.asarray(book_ids.dictionary.to_pylist(), dtype=np.str_)
    book_rows = catalogue.books.rows(names)[book_ids.indices.to_numpy()]
    history = InteractionSet.from_rows(users, catalogue.books, user_rows, book_rows)
    vectors = rng.standard_normal((books, DIMENSIONS), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    features = ContentFeatures(catalogue.books, vectors, _words(books, rng))
    model = build_model(MODEL, where="models.hybrid").fit(history, features, rng=rng)
    estimate = MetricEstimate(
        model="hybrid", metric="ndcg", k=10, cohort="all", mean=ndcg, low=None, high=None, users=len(users)
    )
    return write_bundle(
        path,
        model_name="hybrid",
        model=model,
        history=history,
        features=features,
        catalogue=catalogue,
        metrics=[estimate.model_dump()],
        source=source.name,
        seed=seed,
        data_digest=history.books.digest,
        precompute=PRECOMPUTE,
    )


def kept_bundle(folder: Path, *, books: int, seed: int = 20040801) -> Path:
    """The bundle of so many books and of a seed in a folder, made where it is not there or of another schema."""
    path = folder / f"{books}-{seed}"
    try:
        read_meta(read_manifest(path)["meta"], where=str(path))
    except ArtifactError:
        print(f"making a bundle of {books:,} books in {path}", flush=True)
        generated_bundle(path, books=books, seed=seed)
    return path


def _rows(names: list[str], codes: NDArray[np.integer], space: str) -> tuple[IdMap, NDArray[np.int32]]:
    ids = IdMap.from_ids(names, space=space)
    return ids, ids.rows(names)[codes]


def _words(books: int, rng: np.random.Generator) -> csr_array:
    """TF-IDF of words by lot: as many a book, and the common ones as common, as in Book-Crossing's catalogue."""
    rows = np.repeat(np.arange(books), WORDS_A_BOOK)
    share = 1 / (np.arange(max(1, books // BOOKS_A_WORD)) + COMMON_WORDS)
    words = rng.choice(share.size, rows.size, p=share / share.sum())
    tfidf = csr_array((rng.random(rows.size, dtype=np.float32) + 0.1, (rows, words)))
    tfidf.sum_duplicates()
    lengths = np.sqrt(np.asarray(tfidf.multiply(tfidf).sum(axis=1)).ravel())
    tfidf.data /= np.repeat(lengths, np.diff(tfidf.indptr)).astype(np.float32)
    return tfidf


def main() -> None:
    """Make one bundle and say how long it took."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--books", type=int, required=True)
    parser.add_argument("--seed", type=int, default=20040801)
    parser.add_argument("--to", type=Path, required=True, help="the directory of the bundle")
    arguments = parser.parse_args()
    start = time.perf_counter()
    version = generated_bundle(arguments.to, books=arguments.books, seed=arguments.seed)
    print(f"{version}: {arguments.books:,} books in {time.perf_counter() - start:.0f} s, {arguments.to}")


if __name__ == "__main__":
    main()
