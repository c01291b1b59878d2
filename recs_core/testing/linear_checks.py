"""Checks of models that are linear in the history: a book's contribution is what its removal takes away."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from recs_core.data.interactions import history_of
from recs_core.models.base import Explainable
from recs_core.testing.model_case import ModelCase, assert_close, model_check, single_histories
from recs_core.testing.tiny import BOOKS

ALL_BOOKS = np.arange(BOOKS, dtype=np.int32)


@model_check(linear=True)
def a_linear_model_explains_itself(case: ModelCase) -> None:
    """Whoever is linear in the history can say what each of its books gives, and gives every book a part."""
    assert isinstance(case.model, Explainable)


@model_check(needs=Explainable, linear=True)
def a_removed_book_takes_its_contribution_along(case: ModelCase) -> None:
    """The counterfactual: without a book of the history, scores fall by exactly what it was said to give."""

    @given(single_histories.filter(lambda history: history.nnz > 0), st.data())
    def holds(history: csr_array, data: st.DataObject) -> None:
        assert isinstance(case.model, Explainable)
        place = data.draw(st.integers(0, history.nnz - 1))
        parts = case.model.contributions(history, ALL_BOOKS)
        given_by_book = sum((part[:, place] for part in parts.from_history.values()), np.zeros(BOOKS))
        lost = case.model.score(history)[0] - case.model.score(without(history, place))[0]
        blocks = [*parts.from_history.values(), *(part[:, None] for part in parts.constant.values())]
        size = float(np.abs(np.hstack(blocks)).sum(axis=1).max(initial=0))
        assert_close(lost, given_by_book, size=size)

    holds()


@model_check(needs=Explainable, linear=True)
def a_book_gives_the_same_whatever_else_was_read(case: ModelCase) -> None:
    """A contribution depends on the book and its value alone, so that a list of reasons never changes its story."""
    assert isinstance(case.model, Explainable)
    history = case.train.matrix[[0]]
    together = case.model.contributions(history, ALL_BOOKS).from_history
    for place, book in enumerate(history.indices):
        alone = case.model.contributions(history_of(np.array([book], dtype=np.int32), BOOKS), ALL_BOOKS)
        for name, part in together.items():
            size = float(np.abs(part).max())
            assert_close(part[:, place], alone.from_history[name][:, 0], size=size)


def without(history: csr_array, place: int) -> csr_array:
    """One history, `float32[1, n_books]`, less the book at a place of its indices."""
    kept = np.delete(np.arange(history.nnz), place)
    indptr = np.array([0, kept.size], dtype=np.int32)
    return csr_array((history.data[kept], history.indices[kept], indptr), shape=history.shape)
