"""Hits beside sets, where the table is crowded, where it is empty, and where it is filled more than once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from recs_core.data.idmap import PAD
from recs_core.evaluation.metrics.hits import FEWEST_SLOTS, SLOTS, Hits


def by_sets(books: np.ndarray, truth: csr_array) -> list[tuple[int, int, int]]:
    """User, rank and book of each hit."""
    bounds = truth.indptr
    relevant = [set(truth.indices[bounds[user] : bounds[user + 1]].tolist()) for user in range(len(books))]
    return [
        (user, rank, book)
        for user, listed in enumerate(books.tolist())
        for rank, book in enumerate(listed, 1)
        if book in relevant[user]
    ]


def found(books: np.ndarray, truth: csr_array) -> list[tuple[int, int, int]]:
    hits = Hits.find(books, truth)
    return list(zip(hits.users.tolist(), hits.ranks.tolist(), hits.books.tolist(), strict=True))


@given(st.integers(0, 2**32))
def test_hits_are_those_of_sets(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n_users, n_books, k = (int(number) for number in rng.integers(1, [9, 60, 8]))
    books = np.array([rng.permutation(max(n_books, k))[:k] for _ in range(n_users)], dtype=np.int32)
    books[books >= n_books] = PAD
    truth = csr_array(rng.random((n_users, n_books)) < rng.random(), dtype=np.float32)
    assert found(books, truth) == by_sets(books, truth)


def test_books_that_share_a_slot_are_all_found() -> None:
    # one user of 500 among 400 of none: the table has about as many slots a user as that one has books
    rng = np.random.default_rng(7)
    truth = csr_array(
        (np.ones(500, np.float32), rng.permutation(5_000)[:500], np.append(np.zeros(200), np.full(201, 500))),
        shape=(400, 5_000),
    )
    books = np.array([rng.permutation(5_000)[:50] for _ in range(400)], dtype=np.int32)
    books[199, :25] = truth.indices[:25]
    assert found(books, truth) == by_sets(books, truth)
    assert len(found(books, truth)) >= 25


def test_a_table_that_is_filled_anew_forgets_the_users_before() -> None:
    # each has one book, so that the table has the fewest slots a user
    n_users = 2 * SLOTS // FEWEST_SLOTS + 5
    truth = csr_array(
        (np.ones(n_users, np.float32), np.arange(n_users) % 16, np.arange(n_users + 1)), shape=(n_users, 16)
    )
    books = np.tile(np.arange(16, dtype=np.int32), (n_users, 1))
    hits = Hits.find(books, truth)
    assert hits.users.tolist() == list(range(n_users))
    assert hits.books.tolist() == [user % 16 for user in range(n_users)]


@pytest.mark.parametrize("n_users", [0, 3])
def test_no_truth_has_no_hits(n_users: int) -> None:
    assert found(np.zeros((n_users, 2), dtype=np.int32), csr_array((n_users, 4), dtype=np.float32)) == []


def test_ordinals_count_each_users_hits() -> None:
    truth = csr_array(np.array([[1, 0, 1, 1], [0, 0, 0, 0], [0, 1, 0, 0]], dtype=np.float32))
    books = np.array([[3, 1, 2, 0], [0, 1, 2, 3], [1, 0, 2, 3]], dtype=np.int32)
    assert Hits.find(books, truth).ordinals.tolist() == [1, 2, 3, 1]
