import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_core.models import spd_inverse
from recs_core.models.spd_inverse import invert_in_place


def positive_definite(n: int, seed: int) -> np.ndarray:
    factor = np.random.default_rng(seed).standard_normal((n, n + 3))
    return (factor @ factor.T + n * np.eye(n)).astype(np.float32)


@pytest.fixture(scope="module", params=[1, 4, 1024])
def block(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@given(n=st.integers(1, 13), seed=st.integers(0, 2**20))
def test_blocks_of_any_size_give_the_inverse(block: int, n: int, seed: int) -> None:
    matrix = positive_definite(n, seed)
    expected = np.linalg.inv(matrix.astype(np.float64))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spd_inverse, "BLOCK", block)
        invert_in_place(matrix)
    np.testing.assert_allclose(matrix, expected, rtol=1e-3, atol=1e-5 * np.abs(expected).max())


def test_only_the_lower_triangle_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spd_inverse, "BLOCK", 4)
    whole = positive_definite(12, 7)
    lower = whole.copy()
    for start in range(0, 12, 4):
        lower[start : start + 4, start + 4 :] = np.nan
    invert_in_place(whole)
    invert_in_place(lower)
    assert np.array_equal(whole, lower)


@pytest.mark.parametrize("threads", [1, 3])
def test_any_number_of_threads_gives_the_same_bytes(monkeypatch: pytest.MonkeyPatch, threads: int) -> None:
    monkeypatch.setattr(spd_inverse, "BLOCK", 16)
    expected, found = positive_definite(100, 7), positive_definite(100, 7)
    invert_in_place(expected)
    monkeypatch.setattr(spd_inverse, "THREADS", threads)
    invert_in_place(found)
    assert found.tobytes() == expected.tobytes()


def test_a_singular_matrix_is_refused() -> None:
    with pytest.raises(np.linalg.LinAlgError):
        invert_in_place(np.zeros((3, 3), dtype=np.float32))
