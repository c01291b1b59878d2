"""A neural model behind the API: it serves the readers of its training, and says so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from api_server import RECOMMENDATIONS, ApiServer, api_server

from recs_core.artifacts.bundle import Bundle, open_bundle, write_bundle
from recs_core.models.registry import ModelSpec, build_any_model
from recs_core.serving.recommender import ServingRecommender
from recs_core.testing.tiny import tiny_catalogue, tiny_features, tiny_interactions

READER = "u007"
NEURAL = ModelSpec(kind="recbole", config={"model": "BPR", "epochs": 2, "depth": 20})


@pytest.fixture(scope="module")
def neural(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    path = tmp_path_factory.mktemp("neural") / "bundle"
    interactions = tiny_interactions()
    catalogue = tiny_catalogue(interactions.books)
    features = tiny_features(catalogue)
    model = build_any_model(NEURAL, where="models.neural")
    write_bundle(
        path,
        model_name="neural",
        model=model.fit(interactions, features, rng=np.random.default_rng(7)),
        history=interactions,
        features=features,
        catalogue=catalogue,
        metrics=[],
        source="tiny",
        seed=7,
        data_digest="0",
    )
    return open_bundle(path)


@pytest.fixture(scope="module")
def server(neural: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    with api_server(neural.path, tmp_path_factory.mktemp("server") / "log") as running:
        yield running


def test_a_reader_of_the_training_gets_the_list_that_was_made_then(server: ApiServer, neural: Bundle) -> None:
    entries = server.data(RECOMMENDATIONS, userId=READER)["recommendations"]["nodes"]
    ranked = ServingRecommender(neural).recommend(READER, k=10).ranked
    ids = neural.books.array
    assert [entry["book"]["bookId"] for entry in entries] == [str(ids[book.book_row]) for book in ranked]
    assert [entry["score"] for entry in entries] == [book.score for book in ranked]
    assert {entry["servedFrom"] for entry in entries} == {"PRECOMPUTED"}
    assert all(entry["reasons"] == [] for entry in entries)


def test_anybody_else_gets_what_is_popular_with_its_reason(server: ApiServer) -> None:
    entries = server.data(RECOMMENDATIONS, userId="nobody")["recommendations"]["nodes"]
    assert {entry["servedFrom"] for entry in entries} == {"POPULAR"}
    assert all([reason["kind"] for reason in entry["reasons"]] == ["POPULARITY"] for entry in entries)


def test_a_list_is_no_longer_than_what_is_stored(server: ApiServer) -> None:
    assert len(server.data(RECOMMENDATIONS, userId=READER, first=40)["recommendations"]["nodes"]) == 20


def test_the_server_needs_no_neural_network_to_serve_one(server: ApiServer) -> None:
    server.data(RECOMMENDATIONS, userId=READER)
    mapped = Path(f"/proc/{server.process.pid}/maps").read_text()
    assert "numpy" in mapped
    assert "torch" not in mapped
