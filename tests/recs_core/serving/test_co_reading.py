from concurrent.futures import ThreadPoolExecutor
from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from recs_core.artifacts.bundle import Bundle
from recs_core.errors import ParameterError, UnknownIdError
from recs_core.serving.co_reading import SHRINKAGE, CoRead, CoReading
from recs_core.serving.recommender import ServingRecommender

N_BOOKS = 8
shelves = st.lists(st.sets(st.integers(0, N_BOOKS - 1)), max_size=12)


def matrix_of(histories: list[set[int]]) -> csr_array:
    dense = np.zeros((len(histories), N_BOOKS), dtype=np.float32)
    for user, books in enumerate(histories):
        dense[user, sorted(books)] = 2.5
    return csr_array(dense)


def in_words(histories: list[set[int]], book: int, *, k: int, min_readers: int) -> list[CoRead]:
    """Every other book is looked at with every reader."""
    readers = {other: {u for u, read in enumerate(histories) if other in read} for other in range(N_BOOKS)}
    found = []
    for other in range(N_BOOKS):
        both = len(readers[book] & readers[other])
        if other != book and both >= min_readers:
            cosine = both / sqrt(len(readers[book]) * len(readers[other]))
            found.append((-(cosine * (both / (both + SHRINKAGE))), other, both))
    return [
        CoRead(other, both, both / len(readers[book]), rank)
        for rank, (_, other, both) in enumerate(sorted(found)[:k], 1)
    ]


@given(shelves, st.integers(0, N_BOOKS - 1), st.integers(1, N_BOOKS), st.integers(1, 4))
def test_the_list_is_that_of_every_book_with_every_reader(
    histories: list[set[int]], book: int, k: int, min_readers: int
) -> None:
    found = CoReading(matrix_of(histories)).also_read(book, k=k, min_readers=min_readers)
    assert found == in_words(histories, book, k=k, min_readers=min_readers)


def test_what_everybody_reads_is_not_beside_every_book() -> None:
    # book 0 is read by all of twenty, books 1 and 2 by the same five
    histories = [{0, 1, 2} if user < 5 else {0} for user in range(20)]
    listed = CoReading(matrix_of(histories)).also_read(1, k=2, min_readers=2)
    assert listed == [CoRead(2, 5, 1.0, 1), CoRead(0, 5, 1.0, 2)]


def test_two_readers_count_less_than_many() -> None:
    # with book 0, book 1 shares all its two readers, book 2 eight of its nine
    histories = [{0, 1}] * 2 + [{0, 2}] * 8 + [{2}]
    assert [one.book_row for one in CoReading(matrix_of(histories)).also_read(0, k=2, min_readers=2)] == [
        2,
        1,
    ]


def test_a_book_that_too_few_read_has_no_list() -> None:
    assert CoReading(matrix_of([{0, 1}, {2}])).also_read(0, k=3, min_readers=2) == []
    assert CoReading(matrix_of([{0, 1}, {2}])).also_read(5, k=3, min_readers=1) == []


def test_fewer_than_one_reader_cannot_be_asked_for() -> None:
    with pytest.raises(ParameterError, match="min_readers must be at least 1, not 0"):
        CoReading(matrix_of([{0, 1}])).also_read(0, k=3, min_readers=0)


@given(shelves)
def test_readers_in_common_are_counted(histories: list[set[int]]) -> None:
    co_reading = CoReading(matrix_of(histories))
    for one in range(N_BOOKS):
        expected = [sum({one, other} <= read for read in histories) for other in range(N_BOOKS)]
        assert co_reading.in_common(one, range(N_BOOKS)) == expected


def test_a_served_book_is_asked_for_by_its_id(bundle: Bundle) -> None:
    serving = ServingRecommender(bundle, min_readers=2)
    histories = [set(serving.history_rows(user).tolist()) for user in bundle.users.array.tolist()]
    ids = bundle.books.array.tolist()

    def ask(book_id: str) -> list[CoRead]:
        return serving.discovery.also_read(book_id, k=5)

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(ask, ids))
    for book, listed in enumerate(found):
        assert listed
        for one in listed:
            both = [read for read in histories if {book, one.book_row} <= read]
            assert one.readers == len(both) >= 2
            assert one.share == len(both) / sum(book in read for read in histories)
    with pytest.raises(UnknownIdError, match="unknown book id: 'nowhere'"):
        serving.discovery.also_read("nowhere", k=5)
