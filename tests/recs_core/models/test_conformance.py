"""Every registered model passes every check of the suite that applies to it."""

import importlib
import inspect
import pkgutil
from functools import cache
from pathlib import Path

import pytest
import yaml

import recs_core.models
import recs_core.testing.models  # fills CHECKS
from recs_core.models.base import Recommender
from recs_core.models.registry import MODELS, ModelSpec
from recs_core.testing.model_case import CHECKS, ModelCase, applies

PARAMS = Path(__file__).parents[3] / "params.yaml"
PAIRS = [(kind, name) for kind in sorted(MODELS) for name in CHECKS if applies(name, kind)]


@cache
def spec_of(kind: str) -> ModelSpec:
    models = yaml.safe_load(PARAMS.read_text())["models"]
    for entry in models.values():
        if entry["kind"] == kind:
            return ModelSpec.model_validate(entry)
    pytest.fail(f"{PARAMS.name} has no model of kind {kind!r}; the suite takes its configuration from there")


@pytest.fixture(scope="module")
def cases() -> dict[str, ModelCase]:
    """The cases made so far: a model is fitted once for all checks."""
    return {}


@pytest.mark.parametrize(("kind", "name"), PAIRS, ids=[f"{kind}-{name}" for kind, name in PAIRS])
def test_model(
    kind: str, name: str, cases: dict[str, ModelCase], tmp_path_factory: pytest.TempPathFactory
) -> None:
    if kind not in cases:
        cases[kind] = ModelCase(spec_of(kind), tmp_path_factory.mktemp(kind))
    check, _ = CHECKS[name]
    check(cases[kind])


def test_every_concrete_model_of_the_package_is_registered() -> None:
    defined = set()
    for module in pkgutil.iter_modules(recs_core.models.__path__):
        members = vars(importlib.import_module(f"recs_core.models.{module.name}")).values()
        defined |= {m for m in members if inspect.isclass(m) and issubclass(m, Recommender)}
    concrete = {model for model in defined if not inspect.isabstract(model)}
    assert concrete == set(MODELS.values())


def test_importing_the_package_registers_every_model() -> None:
    modules = {model.__module__.removeprefix("recs_core.models.") for model in MODELS.values()}
    assert modules <= set(recs_core.models.__all__)
