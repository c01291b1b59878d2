from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recs_core.artifacts.bundle import Bundle
from recs_core.data.interactions import history_of
from recs_core.explanations.reasons import Reason, reasons_of
from recs_core.models.base import Contributions, Explainable
from recs_core.testing.tiny import BOOKS

ALL_BOOKS = np.arange(BOOKS, dtype=np.int32)
HISTORY = history_of(np.array([10, 20], dtype=np.int32), 30)
BOOK = np.array([0], dtype=np.int32)


@dataclass
class Fixed:
    """A model whose contributions are given."""

    collaborative: list[float]
    popularity: float

    def contributions(self, history: csr_array, book_rows: NDArray[np.int32]) -> Contributions:
        given = {"collaborative": np.array([self.collaborative])}
        return Contributions(history.indices, given, {"popularity": np.array([self.popularity])})


@given(st.sets(st.integers(0, BOOKS - 1)), st.integers(0, 12))
def test_reasons_add_up_to_the_score_however_many_are_named(
    bundle: Bundle, read: set[int], first: int
) -> None:
    assert isinstance(bundle.model, Explainable)
    history = history_of(np.array(sorted(read), dtype=np.int32), BOOKS)
    reasons = reasons_of(bundle.model.contributions(history, ALL_BOOKS), first=first)
    sums = [sum(reason.amount for reason in of_book) for of_book in reasons]
    scores = bundle.model.score(history)[0]
    np.testing.assert_allclose(sums, scores, rtol=1e-5, atol=1e-5 * float(scores.max()))


@given(st.sets(st.integers(0, BOOKS - 1)), st.integers(0, 12))
def test_the_largest_come_first_and_the_rest_is_one(bundle: Bundle, read: set[int], first: int) -> None:
    assert isinstance(bundle.model, Explainable)
    history = history_of(np.array(sorted(read), dtype=np.int32), BOOKS)
    for reasons in reasons_of(bundle.model.contributions(history, ALL_BOOKS), first=first):
        named = [reason for reason in reasons if reason.kind != "OTHER"]
        sizes = [abs(reason.amount) for reason in named]
        assert len(named) <= first
        assert sizes == sorted(sizes, reverse=True)
        assert [reason.kind for reason in reasons[len(named) :]] in ([], ["OTHER"])


@given(st.sets(st.integers(0, BOOKS - 1), min_size=1))
def test_a_reason_from_a_book_names_a_book_of_the_history(bundle: Bundle, read: set[int]) -> None:
    assert isinstance(bundle.model, Explainable)
    history = history_of(np.array(sorted(read), dtype=np.int32), BOOKS)
    for reasons in reasons_of(bundle.model.contributions(history, ALL_BOOKS), first=BOOKS):
        for reason in reasons:
            if reason.kind in ("COLLABORATIVE", "CONTENT"):
                assert reason.book_row in read
            else:
                assert reason.book_row is None


@pytest.mark.parametrize(
    ("model", "first", "expected"),
    [
        (Fixed([0.5, 0.25], 0.125), 1, [("COLLABORATIVE", 10, 0.5), ("OTHER", None, 0.375)]),
        (Fixed([0.25, 0.5], 0.125), 1, [("COLLABORATIVE", 20, 0.5), ("OTHER", None, 0.375)]),
        (Fixed([0.25, 0.5], 1.0), 1, [("POPULARITY", None, 1.0), ("OTHER", None, 0.75)]),
        # a part against the book is named by its size
        (Fixed([0.25, -0.5], 0.0), 1, [("COLLABORATIVE", 20, -0.5), ("OTHER", None, 0.25)]),
        # nothing is left for OTHER, though it would be of amount 0
        (Fixed([0.5, 0.0], 0.0), 1, [("COLLABORATIVE", 10, 0.5)]),
        # what is left adds up to nothing but is there
        (Fixed([0.5, 0.25], -0.25), 1, [("COLLABORATIVE", 10, 0.5), ("OTHER", None, 0.0)]),
        (Fixed([0.5, 0.25], 0.0), 9, [("COLLABORATIVE", 10, 0.5), ("COLLABORATIVE", 20, 0.25)]),
        (Fixed([0.0, 0.0], 0.0), 3, []),
    ],
)
def test_which_parts_are_named(
    model: Fixed, first: int, expected: list[tuple[str, int | None, float]]
) -> None:
    assert reasons_of(model.contributions(HISTORY, BOOK), first=first) == [
        [Reason(*reason) for reason in expected]
    ]


def test_no_books_have_no_reasons(bundle: Bundle) -> None:
    assert isinstance(bundle.model, Explainable)
    history = history_of(ALL_BOOKS[:3], BOOKS)
    assert reasons_of(bundle.model.contributions(history, ALL_BOOKS[:0]), first=3) == []


def test_components_of_one_kind_are_one_reason_and_rules_are_each_their_own() -> None:
    parts = Contributions(
        np.array([10, 20], dtype=np.int32),
        {
            "als:collaborative": np.array([[0.5, 0.25]]),
            "knn:collaborative": np.array([[0.25, 0.5]]),
            "content:content": np.array([[0.125, 0.0]]),
        },
        {
            "popularity:popularity": np.array([0.0625]),
            "trending:popularity": np.array([0.0625]),
            "cold_start:rule": np.array([-0.25]),
            "diversity:rule": np.array([-0.0625]),
        },
    )
    assert reasons_of(parts, first=9) == [
        [
            Reason("COLLABORATIVE", 10, 0.75),
            Reason("COLLABORATIVE", 20, 0.75),
            Reason("RULE", None, -0.25, "cold_start"),
            Reason("CONTENT", 10, 0.125),
            Reason("POPULARITY", None, 0.125),
            Reason("RULE", None, -0.0625, "diversity"),
        ]
    ]
    assert reasons_of(parts, first=1) == [[Reason("COLLABORATIVE", 10, 0.75), Reason("OTHER", None, 0.6875)]]
