"""The tuning: the same bytes twice, validation only, and a diff that changes nothing but what was found."""

import itertools
import json
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from project_copy import ROOT

from pipelines import tune as tuning
from pipelines.notebook_parameters import declared_parameters
from pipelines.proposal import diff, with_models
from pipelines.run_notebook import run_notebook
from pipelines.search import SearchData, rounded, search_model
from pipelines.tune import report, tune, tuned_specs
from pipelines.tuning_params import (
    CategoricalSpace,
    FloatSpace,
    IntSpace,
    SearchParams,
    Spaces,
    check_spaces,
    load_tune_params,
)
from recs_core.data.interactions import InteractionRows
from recs_core.data.splits.registry import split_interactions
from recs_core.data.splits.split import Split
from recs_core.errors import ParameterError
from recs_core.models.registry import ModelSpec
from recs_core.testing.tiny import SPLIT_OPTIONS, tiny_catalogue, tiny_features, tiny_interactions

THREE = SearchParams(trials=3, seconds=600.0, metric="ndcg", k=5)
SPACES: Spaces = {
    "rp3beta": {
        "alpha": FloatSpace(kind="float", low=0.2, high=1.4),
        "neighbours": IntSpace(kind="int", low=2, high=40, log=True),
    },
    "item_knn": {"weighting": CategoricalSpace(kind="categorical", choices=["cosine", "tfidf", "bm25"])},
    "hybrid": {},
}
MODELS = {
    "rp3beta": ModelSpec(kind="rp3beta", config={"alpha": 0.9}),
    "hybrid": ModelSpec(
        kind="hybrid",
        config={
            "components": {
                "walk": {"kind": "rp3beta", "config": {}, "weight": 0.1},
                "content": {"kind": "content", "config": {}, "weight": 0.1},
                "popularity": {"kind": "popularity", "config": {}, "weight": 0.8},
            }
        },
    ),
}
PARAMS = """\
# all numbers
seed: 7
data: {source: tiny}

models:
  # a walk
  rp3beta:
    kind: rp3beta
    config:
      alpha: 0.9  # far from the best
      beta: 0.3
search: {trials: 3, seconds: 600.0, metric: ndcg, k: 5}
tuning:
  rp3beta:
    alpha: {kind: float, low: 0.2, high: 1.4}
evaluation:
  cutoffs: [10, 20]
"""


@pytest.fixture(scope="module")
def split() -> Split:
    rows = InteractionRows.of(tiny_interactions())
    return split_interactions(
        rows, "random", SPLIT_OPTIONS, source="tiny", rng=np.random.default_rng(7)
    ).split


@pytest.fixture(scope="module")
def data(split: Split) -> SearchData:
    features = tiny_features(tiny_catalogue(split.train.books))
    return SearchData(split.train, split.known_before_validation, split.validation, features)


@pytest.fixture
def project(tmp_path: Path, split: Split, data: SearchData, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's root after the stages split and features, with no test part in it."""
    split.save(tmp_path / "data/split")
    shutil.rmtree(tmp_path / "data/split/test")
    assert data.features is not None
    data.features.save(tmp_path / "data/features")
    (tmp_path / "params.yaml").write_text(PARAMS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_same_seed_gives_the_same_bytes(data: SearchData) -> None:
    one, two = (
        report("tiny", tune(list(SPACES), MODELS, SPACES, data, THREE, seed=7), data, THREE, seed=7)
        for _ in range(2)
    )
    assert one == two
    assert {name: len(found["trials"]) for name, found in json.loads(one)["models"].items()} == {
        "rp3beta": 3,
        "item_knn": 3,
        "hybrid": 2,
    }


def test_another_seed_tries_other_values(data: SearchData) -> None:
    one, two = (
        search_model("rp3beta", MODELS["rp3beta"], SPACES["rp3beta"], data, THREE, seed=seed)
        for seed in (7, 8)
    )
    assert [trial.config for trial in one.trials] != [trial.config for trial in two.trials]


def test_the_present_configuration_is_tried_first_and_what_is_chosen_is_never_worse(data: SearchData) -> None:
    found = search_model("rp3beta", MODELS["rp3beta"], SPACES["rp3beta"], data, THREE, seed=7)
    assert found.trials[0].config == {"alpha": 0.9, "neighbours": 100}
    assert found.worth(found.best) == max(found.worth(number) for number in range(3))


def test_every_value_is_within_its_space(data: SearchData) -> None:
    found = search_model("rp3beta", MODELS["rp3beta"], SPACES["rp3beta"], data, THREE, seed=7)
    for trial in found.trials[1:]:
        assert all(trial.config[parameter] in space for parameter, space in SPACES["rp3beta"].items())


def test_when_the_time_is_over_the_present_configuration_is_what_is_left(data: SearchData) -> None:
    hurried = THREE.model_copy(update={"seconds": 1e-9})
    found = search_model("rp3beta", MODELS["rp3beta"], SPACES["rp3beta"], data, hurried, seed=7)
    assert [trial.config["alpha"] for trial in found.trials] == [0.9]


def test_a_configuration_that_comes_up_again_is_not_fitted_again(data: SearchData) -> None:
    space = {"weighting": CategoricalSpace(kind="categorical", choices=["cosine"])}
    found = search_model("item_knn", ModelSpec(kind="item_knn"), space, data, THREE, seed=7)
    assert found.trials[1] is found.trials[2]


def test_a_hybrid_gets_the_tuned_components_and_learned_weights(data: SearchData) -> None:
    found = tune(["rp3beta", "hybrid"], MODELS, SPACES, data, THREE, seed=7)
    hybrid = found["hybrid"].trials[1].config["components"]
    assert hybrid["walk"]["config"] == found["rp3beta"].spec.config
    assert sum(component["weight"] for component in hybrid.values()) == pytest.approx(1)
    assert all(component["weight"] > 0 for component in hybrid.values())
    # popularity alone, which the present one nearly is, cannot tell the tastes of the tiny bookshop
    assert found["hybrid"].best == 1


def test_the_table_shows_what_differs_between_trials(data: SearchData) -> None:
    table = search_model("rp3beta", MODELS["rp3beta"], SPACES["rp3beta"], data, THREE, seed=7).table()
    assert list(table.columns) == ["alpha", "neighbours", "recall@5", "ndcg@5", "fit seconds", "best"]
    assert (table["best"] == "*").sum() == 1


@pytest.mark.parametrize(
    ("spaces", "message"),
    [
        ({"asl": {}}, r"tuning\.asl: there is no model kind 'asl'"),
        (
            {"als": {"factor": IntSpace(kind="int", low=1, high=2)}},
            r"tuning\.als\.factor: als has no such parameter; it has \['alpha', 'factors'",
        ),
        (
            {"als": {"factors": IntSpace(kind="int", low=0, high=2)}},
            r"tuning\.als\.factors: the space has 0, but .*greater than 0",
        ),
        (
            {"als": {"factors": FloatSpace(kind="float", low=0.5, high=2)}},
            r"tuning\.als\.factors: the space has 0\.5, but .*valid integer",
        ),
        (
            {"item_knn": {"weighting": CategoricalSpace(kind="categorical", choices=["bm26"])}},
            r"tuning\.item_knn\.weighting: the space has 'bm26'",
        ),
    ],
)
def test_a_space_that_is_none_of_its_model_is_refused_by_its_path(spaces: Spaces, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        check_spaces(spaces, {})


def test_a_model_without_a_space_is_refused_before_anything_is_fitted(data: SearchData) -> None:
    with pytest.raises(ParameterError, match=r"tuning\.als: .*no such search space"):
        tune(["rp3beta", "als"], MODELS, SPACES, data, THREE, seed=7)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("low: 0.2", "low: small", r"tuning\.rp3beta\.alpha\.float\.low: .*valid number"),
        ("low: 0.2", "low: 2.0", r"tuning\.rp3beta\.alpha\.float: .*low is 2\.0 and high is 1\.4"),
        ("high: 1.4", "high: 1.4, step: 1", r"tuning\.rp3beta\.alpha\.float\.step: Extra inputs"),
        ("low: 0.2", "low: 0.0, log: true", r"tuning\.rp3beta\.alpha\.float: .*must begin above 0"),
        ("kind: float", "kind: real", r"tuning\.rp3beta\.alpha: .*'real'"),
        ("metric: ndcg", "metric: coverage", r"search: .*metric is 'coverage'; it must be one of"),
        ("trials: 3", "trials: 0", r"search\.trials: .*greater than or equal to 1"),
    ],
)
def test_a_mistake_in_params_yaml_is_named_by_its_path(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    (tmp_path / "params.yaml").write_text(PARAMS.replace(old, new))
    with pytest.raises(ParameterError, match=message):
        load_tune_params(tmp_path / "params.yaml")


@given(st.floats(0.001, 1000), st.floats(0.001, 1000), st.floats(0, 1))
def test_a_rounded_value_stays_within_its_space(one: float, other: float, place: float) -> None:
    space = FloatSpace(kind="float", low=min(one, other), high=max(one, other))
    assert rounded(space.low + place * (space.high - space.low), space) in space


def test_the_diff_changes_the_values_and_nothing_else() -> None:
    specs = {
        "rp3beta": ModelSpec(kind="rp3beta", config={"alpha": 1e-05, "beta": 0.3}),
        "als": ModelSpec(kind="als"),
    }
    proposed = with_models(PARAMS, specs)
    changed = [line for line in diff(PARAMS, proposed, "params.yaml").splitlines()[2:] if line[0] in "+-"]
    assert changed == ["-      alpha: 0.9  # far from the best", "+      alpha: 1.0e-05 # far from the best"]
    # as the pipeline reads it
    assert yaml.safe_load(proposed)["models"]["rp3beta"]["config"] == {"alpha": 1e-05, "beta": 0.3}


def test_the_shipped_params_yaml_keeps_its_bytes_where_nothing_is_proposed() -> None:
    text = (ROOT / "params.yaml").read_text()
    assert with_models(text, {}) == text


def test_a_component_that_is_not_proposed_goes() -> None:
    text = yaml.safe_dump({"models": {"hybrid": MODELS["hybrid"].model_dump()}})
    config = {"components": {"walk": {"kind": "rp3beta", "config": {}, "weight": 1.0}}}
    proposed = with_models(text, {"hybrid": ModelSpec(kind="hybrid", config=config)})
    assert yaml.safe_load(proposed)["models"]["hybrid"]["config"] == config


def test_a_report_keeps_earlier_models_of_the_same_data_only(data: SearchData) -> None:
    found = tune(["item_knn"], MODELS, SPACES, data, THREE, seed=7)
    first = report("tiny", found, data, THREE, seed=7)
    more = tune(["rp3beta"], MODELS, SPACES, data, THREE, seed=7)
    assert set(tuned_specs(report("tiny", more, data, THREE, seed=7, earlier=first), digest=data.digest)) == {
        "item_knn",
        "rp3beta",
    }
    other = SearchData(data.train, data.known, data.train, data.features)
    written = report("tiny", more, other, THREE, seed=7, earlier=first)
    assert set(tuned_specs(written, digest=other.digest)) == {"rp3beta"}
    assert tuned_specs(written, digest=data.digest) == {}


def test_the_command_proposes_and_applies_without_a_test_part(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tuning.main(["--models", "rp3beta", "--trials", "3"]) == 0
    assert (project / "params.yaml").read_text() == PARAMS
    assert "ndcg@5" in capsys.readouterr().out
    subprocess.run(["git", "apply", "reports/tuning/tiny.diff"], check=True)
    by_git = (project / "params.yaml").read_text()
    (project / "params.yaml").write_text(PARAMS)
    assert tuning.main(["--models", "rp3beta", "--apply"]) == 0
    assert (project / "params.yaml").read_text() == by_git != PARAMS
    written = (project / "reports/tuning/tiny.json").read_bytes()
    digest = json.loads(written)["data_digest"]
    alpha = tuned_specs(written, digest=digest)["rp3beta"].config["alpha"]
    assert yaml.safe_load(by_git)["models"]["rp3beta"]["config"]["alpha"] == alpha


def test_the_command_names_what_is_wrong(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert tuning.main(["--models", "als"]) == 1
    assert "tuning.als" in capsys.readouterr().err


def stage() -> dict[str, Any]:
    stages: dict[str, Any] = yaml.safe_load((ROOT / "reports/tuning/dvc.yaml").read_text())["stages"]
    return dict(stages["tune"])


def test_the_stage_gives_its_notebook_exactly_what_it_declares() -> None:
    words = shlex.split(stage()["cmd"])
    given = {
        text.partition("=")[0]: text.partition("=")[2]
        for flag, text in itertools.pairwise(words)
        if flag == "-P"
    }
    notebook = nbformat.read(ROOT / words[3], as_version=4)
    assert set(given) == set(declared_parameters(notebook, name=words[3]))
    assert set(given.values()) <= set(stage()["params"])
    assert words[3] in stage()["deps"]
    assert not any("test" in dep for dep in stage()["deps"])


def test_the_notebook_writes_what_the_command_writes(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # the kernel works in the copy, where the code is not
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    (project / "notebooks").mkdir()
    shutil.copy(ROOT / "notebooks/10_tune.ipynb", project / "notebooks")
    assert tuning.main([]) == 0
    written = {path.name: path.read_bytes() for path in (project / "reports/tuning").iterdir()}
    shutil.rmtree(project / "reports")
    params = yaml.safe_load(PARAMS)
    parameters = {"models": params["models"], "spaces": params["tuning"], "search": params["search"]}
    run_notebook(
        Path("notebooks/10_tune.ipynb"), "tune", parameters | {"source": "tiny", "seed": 7}, root=project
    )
    assert {path.name: path.read_bytes() for path in (project / "reports/tuning").iterdir()} == written
