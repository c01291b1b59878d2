"""What the store changed of its books since the bundle was made, in every kind of list."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_core.artifacts.bundle import Bundle
from recs_core.artifacts.precomputed import PrecomputeConfig, precompute
from recs_core.explanations.why_not import Absence
from recs_core.models.base import Recommender
from recs_core.models.registry import ModelSpec, build_model
from recs_core.serving.answer import Rules, ServedFrom
from recs_core.serving.filters import BookFilter
from recs_core.serving.recommender import ServingRecommender
from recs_core.testing.tiny import BOOKS

READER = "u007"


@pytest.fixture(scope="module")
def serving(bundle: Bundle) -> ServingRecommender:
    return ServingRecommender(bundle)


def without(serving: ServingRecommender, rows: Iterable[int]) -> ServingRecommender:
    """After these books were sold out."""
    return serving.with_changes({book: {"stock": 0} for book in ids(serving, list(rows))})


def ids(serving: ServingRecommender, rows: list[int]) -> list[str]:
    return serving.bundle.books.array[rows].tolist()


LISTS: dict[str, Callable[[ServingRecommender], list[int]]] = {
    "recommend": lambda s: s.recommend(READER, k=BOOKS).book_rows.tolist(),
    "unknown reader": lambda s: s.recommend("nobody", k=BOOKS).book_rows.tolist(),
    "personalized": lambda s: s.personalized(ids(s, [4]), k=BOOKS).book_rows.tolist(),
    "filtered": lambda s: s.recommend(
        READER, k=BOOKS, rules=Rules(filters=BookFilter(languages=("eng",)))
    ).book_rows.tolist(),
    "similar": lambda s: [each.book_row for each in s.discovery.similar(ids(s, [4])[0], k=BOOKS)],
    "also read": lambda s: [each.book_row for each in s.discovery.also_read(ids(s, [0])[0], k=BOOKS)],
    "trending": lambda s: [each.book_row for each in s.discovery.trending("all", k=BOOKS).books],
    "new arrivals": lambda s: [each.book_row for each in s.discovery.new_arrivals(k=BOOKS).books],
    "search": lambda s: [each.book_row for each in s.discovery.search("the dragon of", k=BOOKS)],
}
"""Every kind of list, as long as it gets."""


@pytest.mark.parametrize("kind", sorted(LISTS))
@pytest.mark.parametrize("change", [{"withdrawn": True}, {"stock": 0}, {"stock": 3, "withdrawn": True}])
@given(closed=st.sets(st.integers(0, BOOKS - 1), min_size=1))
def test_a_list_is_as_before_without_the_books_that_are_not_sold(
    serving: ServingRecommender, kind: str, change: dict[str, Any], closed: set[int]
) -> None:
    before = LISTS[kind](serving)
    after = LISTS[kind](serving.with_changes(dict.fromkeys(ids(serving, sorted(closed)), change)))
    assert after == [row for row in before if row not in closed]
    assert LISTS[kind](serving) == before


def test_a_short_list_of_like_books_is_as_long_as_before(serving: ServingRecommender) -> None:
    book = ids(serving, [4])[0]
    nearest = [each.book_row for each in serving.discovery.similar(book, k=30)]
    found = without(serving, nearest[:20]).discovery.similar(book, k=5)
    assert [each.book_row for each in found] == nearest[20:25]
    assert [each.rank for each in found] == [1, 2, 3, 4, 5]


def test_like_books_by_content_leave_out_what_is_not_sold(bundle: Bundle) -> None:
    popularity = build_model(ModelSpec(kind="popularity"), where="popularity")
    popularity.fit(bundle.history, None, rng=np.random.default_rng(7))
    serving = ServingRecommender(replace(bundle, model=popularity))
    nearest = LISTS["similar"](serving)
    assert LISTS["similar"](without(serving, nearest[:1])) == nearest[1:]


def test_a_ready_list_goes_on_where_a_book_of_it_is_not_sold(bundle: Bundle) -> None:
    assert isinstance(bundle.model, Recommender)
    lists = precompute(bundle.model, bundle.history, PrecomputeConfig(users=1, depth=12))
    ready = ServingRecommender(replace(bundle, precomputed=lists))
    reader = str(bundle.users.array[lists.users[0]])
    before = ready.recommend(reader, k=12)
    assert before.served_from is ServedFrom.PRECOMPUTED
    after, live = (
        without(each, before.book_rows[[0, 3]].tolist()) for each in (ready, ServingRecommender(bundle))
    )
    for k, source in ((10, ServedFrom.PRECOMPUTED), (11, ServedFrom.MODEL)):
        answer = after.recommend(reader, k=k)
        assert answer.served_from is source
        assert answer.ranked == live.recommend(reader, k=k).ranked
        assert answer.total == live.recommend(reader, k=k).total == before.total - 2


def test_it_is_said_why_a_book_is_missing(serving: ServingRecommender) -> None:
    best = serving.recommend(READER, k=1).ranked[0].book_row
    after = without(serving, [best])
    assert after.why_not(after.recommend(READER, k=5), *ids(serving, [best])).reason is Absence.NOT_SOLD


def test_filters_go_by_what_is_so_now(serving: ServingRecommender) -> None:
    cheap = BookFilter(price_to=3)
    in_stock = BookFilter(in_stock=True)
    printed = serving.filters.mask(in_stock)
    missing = int(np.flatnonzero(~printed)[0])
    book = ids(serving, [missing])[0]
    assert not serving.filters.mask(cheap).any()
    after = serving.with_changes({book: {"price": 2.5, "stock": 4}})
    assert np.flatnonzero(after.filters.mask(cheap)).tolist() == [missing]
    assert after.filters.mask(in_stock)[missing]
    assert after.shelf.cells[missing] == {"price": 2.5, "available": True}
    unknown = after.with_changes({book: {"price": None, "stock": None}})
    assert not unknown.filters.mask(cheap).any()
    assert not unknown.filters.mask(in_stock)[missing]
    assert not serving.filters.mask(cheap).any()


STATES = st.dictionaries(
    st.integers(0, BOOKS - 1),
    st.fixed_dictionaries(
        {},
        optional={
            "price": st.none() | st.floats(0, 50),
            "stock": st.integers(0, 2),
            "withdrawn": st.booleans(),
        },
    ),
)


@given(first=STATES, later=STATES)
def test_changes_one_after_the_other_are_as_all_at_once(
    serving: ServingRecommender, first: dict[int, Any], later: dict[int, Any]
) -> None:
    books = serving.bundle.books.array
    steps = [{str(books[row]): state for row, state in states.items()} for states in (first, later)]
    stepwise = serving.with_changes(steps[0]).with_changes(steps[1])
    at_once = serving.with_changes(steps[0] | steps[1])
    assert dict(stepwise.shelf.cells) == dict(at_once.shelf.cells)
    for name in ("prices", "in_stock"):
        ours, theirs = (getattr(each.filters.columns, name) for each in (stepwise, at_once))
        np.testing.assert_array_equal(ours, theirs)
    closed = [
        np.zeros(BOOKS, np.bool_) if each.filters.columns.closed is None else each.filters.columns.closed
        for each in (stepwise, at_once)
    ]
    np.testing.assert_array_equal(*closed)


def test_books_that_are_not_served_change_nothing(serving: ServingRecommender) -> None:
    assert serving.with_changes({"unheard of": {"withdrawn": True}}) is serving
