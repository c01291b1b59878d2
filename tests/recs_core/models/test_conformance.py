"""Every registered model passes every check of the suite that applies to it."""

import importlib
import inspect
import pkgutil
from pathlib import Path

import pytest
import yaml

import recs_core.models
import recs_core.testing.explanation_checks
import recs_core.testing.linear_checks
import recs_core.testing.models  # they fill CHECKS
from recs_core.models.base import Recommender
from recs_core.models.grown import BesideStrangers
from recs_core.models.registry import MODELS, ModelSpec, model_class
from recs_core.testing.model_case import CHECKS, ModelCase, applies

PARAMS = Path(__file__).parents[3] / "params.yaml"


def specs() -> dict[str, ModelSpec]:
    """Each kind by its defaults, and each model of params.yaml that is configured otherwise."""
    found = {kind: ModelSpec(kind=kind) for kind in sorted(MODELS)}
    for key, entry in yaml.safe_load(PARAMS.read_text())["models"].items():
        spec = ModelSpec.model_validate(entry)
        if spec.kind not in MODELS:
            continue
        defaults = model_class(spec.kind).Config().model_dump()
        if defaults | spec.config != defaults:
            found[f"params.yaml:{key}"] = spec
    return found


SPECS = specs()
PAIRS = [(key, name) for key, spec in SPECS.items() for name in CHECKS if applies(name, spec.kind)]


@pytest.fixture(scope="module")
def cases() -> dict[str, ModelCase]:
    """The cases made so far: a model is fitted once for all checks."""
    return {}


@pytest.mark.parametrize(("key", "name"), PAIRS, ids=[f"{key}-{name}" for key, name in PAIRS])
def test_model(
    key: str, name: str, cases: dict[str, ModelCase], tmp_path_factory: pytest.TempPathFactory
) -> None:
    if key not in cases:
        cases[key] = ModelCase(SPECS[key], tmp_path_factory.mktemp(SPECS[key].kind))
    check, *_ = CHECKS[name]
    check(cases[key])


def test_every_concrete_model_of_the_package_is_registered() -> None:
    defined = set()
    for module in pkgutil.iter_modules(recs_core.models.__path__):
        members = vars(importlib.import_module(f"recs_core.models.{module.name}")).values()
        defined |= {m for m in members if inspect.isclass(m) and issubclass(m, Recommender)}
    concrete = {model for model in defined if not inspect.isabstract(model)}
    # made of a fitted model while it is served, and never configured: tests/recs_core/serving/test_grown.py
    assert concrete == set(MODELS.values()) | {BesideStrangers}


def test_importing_the_package_registers_every_model() -> None:
    modules = {model.__module__.removeprefix("recs_core.models.") for model in MODELS.values()}
    assert modules <= set(recs_core.models.__all__)
