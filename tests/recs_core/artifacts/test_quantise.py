import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy.sparse import csr_array, random_array

from recs_core.artifacts.quantise import SCALE, Storage, dequantise, quantise
from recs_core.data.interactions import InteractionSet, csr_from_arrays, csr_to_arrays, history_of
from recs_core.features.content import ContentFeatures
from recs_core.models.base import Explainable, Recommender
from recs_core.models.registry import ModelSpec, build_model

# half of the last step, of the row's largest value
STEP = {"float16": 2.0**-11, "int8": 0.5 / 127}
LEAN: list[Storage] = ["float16", "int8"]
FACTORS = arrays(
    np.float32, st.tuples(st.integers(0, 6), st.integers(0, 6)), elements=st.floats(-1e6, 1e6, width=32)
)


def a_csr() -> csr_array:
    matrix = random_array((7, 9), density=0.4, format="csr", dtype=np.float32, rng=np.random.default_rng(7))
    dense = matrix.toarray() * (10.0 ** -np.arange(7))[:, None]
    dense[3] = 0
    return csr_array(dense.astype(np.float32))


def within(found: NDArray[np.float32], exact: NDArray[np.float32], storage: Storage) -> bool:
    largest = np.abs(exact).max(axis=1, keepdims=True, initial=0)
    return bool(np.all(np.abs(found - exact) <= largest * STEP[storage] * 1.01 + 1e-40))


@given(FACTORS, st.sampled_from(LEAN))
def test_a_matrix_loses_at_most_half_a_step_of_its_row(matrix: NDArray[np.float32], storage: Storage) -> None:
    again = dequantise(quantise({"factors": matrix}, storage))
    assert list(again) == ["factors"]
    assert again["factors"].dtype == np.float32
    assert again["factors"].shape == matrix.shape
    assert within(again["factors"], matrix, storage)


@pytest.mark.parametrize("storage", LEAN)
@pytest.mark.parametrize("prefix", ["", "collaborative."])
def test_weights_lose_at_most_half_a_step_of_their_row(storage: Storage, prefix: str) -> None:
    weights = a_csr()
    stored = quantise(csr_to_arrays(weights, prefix), storage)
    assert stored[f"{prefix}data"].dtype == np.dtype(storage)
    assert stored[f"{prefix}indices"].dtype == np.uint16
    assert stored[f"{prefix}data{SCALE}"].shape == (7,)
    again = dequantise(stored)
    assert again[f"{prefix}indices"].dtype == np.int32
    found = csr_from_arrays(again, n_columns=9, prefix=prefix).toarray()
    assert within(found, weights.toarray(), storage)
    assert not found[3].any()


@pytest.mark.parametrize("storage", LEAN)
def test_a_row_without_entries_at_either_end_does_no_harm(storage: Storage) -> None:
    weights = csr_array(np.array([[0, 0], [3, 1], [0, 0]], dtype=np.float32))
    again = dequantise(quantise(csr_to_arrays(weights), storage))
    np.testing.assert_allclose(
        csr_from_arrays(again, n_columns=2).toarray(), weights.toarray(), atol=3 * STEP["int8"]
    )
    empty = csr_array((2, 2), dtype=np.float32)
    assert dequantise(quantise(csr_to_arrays(empty), storage))["data"].size == 0


def test_float32_is_stored_as_it_is() -> None:
    state = {"factors": np.ones((2, 2), dtype=np.float32), **csr_to_arrays(a_csr())}
    stored = quantise(state, "float32")
    assert all(stored[name] is array for name, array in state.items())
    opened = dequantise(stored)
    assert all(opened[name] is array for name, array in state.items())


@pytest.mark.parametrize("storage", LEAN)
def test_what_is_no_matrix_of_float32_stays_as_it_is(storage: Storage) -> None:
    state = {
        "popularity": np.ones(3, dtype=np.float32),
        "basis": np.eye(3),
        "rows": np.arange(3, dtype=np.int64),
        "small": np.arange(3, dtype=np.uint16),
        # named like a part of CSR, and none
        "data": np.ones(3, dtype=np.float32),
    }
    stored = quantise(state, storage)
    assert list(stored) == list(state)
    assert all(stored[name] is array for name, array in state.items())
    opened = dequantise(stored)
    assert all(opened[name] is array for name, array in state.items())


@pytest.mark.parametrize("storage", LEAN)
def test_more_columns_than_16_bits_can_number_keep_their_32(storage: Storage) -> None:
    wide = csr_array(
        (np.ones(1, np.float32), np.array([2**16], np.int32), np.array([0, 1], np.int32)), shape=(1, 2**17)
    )
    stored = quantise(csr_to_arrays(wide), storage)
    assert stored["indices"].dtype == np.int32
    assert dequantise(stored)["indices"].tolist() == [2**16]


@pytest.mark.parametrize("storage", LEAN)
def test_what_was_opened_cannot_be_written_to(storage: Storage) -> None:
    opened = dequantise(quantise({"factors": np.ones((2, 2), np.float32), **csr_to_arrays(a_csr())}, storage))
    assert not any(opened[name].flags.writeable for name in ("factors", "data", "indices"))


@pytest.mark.parametrize("storage", LEAN)
@pytest.mark.parametrize("kind", ["rp3beta", "als", "content", "hybrid"])
def test_explanations_of_a_lean_model_add_up_to_its_scores(
    kind: str, storage: Storage, interactions: InteractionSet, features: ContentFeatures
) -> None:
    model = build_model(ModelSpec(kind=kind), where=kind)
    model.fit(interactions, features, rng=np.random.default_rng(7))
    lean: Recommender = type(model).from_state(model.config, dequantise(quantise(model.state(), storage)))
    assert isinstance(lean, Explainable)
    books = np.arange(model.n_books, dtype=np.int32)
    for user in range(5):
        read = interactions.matrix.indices[slice(*interactions.matrix.indptr[user : user + 2])]
        history = history_of(read, model.n_books)
        scores = lean.score(history)[0]
        np.testing.assert_allclose(lean.contributions(history, books).total(), scores, rtol=1e-4, atol=1e-5)
        # and they are nearly those of the whole numbers
        whole = model.score(history)[0]
        assert np.abs(scores - whole).max() < 0.05 * np.abs(whole).max()
