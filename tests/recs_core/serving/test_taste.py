import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from recs_core.data.idmap import IdMap
from recs_core.errors import ParameterError
from recs_core.serving.taste import fold_in, session_events

N = 6
BOOKS = IdMap.from_ids([f"b{row}" for row in range(N)], space="book")
IDS = [*BOOKS.array.tolist(), "nowhere", "nothing at all"]

known_values = st.dictionaries(st.integers(0, N - 1), st.sampled_from([0.5, 1.0, 3.0]))
weights = st.sampled_from([0.5, 1.0, 2.0, -1.0, -0.1])
event_lists = st.lists(st.tuples(st.sampled_from(IDS), weights), max_size=12)


def history(values: dict[int, float]) -> csr_array:
    dense = np.zeros((1, N), dtype=np.float32)
    for row, value in values.items():
        dense[0, row] = value
    return csr_array(dense)


@given(known_values, event_lists)
def test_the_folded_history_is_that_of_the_events_one_by_one(
    known: dict[int, float], events: list[tuple[str, float]]
) -> None:
    taste = fold_in(history(known), events, BOOKS)
    last = dict(events)
    expected, disliked = dict(known), []
    for book_id, weight in last.items():
        row = BOOKS.row(book_id)
        if row < 0:
            continue
        if weight > 0:
            expected[row] = max(expected.get(row, 0.0), weight)
        else:
            expected.pop(row, None)
            disliked.append(row)
    assert taste.history.toarray().tolist() == history(expected).toarray().tolist()
    assert taste.history.dtype == np.float32
    assert taste.history.has_sorted_indices
    assert taste.disliked.tolist() == sorted(disliked)
    assert sorted(taste.unknown_ids) == sorted({"nowhere", "nothing at all"} & set(last))


def test_unknown_books_are_named_in_their_order() -> None:
    events = [("x", 1.0), ("b1", 1.0), ("a", -1.0), ("x", 2.0)]
    assert fold_in(history({}), events, BOOKS).unknown_ids == ("a", "x")


@pytest.mark.parametrize("weight", [0.0, float("nan"), float("inf"), -float("inf")])
def test_a_weight_that_says_nothing_is_refused(weight: float) -> None:
    with pytest.raises(ParameterError, match=r"the weight of book 'b1' is"):
        fold_in(history({}), [("b1", weight)], BOOKS)


def test_a_session_is_likes_then_dislikes() -> None:
    assert session_events(["b1", "b2"], None, ["b3"]) == [("b1", 1.0), ("b2", 1.0), ("b3", -1.0)]
    assert session_events(["b1", "b2"], [2.0, -1.0], []) == [("b1", 2.0), ("b2", -1.0)]
    with pytest.raises(ParameterError, match="1 weights are given for 2 books"):
        session_events(["b1", "b2"], [2.0], [])
