"""Every registered transductive model passes every check of its suite that applies to it."""

import importlib
import inspect
import pkgutil

import pytest

import recs_core.models
from recs_core.models.registry import MODELS, TRANSDUCTIVE, ModelSpec
from recs_core.models.transductive import Transductive
from recs_core.testing.transductive_checks import TRANSDUCTIVE_CHECKS, TransductiveCase

KINDS = sorted(TRANSDUCTIVE)
PAIRS = [
    (kind, name)
    for kind in KINDS
    for name, (_, needs) in TRANSDUCTIVE_CHECKS.items()
    if needs is None or issubclass(TRANSDUCTIVE[kind], needs)
]


@pytest.fixture(scope="module")
def cases() -> dict[str, TransductiveCase]:
    """The cases made so far: a model is fitted once for all checks."""
    return {}


@pytest.mark.parametrize(("kind", "name"), PAIRS, ids=[f"{kind}-{name}" for kind, name in PAIRS])
def test_model(
    kind: str, name: str, cases: dict[str, TransductiveCase], tmp_path_factory: pytest.TempPathFactory
) -> None:
    if kind not in cases:
        cases[kind] = TransductiveCase(ModelSpec(kind=kind), tmp_path_factory.mktemp(kind))
    check, _ = TRANSDUCTIVE_CHECKS[name]
    check(cases[kind])


def test_every_concrete_model_of_the_package_is_registered() -> None:
    defined = set()
    for module in pkgutil.iter_modules(recs_core.models.__path__):
        members = vars(importlib.import_module(f"recs_core.models.{module.name}")).values()
        defined |= {m for m in members if inspect.isclass(m) and issubclass(m, Transductive)}
    concrete = {model for model in defined if not inspect.isabstract(model)}
    assert concrete == set(TRANSDUCTIVE.values())


def test_no_kind_is_of_both_sorts() -> None:
    assert not set(MODELS) & set(TRANSDUCTIVE)
