"""params.yaml: every mistake is an error that names its path."""

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from project_copy import ROOT

from pipelines.params import SplitOptions, load_params, value_at
from recs_core.data.splits.registry import STRATEGIES
from recs_core.errors import ParameterError


def test_the_shipped_file_is_right() -> None:
    params = load_params(ROOT / "params.yaml")
    assert value_at(params, "models.als.config.factors") == params.models["als"].config["factors"]


def changed(path: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    change(params)
    path.write_text(yaml.safe_dump(params))
    return path


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda p: p["models"]["als"]["config"].update(factors="64"),
            r"models\.als\.config\.factors: .*'64'",
        ),
        (
            lambda p: p["models"]["als"]["config"].update(factors=0),
            r"models\.als\.config\.factors: .*greater than 0",
        ),
        (
            lambda p: p["models"]["als"]["config"].update(factor=64),
            r"models\.als\.config\.factor: Extra inputs",
        ),
        (
            lambda p: p["models"]["als"].pop("kind"),
            r"models\.als\.kind: Field required",
        ),
        (lambda p: p["models"]["als"].update(kind="asl"), r"models\.als\.kind: there is no model kind 'asl'"),
        (
            lambda p: p["split"].update(strategy="by_mood"),
            r"split: .*strategy is 'by_mood'; it must be one of \['leave_last', 'presplit', 'random', ",
        ),
        (
            lambda p: p["split"]["options"]["random"].update(test_share=1.5),
            r"split\.options\.random\.test_share: .*less than 1",
        ),
        (
            lambda p: p["split"]["options"]["random"].update(test_share=0.95),
            r"split\.options\.random: .*must leave something to train on",
        ),
        # the options of strategies that are not the chosen one are checked too
        (
            lambda p: p["split"]["options"]["leave_last"].update(n=0),
            r"split\.options\.leave_last\.n: .*greater than or equal to 1 \(got 0\)",
        ),
        (
            lambda p: p["split"]["options"]["temporal"].update(test="last week"),
            r"split\.options\.temporal\.test: .*a first day such as 2004-06-01 \(got 'last week'\)",
        ),
        (
            lambda p: p["split"]["options"]["user_holdout"].pop("fold_in_share"),
            r"split\.options\.user_holdout\.fold_in_share: Field required",
        ),
        (lambda p: p["split"]["options"].pop("temporal"), r"split\.options\.temporal: Field required"),
        (
            lambda p: p["split"]["options"].update(by_mood={}),
            r"split\.options\.by_mood: Extra inputs",
        ),
        (lambda p: p.pop("seed"), "seed: Field required"),
        (lambda p: p.update(sede=1), "sede: Extra inputs"),
        (lambda p: p["data"].update(duplicates="first"), r"data\.duplicates: .*'last', 'max' or 'sum'"),
        (lambda p: p["data"].pop("isbn"), r"data: .*isbn: missing"),
        (
            lambda p: p["data"].update(pseudonym_key_id="secret"),
            r"data\.pseudonym_key_id: String should match pattern '\^\[0-9a-f\]\{16\}\$'",
        ),
        (lambda p: p["data"]["confidence"].update(slope=-1.0), r"data\.confidence\.slope: .*equal to 0"),
        (lambda p: p["data"]["confidence"].update(unrated=0.0), r"data\.confidence\.unrated: .*than 0"),
        (lambda p: p["models"].update(data=p["models"]["als"]), "no model may be called 'data'"),
        (lambda p: p["data"].update(source="amazon"), r"source is 'amazon' but sources has only"),
        (
            lambda p: p["evaluation"].update(cutoffs=[]),
            r"evaluation\.cutoffs: List should have at least 1 item",
        ),
        (lambda p: p["bundle"].update(model="gru4rec"), r"bundle\.model is 'gru4rec'"),
        (
            lambda p: p["models"]["hybrid"]["config"]["components"]["rp3beta"].update(kind="content2"),
            r"there is no model kind 'content2'",
        ),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, change: Callable[[dict[str, Any]], object], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        load_params(changed(tmp_path / "params.yaml", change))


def test_every_split_strategy_has_its_options() -> None:
    declared = {name: field.annotation for name, field in SplitOptions.model_fields.items()}
    assert declared == {name: strategy.config for name, strategy in STRATEGIES.items()}


def test_a_date_may_be_written_without_quotes(tmp_path: Path) -> None:
    windows = {"validation": datetime.date(2004, 6, 1), "test": "2004-08-01"}
    path = changed(tmp_path / "params.yaml", lambda p: p["split"]["options"]["temporal"].update(windows))
    assert "validation: 2004-06-01" in path.read_text()
    found = value_at(load_params(path), "split.options.temporal")
    assert (found["validation"], found["test"]) == ("2004-06-01", "2004-08-01")


def test_a_missing_file_says_where_to_run(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="run this from the project's root"):
        load_params(tmp_path / "params.yaml")


def test_what_is_not_yaml_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text("seed: [1")
    with pytest.raises(ParameterError, match="is not YAML"):
        load_params(tmp_path / "params.yaml")


def test_a_key_that_is_not_there_names_what_is() -> None:
    with pytest.raises(ParameterError, match=r"models\.als has \['config', 'kind'\]"):
        value_at(load_params(ROOT / "params.yaml"), "models.als.factors")
