import datetime
from itertools import chain, combinations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_core.data.interactions import InteractionSet
from recs_core.data.kcore import k_core
from recs_core.errors import DataError

Pairs = set[tuple[str, str]]
some_pairs = st.sets(st.tuples(st.sampled_from("uvwxy"), st.sampled_from("abcde")), min_size=1)


def table_of(pairs: Pairs) -> pa.Table:
    users, books = zip(*sorted(pairs), strict=True) if pairs else ((), ())
    return pa.table({"user_id": pa.array(users, pa.string()), "book_id": pa.array(books, pa.string())})


def pairs_of(interactions: InteractionSet) -> Pairs:
    user_rows, book_rows = interactions.matrix.nonzero()
    users, books = interactions.users.ids(user_rows), interactions.books.ids(book_rows)
    return set(zip(users.tolist(), books.tolist(), strict=True))


def is_core(pairs: Pairs, per_user: int, per_book: int) -> bool:
    users, books = ([pair[side] for pair in pairs] for side in (0, 1))
    return all(users.count(user) >= per_user for user in users) and all(
        books.count(book) >= per_book for book in books
    )


def largest_core(pairs: Pairs, per_user: int, per_book: int) -> Pairs:
    """By trying every choice of users and books: the union of all cores is the largest."""
    users, books = (sorted({pair[side] for pair in pairs}) for side in (0, 1))

    def choices(names: list[str]) -> list[tuple[str, ...]]:
        return list(chain.from_iterable(combinations(names, n) for n in range(len(names) + 1)))

    largest: Pairs = set()
    for chosen_users in choices(users):
        for chosen_books in choices(books):
            part = {(u, b) for u, b in pairs if u in chosen_users and b in chosen_books}
            if is_core(part, per_user, per_book):
                largest |= part
    return largest


@given(some_pairs, st.integers(1, 3), st.integers(1, 3))
def test_k_core_is_the_largest_core(pairs: Pairs, per_user: int, per_book: int) -> None:
    expected = largest_core(pairs, per_user, per_book)
    if not expected:
        with pytest.raises(DataError, match=f"min_per_user={per_user} and data.min_per_book={per_book}"):
            k_core(table_of(pairs), per_user=per_user, per_book=per_book)
        return
    core = k_core(table_of(pairs), per_user=per_user, per_book=per_book)
    assert pairs_of(core.to_set()) == expected
    assert set(core.users.array.tolist()) == {user for user, _ in expected}
    assert set(core.books.array.tolist()) == {book for _, book in expected}


def test_removal_goes_on_until_nothing_changes() -> None:
    # a chain: each removal leaves the next one below the bound
    chain_of = {(f"u{n}", f"b{n + step}") for n in range(6) for step in (0, 1)}
    square = {(user, book) for user in ("x", "y") for book in ("p", "q")}
    core = k_core(table_of(chain_of | square), per_user=2, per_book=2)
    assert pairs_of(core.to_set()) == square


def test_an_empty_table_has_no_core() -> None:
    with pytest.raises(DataError, match="there is no interaction"):
        k_core(table_of(set()), per_user=1, per_book=1)


def test_the_times_stay_with_their_interactions() -> None:
    pairs = [("u", "a"), ("u", "b"), ("v", "a"), ("v", "b"), ("w", "b")]
    times = pa.array([10, 20, None, 40, 50], pa.timestamp("s", tz="UTC"))
    core = k_core(table_of(set(pairs)).append_column("time", times), per_user=2, per_book=2)
    assert core.times is not None
    assert core.times.dtype == np.dtype("datetime64[s]")
    assert core.times.astype(object).tolist() == [
        datetime.datetime(1970, 1, 1, 0, 0, second) if second else None for second in (10, 20, None, 40)
    ]


@pytest.mark.parametrize("columns", [{}, {"time": pa.nulls(2, pa.timestamp("s", tz="UTC"))}])
def test_where_no_interaction_has_a_time_there_are_none(columns: dict[str, pa.Array]) -> None:
    table = pa.table({"user_id": ["u", "u"], "book_id": ["a", "b"], **columns})
    assert k_core(table, per_user=1, per_book=1).times is None


@pytest.mark.parametrize("books", [["b", "a"], ["a", "a"]])
def test_a_table_that_is_not_sorted_or_repeats_a_pair_is_refused(books: list[str]) -> None:
    with pytest.raises(DataError, match="sorted by user and book, each pair once"):
        k_core(pa.table({"user_id": ["u", "u"], "book_id": books}), per_user=1, per_book=1)


def test_weights_and_parts_stay_with_their_interactions() -> None:
    pairs = [("u", "a"), ("u", "b"), ("v", "a"), ("v", "b"), ("w", "b")]
    parts = pa.array(["test", "train", None, "validation", "train"]).dictionary_encode()
    weights = np.array([1, 2, 3, 4, 5], dtype=np.float32)
    core = k_core(table_of(set(pairs)).append_column("part", parts), per_user=2, per_book=2, weights=weights)
    assert core.weights is not None
    assert core.weights.tolist() == [1, 2, 3, 4]
    assert core.parts is not None
    assert core.parts.tolist() == [2, 0, -1, 1]


def test_where_no_interaction_has_a_part_there_are_none() -> None:
    table = table_of({("u", "a")}).append_column("part", pa.nulls(1, pa.dictionary(pa.int8(), pa.string())))
    assert k_core(table, per_user=1, per_book=1).parts is None


def test_ids_that_are_codes_already_give_the_same_core() -> None:
    table = table_of({("u", "a"), ("v", "a"), ("v", "b"), ("w", "a")})
    encoded = pa.table({name: table[name].dictionary_encode() for name in table.column_names})
    plain, coded = (k_core(one, per_user=1, per_book=2) for one in (table, encoded))
    assert pairs_of(plain.to_set()) == pairs_of(coded.to_set()) == {("u", "a"), ("v", "a"), ("w", "a")}
