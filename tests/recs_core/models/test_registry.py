import pytest

from recs_core.errors import ParameterError
from recs_core.models.base import Recommender
from recs_core.models.registry import MODELS, ModelSpec, build_model, model_class, model_config


def build(config: dict[str, object], *, kind: str = "rp3beta") -> Recommender:
    return build_model(ModelSpec(kind=kind, config=config), where="models.mine")


RIGHT = {"alpha": 1.0, "beta": 0.4, "neighbours": 10}


def test_every_kind_is_the_name_that_its_class_gives() -> None:
    assert {kind: model.kind for kind, model in MODELS.items()} == {kind: kind for kind in MODELS}


def test_an_unknown_kind_is_named_by_its_path_beside_the_known() -> None:
    with pytest.raises(
        ParameterError, match=r"models\.mine\.kind: there is no model kind 'no_such'; .*'als'"
    ):
        build({}, kind="no_such")
    with pytest.raises(ParameterError, match="no model kind 'no_such'"):
        model_class("no_such")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"alpha": 0.0}, r"models\.mine\.config\.alpha: .*greater than 0 \(got 0\.0\)"),
        ({"alpha": "1"}, r"models\.mine\.config\.alpha: .*valid number \(got '1'\)"),
        ({"neighbours": 1.5}, r"models\.mine\.config\.neighbours: .*valid integer"),
        ({"neighbours": True}, r"models\.mine\.config\.neighbours: .*valid integer \(got True\)"),
        ({"neigbours": 3}, r"models\.mine\.config\.neigbours: Extra inputs"),
    ],
)
def test_a_wrong_value_is_named_by_path_rule_and_value(change: dict[str, object], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        build(RIGHT | change)


def test_every_fault_is_named_at_once() -> None:
    with pytest.raises(ParameterError) as raised:
        build({"alpha": -1.0, "neighbours": 0})
    lines = str(raised.value).splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "models.mine.config.alpha",
        "models.mine.config.neighbours",
    ]


def test_a_kind_alone_is_a_whole_configuration() -> None:
    for kind in MODELS:
        assert build({}, kind=kind).config == MODELS[kind].Config()


def test_a_whole_number_is_good_for_a_real_one() -> None:
    config = model_config(ModelSpec(kind="rp3beta", config=RIGHT | {"alpha": 1}), where="models.mine")
    assert config.model_dump() == RIGHT
