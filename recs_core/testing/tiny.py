"""A tiny bookshop of five tastes: a model has something to learn, and a test knows what it should find."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recs_core.artifacts.bundle import Bundle, CohortBounds, open_bundle, write_bundle
from recs_core.data.catalogue import SCHEMA, Catalogue
from recs_core.data.cohorts import book_cohorts, user_cohorts
from recs_core.data.idmap import IdMap
from recs_core.data.interactions import InteractionRows, InteractionSet
from recs_core.data.pseudonyms import Pseudonyms
from recs_core.data.splits.registry import split_interactions
from recs_core.evaluation.evaluate import evaluate
from recs_core.evaluation.metrics import EvaluationData
from recs_core.features.content import ContentFeatures, vectorise
from recs_core.features.indexer import ContentConfig, ContentIndexer, fit_indexer
from recs_core.models.base import recommend_all
from recs_core.models.registry import ModelSpec, build_model

TASTES: Final = 5
USERS: Final = 60
BOOKS: Final = 50
FAITHFUL: Final = 0.85
"""Share of a user's books that are of the user's own taste."""

MODEL: Final = ModelSpec(
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
"""What `tiny_bundle` serves."""

SPLIT_OPTIONS: Final = {"random": {"validation_share": 0.1, "test_share": 0.2}}
"""How the interactions of `tiny_bundle` are split."""

_SUBJECTS = ("détective", "dragon", "galaxy", "jardín", "railway")
_NOUNS = ("Shadow", "Winter", "Œuvre", "River", "Letter", "Straße", "Island", "Clock", "Mirror", "Ωmega")
_AUTHORS = (
    ("Agatha Ríos", "G. Holm"),
    ("J. R. Tolk", "Ursula Lén"),
    ("Stanisław Lem", "O. Butler"),
    ("Ada Bloom", "Иван Петров"),
    ("Paul Rail", "村上 花"),
)
_PUBLISHERS = ("Crime & Co", "Éditions Feu", "Orbit", "Green Press", "Track Books")


def taste_of(rows: NDArray[np.int32]) -> NDArray[np.int32]:
    """The taste, 0 to 4, of user or book rows: tastes take turns."""
    return np.asarray(rows % TASTES, dtype=np.int32)


def tiny_interactions(*, seed: int = 7, pseudonyms: Pseudonyms | None = None) -> InteractionSet:
    """60 users, "u001" to "u060", of 50 books; each has read 6 to 14, mostly of one taste.

    Args:
        seed: decides what is read.
        pseudonyms: gives the users other names; they read the same.
    """
    rng = np.random.default_rng(seed)
    ids = [f"u{number:03d}" for number in range(1, USERS + 1)]
    names = ids if pseudonyms is None else [pseudonyms.of(each) for each in ids]
    users = IdMap.from_ids(names, space="user")
    rows = users.rows(names)
    books = IdMap.from_ids([_isbn(number) for number in range(BOOKS)], space="book")
    book_rows = np.arange(BOOKS, dtype=np.int32)
    # within a taste some books are read more than others
    appeal = 1 / (1 + book_rows // TASTES)
    pairs = []
    for user in range(USERS):
        own = taste_of(book_rows) == user % TASTES
        chance = np.where(own, FAITHFUL, (1 - FAITHFUL) / (TASTES - 1)) * appeal
        read = rng.choice(BOOKS, size=rng.integers(6, 15), replace=False, p=chance / chance.sum())
        pairs += [(rows[user], book) for book in read]
    user_rows, read_rows = np.array(pairs, dtype=np.int32).T
    return InteractionSet.from_rows(users, books, user_rows, read_rows)


def tiny_catalogue(books: IdMap, *, seed: int = 7) -> Catalogue:
    """A record for each of `books`: titles, authors and publishers tell the taste; some facts are unknown."""
    rng = np.random.default_rng(seed)
    records = []
    for row, book_id in enumerate(books.array.tolist()):
        taste = row % TASTES
        noun = _NOUNS[row // TASTES % len(_NOUNS)]
        records.append(
            {
                "book_id": book_id,
                "title": f"The {_SUBJECTS[taste]} of the {noun}",
                "authors": [] if row % 17 == 16 else [_AUTHORS[taste][int(rng.integers(2))]],
                "year": None if row % 7 == 3 else int(rng.integers(1950, 2004)),
                "publisher": None if row % 9 == 4 else _PUBLISHERS[taste],
                "language": None if row % 3 else "eng",
                "genres": [_SUBJECTS[taste].casefold()] if row % 5 else [],
                "description": None,
                "cover_url": None if row % 11 == 5 else f"https://covers.example/{book_id}.jpg",
                "price": None if row % 13 == 6 else 4.99 + row % 23,
                "available": None if row % 8 == 5 else row % 4 != 2,
            }
        )
    return Catalogue(pa.Table.from_pylist(records, schema=SCHEMA))


def tiny_indexer(catalogue: Catalogue) -> ContentIndexer:
    """What makes content vectors of a tiny catalogue."""
    config = ContentConfig(
        dimensions=8, min_books=2, title_weight=1.0, author_weight=1.0, publisher_weight=0.5
    )
    return fit_indexer(catalogue, config, rng=np.random.default_rng(7))


def tiny_features(catalogue: Catalogue) -> ContentFeatures:
    """Content vectors of a tiny catalogue."""
    return vectorise(tiny_indexer(catalogue), catalogue)


def tiny_bundle(path: Path, *, seed: int = 7, pseudonyms: Pseudonyms | None = None) -> Bundle:
    """Fit and measure `MODEL` on the tiny interactions, write its bundle to `path`, and open it."""
    interactions = tiny_interactions(seed=seed, pseudonyms=pseudonyms)
    catalogue = tiny_catalogue(interactions.books, seed=seed)
    indexer = tiny_indexer(catalogue)
    features = vectorise(indexer, catalogue)
    rng = np.random.default_rng(seed)
    split = split_interactions(
        InteractionRows.of(interactions), "random", SPLIT_OPTIONS, source="tiny", rng=rng
    ).split
    known = split.known_before_test
    model = build_model(MODEL, where="models.hybrid").fit(known, features, rng=rng)
    evaluation = evaluate(
        recommend_all(model, known.matrix, k=10),
        EvaluationData.of(truth=split.test, train=known, features=features, catalogue=catalogue),
        cutoffs=(5, 10),
        user_cohorts=user_cohorts(known.user_counts, cold_below=5, heavy_from=10),
        book_cohorts=book_cohorts(known.book_counts),
        resamples=100,
        rng=rng,
    )
    write_bundle(
        path,
        model_name="hybrid",
        model=model,
        history=interactions,
        features=features,
        catalogue=catalogue,
        metrics=[{"model": "hybrid"} | estimate.as_dict() for estimate in evaluation.estimates],
        source="tiny",
        seed=seed,
        data_digest=interactions.books.digest,
        cohorts=CohortBounds(cold_below=5, heavy_from=10),
        indexer=indexer,
        pseudonym_key_id=None if pseudonyms is None else pseudonyms.key_id,
    )
    return open_bundle(path)


def _isbn(number: int) -> str:
    """An ISBN-10 with its check digit, which may be X."""
    digits = f"{44_000_000 + number * 7:09d}"
    check = -sum(place * int(digit) for place, digit in zip(range(10, 1, -1), digits, strict=True)) % 11
    return digits + ("X" if check == 10 else str(check))
