"""What is computed for one reader without SciPy is what SciPy computes for many."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import csr_array, random_array, vstack

from recs_core.models.content import Content, ContentModelConfig
from recs_core.models.hybrid import Hybrid
from recs_core.models.one_reader import block_of, largest, weighted_sum
from recs_core.models.registry import MODELS, ModelSpec
from recs_core.models.sparse import keep_largest
from recs_core.models.sparse_scores import SparseModel
from recs_core.models.user_knn import UserKNN, UserKNNConfig
from recs_core.testing.model_case import ModelCase, single_histories
from recs_core.testing.tiny import tiny_catalogue, tiny_features, tiny_interactions

SEEDS = st.integers(0, 2**32 - 1)


def random_matrix(seed: int, *, n: int = 40, m: int = 30, density: float = 0.2) -> csr_array:
    """Weights of both signs, some rows and columns empty."""
    rng = np.random.default_rng(seed)
    matrix = csr_array(random_array((n, m), density=density, rng=rng, data_sampler=rng.normal))
    matrix.sort_indices()
    return matrix.astype(np.float32)


def random_rows(seed: int, n: int) -> NDArray[np.int32]:
    rng = np.random.default_rng(seed)
    return rng.integers(0, n, rng.integers(0, 12)).astype(np.int32)


@given(SEEDS)
def test_a_weighted_sum_has_the_bits_of_the_product(seed: int) -> None:
    matrix, rows = random_matrix(seed), np.unique(random_rows(seed, 40))
    weights = np.random.default_rng(seed).normal(size=rows.size).astype(np.float32)
    history = csr_array((weights, rows, np.array([0, rows.size])), shape=(1, 40))
    found = weighted_sum(matrix, rows, weights)
    assert found.dtype == np.float32
    assert found.tolist() == (history @ matrix).toarray()[0].tolist()


@given(SEEDS, SEEDS)
def test_a_block_is_that_of_the_dense_matrix(seed: int, other: int) -> None:
    matrix, rows, columns = random_matrix(seed), random_rows(seed, 40), random_rows(other, 30)
    found = block_of(matrix, rows, columns)
    assert found.dtype == np.float64
    assert np.array_equal(found, matrix.toarray()[rows][:, columns])


@given(st.lists(st.sampled_from([0.5, 1.0, 1.5, 2.0]), max_size=20), st.integers(1, 22))
def test_the_largest_are_those_that_a_row_keeps(values: list[float], n: int) -> None:
    line = np.array(values, dtype=np.float32)
    row = csr_array((line, np.arange(line.size), np.array([0, line.size])), shape=(1, max(1, line.size)))
    assert largest(line, n).tolist() == keep_largest(row, n).indices.tolist()


def models_of_sparse_scores() -> list[ModelSpec]:
    kinds = [kind for kind, model in MODELS.items() if issubclass(model, SparseModel | Content)]
    variants = [
        ModelSpec(kind="user_knn", config={"neighbours": n, "weighting": weighting, "shrinkage": shrinkage})
        for n, weighting, shrinkage in [(3, "cosine", 0.0), (7, "tfidf", 2.0), (60, "bm25", 0.0)]
    ]
    components = {
        name: {"kind": name, "weight": 0.25} for name in ("item_knn", "user_knn", "rp3beta", "content")
    }
    return [
        *(ModelSpec(kind=kind) for kind in sorted(kinds)),
        *variants,
        ModelSpec(kind="hybrid", config={"components": components}),
    ]


@pytest.mark.parametrize("spec", models_of_sparse_scores(), ids=lambda spec: spec.kind)
def test_one_readers_scores_have_the_bits_of_a_batch(spec: ModelSpec, tmp_path: Path) -> None:
    """Ready lists are made one reader at a time, the evaluation's in batches; served and measured is the same."""
    model = ModelCase(spec, tmp_path).model

    @given(single_histories, single_histories)
    def holds(history: csr_array, other: csr_array) -> None:
        batch = csr_array(vstack([other, history], format="csr"))
        alone = model.score(history)
        assert alone.dtype == np.float32
        assert alone.tolist() == model.score(batch)[1:].tolist()
        if isinstance(model, Hybrid):
            assert model.score_scaled(history)[1].tolist() == model.score_scaled(batch)[1][1:].tolist()

    holds()


@given(
    single_histories,
    st.sampled_from(["cosine", "tfidf", "bm25"]),
    st.integers(1, 70),
    st.sampled_from([0.0, 2.0]),
)
def test_one_readers_neighbours_are_those_of_a_batch(
    history: csr_array, weighting: str, neighbours: int, shrinkage: float
) -> None:
    config = UserKNNConfig(weighting=weighting, neighbours=neighbours, shrinkage=shrinkage, power=1.3)
    model = UserKNN(config).fit(tiny_interactions(), None, rng=np.random.default_rng(7))
    rows, votes = model.votes_for_one(history)
    of_batch = model.votes(history)
    counted = of_batch.data > 0
    assert rows.tolist() == of_batch.indices[counted].tolist()
    assert votes.tolist() == of_batch.data[counted].tolist()


@given(single_histories)
def test_content_scores_have_the_same_bits_by_feature_and_by_book(history: csr_array) -> None:
    books = tiny_interactions().books
    model = Content(ContentModelConfig()).fit(
        tiny_interactions(), tiny_features(tiny_catalogue(books)), rng=np.random.default_rng(7)
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("recs_core.models.content.SPARSE", 0)
        by_feature = model.score(history)
        patch.setattr("recs_core.models.content.SPARSE", 10**9)
        by_book = model.score(history)
    assert by_feature.tolist() == by_book.tolist()
