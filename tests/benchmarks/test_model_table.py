"""The model table: one row a model, with its configuration's origin, and a reason for whoever is left out."""

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks import model_table
from benchmarks.datasets import DATASETS, FOLDER, Dataset
from recs_core.data.interactions import InteractionRows
from recs_core.data.splits.registry import split_interactions
from recs_core.models.registry import ModelSpec
from recs_core.testing.tiny import SPLIT_OPTIONS, tiny_catalogue, tiny_features, tiny_interactions


@pytest.fixture
def tiny() -> Dataset:
    rows = InteractionRows.of(tiny_interactions())
    rng = np.random.default_rng(7)
    split = split_interactions(rows, "random", SPLIT_OPTIONS, source="tiny", rng=rng).split
    return Dataset("tiny", split, tiny_features(tiny_catalogue(split.train.books)), "tiny")


def test_a_model_of_tastes_is_above_popularity_and_the_size_is_that_of_its_arrays(tiny: Dataset) -> None:
    walk, popular = (
        model_table.measure(kind, ModelSpec(kind=kind), tiny, tuned=False)
        for kind in ("rp3beta", "popularity")
    )
    assert walk.ndcg > popular.ndcg
    assert popular.megabytes == pytest.approx(len(tiny.split.train.books) * 4 / 1e6)


def test_tuned_values_are_used_and_a_model_that_cannot_be_fitted_is_named(
    tiny: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(DATASETS, "tiny", lambda: tiny)
    Path("reports/tuning").mkdir(parents=True)
    tuned = {"rp3beta": {"kind": "rp3beta", "config": {"neighbours": 1}}}
    Path("reports/tuning/tiny.json").write_text(
        json.dumps({"data_digest": tiny.search_data.digest, "models": tuned})
    )
    # the tiny interactions have no times, and trending needs them
    wanted = ["--data", "tiny", "--models", "rp3beta,popularity,trending", "--out", "table.json"]
    assert model_table.main(wanted) == 0
    rows = {row["model"]: row for row in json.loads(Path("table.json").read_text())["models"]}
    assert {name: row["tuned"] for name, row in rows.items()} == {"rp3beta": True, "popularity": False}
    default = model_table.measure("rp3beta", ModelSpec(kind="rp3beta"), tiny, tuned=False)
    assert rows["rp3beta"]["megabytes"] < default.megabytes
    assert "trending is left out" in capsys.readouterr().err


def test_a_data_set_that_is_not_here_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(FOLDER, raising=False)
    assert model_table.main(["--data", "goodbooks-10k"]) == 1
    assert FOLDER in capsys.readouterr().err


def test_tuning_for_a_data_set_blends_all_that_was_tuned(
    tiny: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text(
        "seed: 7\ndata: {source: other}\nmodels: {}\n"
        "search: {trials: 9, seconds: 9.0, metric: recall, k: 3}\n"
        "tuning: {rp3beta: {alpha: {kind: float, low: 0.2, high: 1.4}}, user_knn: {}, hybrid: {}}\n"
    )
    model_table.tune_for(tiny, ["rp3beta"], trials=2, seconds=60.0)
    model_table.tune_for(tiny, ["user_knn", "hybrid"], trials=2, seconds=60.0)
    tuned = json.loads(Path("reports/tuning/tiny.json").read_text())["models"]
    assert sorted(tuned) == ["hybrid", "rp3beta", "user_knn"]
    assert len(tuned["rp3beta"]["trials"]) == 2
    first = tuned["hybrid"]["trials"][0]["config"]["components"]
    assert sorted(first) == ["content", "popularity", "rp3beta", "user_knn"]
    assert first["rp3beta"]["config"] == tuned["rp3beta"]["config"]
