"""goodbooks-10k itself, where a person has it: `GOODBOOKS_DIR=folder pytest`."""

import os
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pytest

from recs_core.data.cleaning.preparation import Preparation
from recs_core.data.sources.base import SourceTables
from recs_core.data.sources.registry import source_named

FOLDER = os.environ.get("GOODBOOKS_DIR", "")
SAMPLE = "ratings_v2_5pct_users.csv"
"""All ratings of a random twentieth of the readers."""

pytestmark = pytest.mark.skipif(
    not FOLDER, reason="set GOODBOOKS_DIR to a folder with goodbooks-10k's CSV files to check the real data"
)


@pytest.fixture(scope="module", params=["ratings", "to_read"])
def interactions(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def tables(interactions: str, tmp_path_factory: pytest.TempPathFactory) -> SourceTables:
    if interactions == "ratings" and not any(
        (Path(FOLDER) / f"{SAMPLE}{end}").exists() for end in ("", ".gz")
    ):
        pytest.skip(f"{FOLDER} has no {SAMPLE}, gzipped or not: the sample whose counts are known")
    options = {"folder": FOLDER, "interactions": interactions, "ratings_file": SAMPLE}
    source = source_named("goodbooks-10k", options)
    return source.load(tmp_path_factory.getbasetemp(), Preparation(), say=lambda _: None)


def test_the_counts_are_those_of_the_data_set(tables: SourceTables, interactions: str) -> None:
    file, rows, readers, books = {
        "ratings": (SAMPLE, 298_176, 2_672, 9_990),
        "to_read": ("to_read.csv", 912_705, 48_871, 9_986),
    }[interactions]
    assert tables.rows_read == {"books.csv": 10_000, file: rows}
    assert tables.rows_kept == tables.rows_read
    assert tables.quarantine.num_rows == 0
    assert tables.interactions.num_rows == rows
    assert len(pc.unique(tables.interactions["user_id"])) == readers
    assert len(pc.unique(tables.interactions["book_id"])) == books


def test_values_are_those_of_the_data_set(tables: SourceTables, interactions: str) -> None:
    values = tables.interactions["value"]
    if interactions == "to_read":
        assert values.null_count == len(values)
        assert pc.unique(tables.interactions["event"]).to_pylist() == ["implicit"]
    else:
        assert np.unique(values.to_numpy()).tolist() == [1, 2, 3, 4, 5]
        assert pc.unique(tables.interactions["event"]).to_pylist() == ["rating"]
    assert tables.interactions["time"].null_count == len(values)


def test_books_are_described(tables: SourceTables) -> None:
    books = tables.catalogue.table
    assert books["authors"].null_count == 0
    assert pc.min(pc.list_value_length(books["authors"])).as_py() >= 1
    # about 21 genres a book
    assert 20 < pc.mean(pc.list_value_length(books["genres"])).as_py() < 22
    by_id = dict(zip(books["book_id"].to_pylist(), books["title"].to_pylist(), strict=True))
    assert by_id["1"] == "The Hunger Games (The Hunger Games, #1)"
