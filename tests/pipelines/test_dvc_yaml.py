"""dvc.yaml, params.yaml and the notebooks' parameters cells agree."""

import itertools
import re
import shlex
from typing import Any

import nbformat
import pytest
import yaml
from project_copy import ROOT

from pipelines.notebook_parameters import check_parameters, declared_parameters
from pipelines.params import load_params, value_at

STAGES: dict[str, Any] = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
PARAMS = load_params(ROOT / "params.yaml")


def commands() -> list[Any]:
    found = []
    for name, stage in STAGES.items():
        for key in PARAMS.models if "foreach" in stage else [""]:
            body = stage.get("do", stage)
            text = yaml.safe_dump(body, width=10_000).replace("${key}", key)
            # what is left are names of parameters, which DVC puts in as they are
            text = re.sub(r"\$\{([\w.]+)\}", lambda found: str(value_at(PARAMS, found[1])), text)
            found.append(pytest.param(yaml.safe_load(text), id=f"{name}@{key}" if key else name))
    return found


def arguments(command: str) -> tuple[str, dict[str, str], dict[str, str]]:
    words = shlex.split(command)
    pairs: dict[str, dict[str, str]] = {"-p": {}, "-P": {}}
    for flag, text in itertools.pairwise(words):
        if flag in pairs:
            name, _, value = text.partition("=")
            pairs[flag][name] = value
    return words[3], pairs["-p"], pairs["-P"]


@pytest.mark.parametrize("stage", commands())
def test_a_stage_gives_its_notebook_exactly_the_parameters_that_it_declares(stage: dict[str, Any]) -> None:
    path, literal, looked_up = arguments(stage["cmd"])
    notebook = nbformat.read(ROOT / path, as_version=4)
    given = literal | {name: value_at(PARAMS, key) for name, key in looked_up.items()}
    check_parameters(declared_parameters(notebook, name=path), given, name=path)


@pytest.mark.parametrize("stage", commands())
def test_a_stage_depends_on_its_notebook_and_on_every_parameter_that_it_reads(stage: dict[str, Any]) -> None:
    path, _, looked_up = arguments(stage["cmd"])
    assert path in stage["deps"]
    for key in looked_up.values():
        assert any(key == tracked or key.startswith(f"{tracked}.") for tracked in stage["params"]), key


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_a_stage_notebook_is_thin(path: Any) -> None:
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert notebook.cells[0].cell_type == "markdown"
    assert not any(line.startswith(("def ", "class ")) for cell in code for line in cell.source.splitlines())
    assert code[-1].source.splitlines()[-1].startswith("assert ")
    assert not any(cell.outputs for cell in code), "strip the outputs before committing: `nbstripout`"
