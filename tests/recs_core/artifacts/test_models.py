"""What the conformance suite does not say of stored models: how a wrong one is refused."""

from pathlib import Path

import numpy as np
import pytest

from recs_core.artifacts.models import load_model, model_spec, save_model
from recs_core.data.arrays import write_arrays
from recs_core.data.interactions import InteractionSet
from recs_core.errors import ArtifactError, BookverseError
from recs_core.models.base import Recommender
from recs_core.models.registry import build_model
from recs_core.testing.tiny import MODEL


@pytest.fixture
def popular(interactions: InteractionSet) -> Recommender:
    from recs_core.models.popularity import Popularity, PopularityConfig

    return Popularity(PopularityConfig()).fit(interactions, None, rng=np.random.default_rng(7))


def test_the_spec_of_a_model_builds_it_again() -> None:
    model = build_model(MODEL, where="models.hybrid")
    again = build_model(model_spec(model), where="models.hybrid")
    assert (again.kind, again.config) == (model.kind, model.config)
    assert model_spec(again) == model_spec(model)


def test_another_artifact_is_not_taken_for_a_model(interactions: InteractionSet, tmp_path: Path) -> None:
    interactions.save(tmp_path / "set")
    with pytest.raises(ArtifactError, match="holds 'interactions', not a model"):
        load_model(tmp_path / "set")


def test_a_damaged_array_is_named(popular: Recommender, tmp_path: Path) -> None:
    save_model(tmp_path / "model", popular)
    path = tmp_path / "model" / "popularity.npy"
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(ArtifactError, match=r"popularity\.npy is damaged"):
        load_model(tmp_path / "model")


@pytest.mark.parametrize(
    ("spec", "named"),
    [
        ({"kind": "oracle", "config": {}}, "'oracle'"),
        ({"kind": "popularity", "config": {"no_such_key": 1}}, r"config\.no_such_key"),
    ],
)
def test_a_kind_or_config_that_this_version_does_not_know_is_named(
    popular: Recommender, tmp_path: Path, spec: dict[str, object], named: str
) -> None:
    write_arrays(tmp_path / "model", popular.state(), {"kind": "model", "model": spec})
    with pytest.raises(BookverseError, match=named):
        load_model(tmp_path / "model")
