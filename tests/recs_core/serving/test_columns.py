import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_core.serving.columns import Labels, fold, numbers, truths

names = st.sampled_from(["A", "a", " A ", "B", "Ursula Lén", "URSULA LÉN", "", "  "])
lists_of_names = st.lists(st.lists(names, max_size=4), max_size=8)


def chunked(values: list[object], kind: pa.DataType) -> pa.ChunkedArray:
    """In two chunks, as a table that was put together from parts has it."""
    half = len(values) // 2
    return pa.chunked_array([pa.array(values[:half], kind), pa.array(values[half:], kind)])


@given(lists_of_names)
def test_labels_are_found_both_ways(books: list[list[str]]) -> None:
    labels = Labels.of(chunked(list(books), pa.list_(pa.string())))
    expected = [{fold(name) for name in of_book} - {""} for of_book in books]
    by_number = {number: name for name, number in labels.places.items()}
    found = [[by_number[number] for number in labels.of_book(row)] for row in range(len(books))]
    assert [set(of_book) for of_book in found] == expected
    assert [len(of_book) for of_book in found] == [len(of_book) for of_book in expected]
    for name in set().union(*expected):
        having = [row for row, of_book in enumerate(expected) if name in of_book]
        assert labels.books_with(f" {name.upper()} ").tolist() == having
        assert labels.books_of(labels.places[name]).tolist() == having
    both = labels.mask(("a", "b", "nobody"))
    assert both.tolist() == [bool({"a", "b"} & of_book) for of_book in expected]


@pytest.mark.parametrize("column", [["eng", None, "ENG", " fre", ""], [None, None], []])
def test_a_column_of_texts_has_one_label_a_book_at_most(column: list[str | None]) -> None:
    labels = Labels.of(chunked(list(column), pa.string()))
    for name in ("eng", "fre"):
        having = [row for row, text in enumerate(column) if text is not None and fold(text) == name]
        assert labels.books_with(name).tolist() == having
    assert labels.book_starts.size == len(column) + 1


def test_a_null_number_is_nan() -> None:
    assert numbers(chunked([2001, None, -3], pa.int16())).tolist()[::2] == [2001.0, -3.0]
    assert np.isnan(numbers(chunked([2001, None, -3], pa.int16()))[1])
    assert np.isnan(numbers(chunked([None, None], pa.float64()))).all()


def test_a_null_truth_is_false_and_a_slice_has_its_own_values() -> None:
    column = chunked([True, None, False, True], pa.bool_())
    assert truths(column).tolist() == [True, False, False, True]
    assert truths(column.slice(2)).tolist() == [False, True]
    assert numbers(chunked([1, 2, 3, 4, 5], pa.int16()).slice(3)).tolist() == [4.0, 5.0]
    assert truths(chunked([], pa.bool_())).tolist() == []
