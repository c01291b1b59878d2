"""Checks of explanations over many random readers: parts that add up, and removals that do what was said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recs_core.data.interactions import history_of
from recs_core.explanations.counterfactual import counterfactuals
from recs_core.models.base import Explainable, part_kind
from recs_core.models.hybrid import Hybrid
from recs_core.testing.model_case import ModelCase, assert_close, model_check
from recs_core.testing.tiny import BOOKS

CASES: Final = 1_000
"""Random readers and books a model."""


@model_check(needs=Explainable)
def a_thousand_scores_are_the_sum_of_their_parts(case: ModelCase) -> None:
    """For readers of none to all books, of various values."""
    assert isinstance(case.model, Explainable)
    for history, book in random_cases():
        parts = case.model.contributions(history, book)
        size = sum(float(np.abs(block).sum()) for block in parts.from_history.values())
        size += sum(float(np.abs(column).sum()) for column in parts.constant.values())
        assert_close(parts.total(), case.model.score(history, book)[0], size=size)


@model_check(needs=Explainable)
def a_thousand_removals_do_what_was_said(case: ModelCase) -> None:
    """Exactly where the model is linear in the history; elsewhere what is called true is so."""
    assert isinstance(case.model, Explainable)
    for history, book in random_cases():
        score = float(case.model.score(history, book)[0, 0])
        for one in counterfactuals(case.model, history, int(book[0]), first=1):
            kept = history.indices != one.book_row
            shorter = history_of(history.indices[kept].astype(np.int32), BOOKS)
            shorter.data[:] = history.data[kept]
            lost = score - float(case.model.score(shorter, book)[0, 0])
            size = max(abs(score), abs(one.said), abs(one.true))
            assert_close(np.array([one.true]), np.array([lost]), size=size)
            assert one.exact == case.model.linear_in_history
            if one.exact:
                assert_close(np.array([one.said]), np.array([one.true]), size=size)


@model_check(needs=Explainable)
def a_model_that_stands_alone_says_what_it_rests_on(case: ModelCase) -> None:
    """What the history gives, or all of it where a model does not heed histories, is the evidence that it names."""
    assert isinstance(case.model, Explainable)
    history, book = next(random_cases())
    parts = case.model.contributions(history, book)
    if not isinstance(case.model, Hybrid):
        kinds = {part_kind(name) for name in parts.from_history or parts.constant}
        assert kinds == {str(case.model.evidence)}


def random_cases() -> Iterator[tuple[csr_array, NDArray[np.int32]]]:
    """`CASES` times a random history, `float32[1, BOOKS]`, and a random book, `int32[1]`; always the same ones."""
    rng = np.random.default_rng(2004)
    for _ in range(CASES):
        rows = rng.choice(BOOKS, rng.integers(0, BOOKS + 1), replace=False).astype(np.int32)
        history = history_of(rows, BOOKS)
        history.data[:] = rng.choice([0.5, 1.0, 2.0, 5.0], history.nnz)
        yield history, rng.integers(0, BOOKS, 1).astype(np.int32)
