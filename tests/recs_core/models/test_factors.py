from collections.abc import Iterable, Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from recs_core.data.topk import TopK
from recs_core.models import factors
from recs_core.models.factors import most_alike, progress_callback


def test_the_bar_is_one_step_behind_until_the_last_iteration_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[object] = []

    def recorded(items: Iterable[int], what: str, *, total: int) -> Iterator[int]:
        for item in items:
            steps.append(item)
            yield item
        steps.append(f"{what} of {total}")

    monkeypatch.setattr(factors, "progress", recorded)
    advance = progress_callback(3, "factorise")
    # implicit says iteration, seconds and loss; BPR says more
    advance(0, 0.1, None)
    assert steps == [0, 1]
    advance(1, 0.1, 5, 2)
    advance(2, 0.1, 5, 2)
    assert steps == [0, 1, 2, "factorise of 3"]
    advance()


def alike(vectors: NDArray[np.float32], books: list[int], *, k: int) -> TopK:
    rows = np.array(books, dtype=np.int32)
    return most_alike(vectors[rows] @ vectors.T, np.linalg.norm(vectors, axis=1), rows, k=k)


def test_alike_are_books_of_one_direction_whatever_the_length() -> None:
    vectors = np.array([[1, 0], [9, 1], [0, 3], [0.1, 0.1]], dtype=np.float32)
    best = alike(vectors, [0, 2], k=2)
    assert best.books.tolist() == [[1, 3], [3, 1]]
    np.testing.assert_allclose(best.scores[0], [9 / np.sqrt(82), np.sqrt(0.5)], rtol=1e-6)


def test_a_book_without_factors_is_like_none() -> None:
    vectors = np.array([[0, 0], [2, 0], [1, 0]], dtype=np.float32)
    assert alike(vectors, [1, 0], k=2).scores.tolist() == [[1, 0], [0, 0]]
