import hashlib
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_core.data.idmap import PAD, IdMap
from recs_core.errors import DataError, UnknownIdError

# what an id can hold: NumPy strings drop closing NULs, and lone surrogates are no text
ids = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=12)
id_sets = st.sets(ids, min_size=1, max_size=30)


@given(id_sets)
def test_ids_and_rows_are_inverse(known: set[str]) -> None:
    books = IdMap.from_ids(known, space="book")
    rows = np.arange(len(known), dtype=np.int32)
    assert books.rows(books.ids(rows)).tolist() == rows.tolist()
    assert set(books.ids(rows).tolist()) == known


@given(id_sets, st.lists(ids))
def test_row_rows_and_contains_agree_on_any_id(known: set[str], asked: list[str]) -> None:
    books = IdMap.from_ids(known, space="book")
    asked += sorted(known)
    rows = books.rows(asked, missing="pad")
    assert rows.dtype == np.int32
    assert rows.tolist() == [books.row(one) for one in asked]
    assert [row != PAD for row in rows.tolist()] == [one in known for one in asked]
    assert [one in books for one in asked] == [one in known for one in asked]


@given(id_sets)
def test_order_and_repetition_of_the_ids_do_not_matter(known: set[str]) -> None:
    forwards = IdMap.from_ids(sorted(known), space="book")
    backwards = IdMap.from_ids([*sorted(known, reverse=True), min(known)], space="book")
    assert forwards == backwards
    assert forwards.array.tolist() == backwards.array.tolist()


@pytest.mark.parametrize("missing", ["pad", "raise"])
def test_an_empty_map_knows_nothing(missing: str) -> None:
    nothing = IdMap.from_ids([], space="user")
    assert nothing.rows([]).tolist() == []
    assert nothing.row("u") == PAD
    assert nothing.rows(["u"], missing="pad").tolist() == [PAD]


def test_unknown_ids_are_named() -> None:
    users = IdMap.from_ids(["ann", "bob"], space="user")
    with pytest.raises(UnknownIdError, match=r"unknown user id: 'eve', 'zoë'$") as raised:
        users.rows(["ann", "eve", "bob", "zoë"])
    assert raised.value.ids == ["eve", "zoë"]
    assert raised.value.space == "user"


def test_many_unknown_ids_are_shortened_in_the_message_but_not_in_the_error() -> None:
    users = IdMap.from_ids(["ann"], space="user")
    unknown = [f"x{number}" for number in range(9)]
    with pytest.raises(UnknownIdError, match=r"'x4', \.\.\.$") as raised:
        users.rows(unknown)
    assert raised.value.ids == unknown


@pytest.mark.parametrize("ids", [["b", "a"], ["a", "a"], ["a", "b", "b", "c"]])
def test_unsorted_or_repeated_ids_are_refused(ids: list[str]) -> None:
    with pytest.raises(DataError, match="the book ids of an IdMap must be sorted and unique"):
        IdMap(np.array(ids), space="book")


@pytest.mark.parametrize("rows", [[PAD], [2], [0, 2], [0, -2]])
def test_rows_outside_the_map_have_no_id(rows: list[int]) -> None:
    with pytest.raises(IndexError, match=r"book rows must be in 0\.\.1"):
        IdMap.from_ids(["a", "b"], space="book").ids(rows)


def test_the_digest_is_that_of_the_ids_in_row_order() -> None:
    books = IdMap.from_ids(["b", "a", "ç"], space="book")
    assert books.digest == hashlib.sha256("a\nb\nç".encode()).hexdigest()


def test_maps_are_equal_by_ids_and_space() -> None:
    books = IdMap.from_ids(["a", "b"], space="book")
    assert books == IdMap.from_ids(["b", "a"], space="book")
    assert hash(books) == hash(IdMap.from_ids(["b", "a"], space="book"))
    assert books != IdMap.from_ids(["a", "b"], space="user")
    assert books != IdMap.from_ids(["a", "c"], space="book")
    # the width of the stored strings is no part of what they say
    assert books == IdMap(np.array(["a", "b"], dtype="<U9"), space="book")


def test_looking_up_a_very_long_id_copies_no_map() -> None:
    users = IdMap.from_ids([f"u{number:04d}" for number in range(2_000)], space="user")
    long = "u" * 100_000
    tracemalloc.start()
    try:
        assert users.row(long) == PAD
        assert users.rows([long], missing="pad").tolist() == [PAD]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # widened to the long id, the map would take 800 MB
    assert peak < 8_000_000


def test_only_text_is_in_a_map() -> None:
    numbers = IdMap.from_ids(["1", "2"], space="user")
    assert "1" in numbers
    assert 1 not in numbers
