"""What a notebook shows of the things that its cells end with."""

import re

import numpy as np
import pytest

from recs_core.artifacts.bundle import Bundle
from recs_core.data.idmap import PAD
from recs_core.data.interactions import InteractionSet
from recs_core.data.topk import TopK
from recs_core.display import facts_table
from recs_core.models.registry import MODELS, ModelSpec, build_model


def cells(html: str) -> list[list[str]]:
    rows = re.findall(r"<tr>(.*?)</tr>", html)
    return [re.findall(r"<t[hd]>(.*?)</t[hd]>", row) for row in rows]


def test_interactions_are_counted(interactions: InteractionSet) -> None:
    shown = dict(cells(interactions._repr_html_()))
    assert (shown["users"], shown["books"], shown["interactions"]) == ("60", "50", f"{len(interactions):,}")


@pytest.mark.parametrize("kind", sorted(MODELS))
def test_every_model_shows_its_configuration_before_it_is_fitted(kind: str) -> None:
    model = build_model(ModelSpec(kind=kind), where=kind)
    shown = dict(cells(model._repr_html_()))
    assert shown["kind"] == kind
    assert set(shown) == {"kind", "fitted", *model.config.model_dump()}


def test_a_fitted_model_shows_its_size(bundle: Bundle) -> None:
    shown = dict(cells(bundle.model._repr_html_()))
    assert shown["books"] == "50"
    assert shown["size"].endswith(" MB")


def test_lists_are_shown_as_far_as_one_looks_and_without_padding() -> None:
    books = np.array([[3, 1], [2, PAD]] * 8, dtype=np.int32)
    lists = TopK(books, np.where(books == PAD, -np.inf, 0.5).astype(np.float32))
    shown = lists._repr_html_()
    assert cells(shown)[:3] == [["list", "1", "2"], ["0", "3: 0.500", "1: 0.500"], ["1", "2: 0.500"]]
    assert "10 of 16 rows" in shown


def test_contributions_are_shown_with_their_sum(bundle: Bundle) -> None:
    history = bundle.history.matrix[[0]]
    parts = bundle.model.contributions(history, np.array([1, 2], dtype=np.int32))
    head, first, _ = cells(parts._repr_html_())
    assert head == ["book", *parts.sums(), "score"]
    assert float(first[-1]) == pytest.approx(sum(map(float, first[1:-1])), abs=1e-3)


def test_names_are_text() -> None:
    assert "<script>" not in facts_table([("<script>", "<script>")])
