"""The data sets that models are compared on, each split into train, validation and test."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipelines.search import SearchData
from recs_core.data.cleaning.preparation import Preparation
from recs_core.data.kcore import k_core
from recs_core.data.likes import likes
from recs_core.data.sources.goodbooks import Goodbooks
from recs_core.data.splits.registry import split_interactions
from recs_core.data.splits.split import Split
from recs_core.errors import DataError
from recs_core.features.content import ContentConfig, ContentFeatures, content_features

SEED = 20040801
SHARES = {"random": {"validation_share": 0.1, "test_share": 0.2}}
FOLDER = "GOODBOOKS_DIR"
"""The environment variable that says where goodbooks-10k lies."""


@dataclass(frozen=True)
class Dataset:
    """A data set, ready to be learned from.

    Args:
        name: as in `reports/tuning/<name>.json`.
        split: parameters are chosen on validation; models are then fitted on train and validation, judged on test.
        features: content vectors of the books.
        about: how interactions were chosen and split, for a reader of the table.
    """

    name: str
    split: Split
    features: ContentFeatures
    about: str

    @property
    def search_data(self) -> SearchData:
        """The data without the test part."""
        split = self.split
        return SearchData(split.train, split.known_before_validation, split.validation, self.features)


def book_crossing() -> Dataset:
    """What the pipeline's stages split and features wrote to data/.

    Raises:
        ArtifactError: they have not run.
    """
    split, features = Split.load(Path("data/split")), ContentFeatures.load(Path("data/features"))
    return Dataset(
        "book-crossing", split, features, "data/split and data/features, as the pipeline wrote them"
    )


def goodbooks() -> Dataset:
    """Ratings of 4 and 5 of the readers in the 5 % sample, a random 80/20 of each reader's, no k-core."""
    source = Goodbooks(folder(), "ratings", "ratings_v2_5pct_users.csv")
    return _random_split(
        "goodbooks-10k", source, "ratings >= 4 of a 5 % sample of readers, random 80/20, no k-core"
    )


def goodbooks_to_read() -> Dataset:
    """The wish lists, a random 80/20 of each reader's, no k-core."""
    return _random_split(
        "goodbooks-10k-to_read", Goodbooks(folder(), "to_read"), "wish lists, random 80/20, no k-core"
    )


DATASETS: dict[str, Callable[[], Dataset]] = {
    "book-crossing": book_crossing,
    "goodbooks-10k": goodbooks,
    "goodbooks-10k-to_read": goodbooks_to_read,
}


def folder() -> str:
    """Where goodbooks-10k lies.

    Raises:
        DataError: the environment does not say.
    """
    if FOLDER not in os.environ:
        raise DataError(f"{FOLDER} is not set: it must name the folder with the CSV files of goodbooks-10k")
    return os.environ[FOLDER]


def _random_split(name: str, source: Goodbooks, about: str) -> Dataset:
    tables = source.load(Path(), Preparation(), say=lambda _: None)
    liked = likes(tables.interactions, min_value=4.0, keep_unrated=True)
    rows = k_core(liked, per_user=1, per_book=1)
    rng = np.random.default_rng(SEED)
    split = split_interactions(rows, "random", SHARES, source=name, rng=rng).split
    catalogue = tables.catalogue.select(rows.books)
    features = content_features(catalogue, ContentConfig(), rng=np.random.default_rng(SEED))
    return Dataset(name, split, features, about)
