from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recs_core.data.interactions import InteractionSet
from recs_core.models import als
from recs_core.models.als import ALS, ALSConfig, stacks

CONFIG = ALSConfig(factors=8, regularization=0.1, alpha=5.0, iterations=10)


@pytest.fixture(scope="module")
def model(interactions: InteractionSet) -> ALS:
    return ALS(CONFIG).fit(interactions, None, rng=np.random.default_rng(7))


def objective(model: ALS, history: np.ndarray, reader: np.ndarray) -> float:
    """What the paper minimises for one reader: weighted squared error of every book, and regularisation."""
    confidence = np.where(history > 0, CONFIG.alpha * history, 1.0)
    error = (history > 0) - model.factors.astype(np.float64) @ reader
    return float(confidence @ error**2 + CONFIG.regularization * reader @ reader)


def test_folding_in_finds_the_minimum_of_the_papers_objective(
    model: ALS, interactions: InteractionSet
) -> None:
    history = interactions.matrix.toarray()[0].astype(np.float64)
    scores = model.score(interactions.matrix[[0]])[0].astype(np.float64)
    # the reader's factors are those that give the scores
    reader, *_ = np.linalg.lstsq(model.factors.astype(np.float64), scores, rcond=None)
    lowest = objective(model, history, reader)
    rng = np.random.default_rng(7)
    for size in (1e-2, 1e-1, 1.0):
        for step in rng.normal(size=(20, reader.size)) * size:
            assert objective(model, history, reader + step) > lowest


def closed_form(model: ALS, history: NDArray[np.float64]) -> NDArray[np.float64]:
    """The paper's equation 4 in its own words: every book has a confidence, and most have 1."""
    factors = model.factors.astype(np.float64)
    identity = np.eye(factors.shape[1])
    readers = []
    for line in history:
        confidence = np.where(line > 0, CONFIG.alpha * line, 1.0)
        system = factors.T @ np.diag(confidence) @ factors + CONFIG.regularization * identity
        readers.append(np.linalg.solve(system, factors.T @ (confidence * (line > 0))))
    return np.array(readers)


# confidences below 1, of 1 and above; histories shorter and longer than the 8 factors, and empty ones
batches = hnp.arrays(
    np.float32,
    st.tuples(st.integers(1, 6), st.just(50)),
    elements=st.sampled_from([0.0, 0.0, 0.0, 0.1, 0.2, 1.0, 5.0]),
)


@given(batches)
def test_folding_in_a_batch_is_the_closed_form_for_each_of_its_readers(
    model: ALS, histories: NDArray[np.float32]
) -> None:
    found = model.fold_in(csr_array(histories))
    assert found.dtype == np.float32
    # in the basis of the paper
    readers = found.astype(np.float64) @ model.basis.T
    np.testing.assert_allclose(
        readers, closed_form(model, histories.astype(np.float64)), rtol=1e-4, atol=1e-5
    )


def test_both_systems_give_the_same_reader(model: ALS) -> None:
    rng = np.random.default_rng(7)
    # 7 of 8 factors: the smaller system is that of the history; padded to 8 it is that of the factors
    z, confidence = rng.normal(size=(5, 7, 8)), rng.uniform(0.2, 9, size=(5, 7))
    given_books = np.ones((5, 7), dtype=np.bool_)
    padding = ((0, 0), (0, 1))
    padded = als.solve_readers(
        np.pad(z, (*padding, (0, 0))), np.pad(confidence, padding), np.pad(given_books, padding)
    )
    np.testing.assert_allclose(als.solve_readers(z, confidence, given_books), padded, rtol=1e-9)


@given(st.lists(st.integers(0, 70), max_size=40), st.integers(1, 32))
def test_stacks_hold_each_reader_once_in_bounded_memory(counts: list[int], size: int) -> None:
    made = stacks(np.array(counts, dtype=np.int64), size)
    assert sorted(row for rows, _ in made for row in rows.tolist()) == np.flatnonzero(counts).tolist()
    for rows, width in made:
        of_stack = [counts[row] for row in rows]
        assert max(of_stack) <= width < 2 * min(of_stack) + 1


def test_stacks_of_any_size_give_the_same_readers(
    model: ALS, interactions: InteractionSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = model.fold_in(interactions.matrix)
    monkeypatch.setattr(als, "STACK", 200)
    assert all(rows.size * width * 8 <= 200 for rows, width in stacks(interactions.user_counts, 8))
    np.testing.assert_allclose(model.fold_in(interactions.matrix), whole, rtol=1e-5)


def test_a_larger_value_pulls_its_book_up(model: ALS) -> None:
    book = np.array([7], dtype=np.int32)
    scores = [
        model.score(csr_array((np.array([value], np.float32), book, np.array([0, 1])), shape=(1, 50)))[0, 7]
        for value in (0.5, 1.0, 4.0)
    ]
    assert scores == sorted(scores)
    assert scores[0] < scores[2]


def test_similar_is_the_cosine_of_the_factors(model: ALS) -> None:
    best = model.similar(np.array([4], dtype=np.int32), k=3)
    factors = model.factors.astype(np.float64)
    cosines = factors @ factors[4] / np.linalg.norm(factors, axis=1) / np.linalg.norm(factors[4])
    cosines[4] = -np.inf
    assert best.books[0].tolist() == np.argsort(-cosines)[:3].tolist()
    np.testing.assert_allclose(best.scores[0], np.sort(cosines)[::-1][:3], rtol=1e-5)


def test_the_seed_decides_the_factors(interactions: InteractionSet, model: ALS) -> None:
    other = ALS(CONFIG).fit(interactions, None, rng=np.random.default_rng(8))
    assert not np.array_equal(other.books, model.books)


def test_a_confidence_of_1_is_learned_from_mapped_data_too(
    interactions: InteractionSet, tmp_path: Path
) -> None:
    interactions.save(tmp_path / "train")
    mapped = InteractionSet.load(tmp_path / "train")
    config = CONFIG.model_copy(update={"alpha": 1.0})
    fitted = [ALS(config).fit(train, None, rng=np.random.default_rng(7)) for train in (interactions, mapped)]
    assert fitted[0].books.tobytes() == fitted[1].books.tobytes()
