from itertools import chain, combinations
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from recs_core.data.interactions import InteractionSet
from recs_core.data.prepare import Split, k_core, split_random
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
    assert pairs_of(core) == expected
    assert set(core.users.array.tolist()) == {user for user, _ in expected}
    assert set(core.books.array.tolist()) == {book for _, book in expected}


def test_removal_goes_on_until_nothing_changes() -> None:
    # a chain: each removal leaves the next one below the bound
    chain_of = {(f"u{n}", f"b{n + step}") for n in range(6) for step in (0, 1)}
    square = {(user, book) for user in ("x", "y") for book in ("p", "q")}
    core = k_core(table_of(chain_of | square), per_user=2, per_book=2)
    assert pairs_of(core) == square


def test_an_empty_table_has_no_core() -> None:
    with pytest.raises(DataError, match="lower them"):
        k_core(table_of(set()), per_user=1, per_book=1)


def split_of(
    interactions: InteractionSet, *, seed: int = 7, validation: float = 0.1, test: float = 0.2
) -> Split:
    rng = np.random.default_rng(seed)
    return split_random(interactions, validation_share=validation, test_share=test, rng=rng)


def with_counts(counts: list[int]) -> InteractionSet:
    """One user for each count, who has read that many books."""
    pairs = {(f"u{user:02d}", f"b{book:02d}") for user, count in enumerate(counts) for book in range(count)}
    return k_core(table_of(pairs), per_user=1, per_book=1)


def counts_of(part: InteractionSet) -> list[int]:
    return np.diff(part.matrix.indptr).tolist()


@given(st.integers(0, 2**32))
def test_the_parts_are_disjoint_and_together_everything(seed: int) -> None:
    interactions = with_counts([1, 2, 3, 7, 20])
    split = split_of(interactions, seed=seed)
    parts = [pairs_of(part) for part in (split.train, split.validation, split.test)]
    assert sum(len(part) for part in parts) == len(interactions)
    assert set().union(*parts) == pairs_of(interactions)


def test_shares_are_of_each_user_and_rounded_down_but_at_least_one() -> None:
    split = split_of(with_counts([3, 9, 10, 25, 40]))
    assert counts_of(split.test) == [1, 1, 2, 5, 8]
    assert counts_of(split.validation) == [1, 1, 1, 2, 4]
    assert counts_of(split.train) == [1, 7, 7, 18, 28]


def test_who_has_fewer_than_three_stays_in_train() -> None:
    split = split_of(with_counts([1, 2, 3]))
    assert counts_of(split.train) == [1, 2, 1]
    assert counts_of(split.validation) == counts_of(split.test) == [0, 0, 1]


@given(st.integers(3, 30), st.floats(0.01, 0.98), st.floats(0.01, 0.98))
@example(3, 0.01, 0.98)
@example(3, 0.98, 0.01)
def test_who_has_three_is_in_every_part_whatever_the_shares(count: int, one: float, other: float) -> None:
    total = max(1.0, (one + other) / 0.99)
    split = split_of(with_counts([count]), validation=one / total, test=other / total)
    sizes = [len(split.train), len(split.validation), len(split.test)]
    assert sum(sizes) == count
    assert min(sizes) >= 1


def test_the_seed_decides_the_split(interactions: InteractionSet) -> None:
    one, same, other = (split_of(interactions, seed=seed) for seed in (1, 1, 2))
    assert pairs_of(one.test) == pairs_of(same.test)
    assert pairs_of(one.validation) == pairs_of(same.validation)
    assert pairs_of(one.test) != pairs_of(other.test)


def test_every_interaction_of_a_user_is_held_out_equally_often() -> None:
    interactions = with_counts([10])
    held_out = sum(split_of(interactions, seed=seed).test.matrix.toarray()[0] for seed in range(500))
    # binomial with n = 500 and p = 0.2: five standard deviations are 45
    assert np.all(np.abs(held_out - 100) < 45)


def test_what_is_known_before_the_test_and_after_it(interactions: InteractionSet) -> None:
    split = split_of(interactions)
    assert pairs_of(split.known_before_test) == pairs_of(split.train) | pairs_of(split.validation)
    assert pairs_of(split.everything) == pairs_of(interactions)


def test_save_and_load_keep_the_parts_apart(interactions: InteractionSet, tmp_path: Path) -> None:
    split = split_of(interactions)
    split.save(tmp_path)
    loaded = Split.load(tmp_path)
    for part in Split.PARTS:
        assert pairs_of(getattr(loaded, part)) == pairs_of(getattr(split, part))
