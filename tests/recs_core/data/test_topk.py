from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from recs_core.data.idmap import PAD
from recs_core.data.topk import TopK, top_k

# few different values: ties are the rule
score_rows = hnp.arrays(
    np.float32,
    hnp.array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=12),
    elements=st.sampled_from([-np.inf, -1.5, -0.0, 0.0, 0.25, 0.5, 1.0]),
)


@given(score_rows, st.integers(1, 15))
def test_is_the_head_of_a_full_sort(scores: NDArray[np.float32], k: int) -> None:
    best = top_k(scores, k)
    assert (best.books.dtype, best.scores.dtype) == (np.int32, np.float32)
    assert (len(best), best.k) == (scores.shape[0], k)
    for row, line in enumerate(scores.tolist()):
        allowed = [column for column, score in enumerate(line) if score > -np.inf]
        expected = sorted(allowed, key=lambda column: (-line[column], column))[:k]
        padding = k - len(expected)
        assert best.books[row].tolist() == expected + [PAD] * padding
        assert best.scores[row].tolist() == [line[column] for column in expected] + [-np.inf] * padding


def test_ties_at_the_border_go_to_the_lower_columns() -> None:
    scores = np.zeros((1, 10_000), dtype=np.float32)
    scores[0, 9_999] = 1
    assert top_k(scores, 4).books.tolist() == [[9_999, 0, 1, 2]]


@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.sampled_from([2, 30, 10_000]), st.floats(0, 1))
def test_long_rows_are_the_head_of_a_full_sort_too(seed: int, k: int, values: int, left_out: float) -> None:
    """Rows that are divided into groups: few or many different scores, few or many that must not be taken."""
    rng = np.random.default_rng(seed)
    line = rng.integers(-values // 2, values, size=4_321).astype(np.float32)
    line[rng.random(line.size) < left_out] = -np.inf
    expected = np.lexsort((np.arange(line.size), -line))[:k]
    expected = expected[line[expected] > -np.inf]
    best = top_k(line[None, :], k)
    assert best.books[0].tolist() == expected.tolist() + [PAD] * (k - expected.size)
    assert best.scores[0, : expected.size].tolist() == line[expected].tolist()


def test_the_scores_are_left_alone() -> None:
    scores = np.array([[3, 1, 2]], dtype=np.float32)
    top_k(scores, 2)
    assert scores.tolist() == [[3, 1, 2]]


def test_concatenate_puts_batches_below_each_other() -> None:
    scores = np.random.default_rng(7).random((5, 9), dtype=np.float32)
    whole = top_k(scores, 3)
    parts = TopK.concatenate([top_k(scores[:2], 3), top_k(scores[2:], 3)])
    assert np.array_equal(parts.books, whole.books)
    assert np.array_equal(parts.scores, whole.scores)


def test_save_and_load_keep_lists_with_their_padding(tmp_path: Path) -> None:
    best = top_k(np.array([[1, -np.inf], [0.5, 2]], dtype=np.float32), 2)
    best.save(tmp_path / "lists")
    loaded = TopK.load(tmp_path / "lists")
    assert loaded.books.tolist() == [[0, PAD], [1, 0]]
    assert loaded.scores.tolist() == [[1, -np.inf], [2, 0.5]]
    with pytest.raises(ValueError, match="read-only"):
        loaded.books[0, 0] = 1
