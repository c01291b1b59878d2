import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recs_core.data.idmap import IdMap
from recs_core.data.interactions import InteractionSet, history_of
from recs_core.models.base import Recommender
from recs_core.models.user_knn import UserKNN, UserKNNConfig
from recs_core.testing.tiny import BOOKS

SETTINGS = [
    {"weighting": "cosine", "shrinkage": 0.0, "power": 1.0},
    {"weighting": "cosine", "shrinkage": 2.5, "power": 2.0},
    {"weighting": "tfidf", "shrinkage": 0.0, "power": 0.5},
    {"weighting": "tfidf", "shrinkage": 4.0, "power": 1.0},
    {"weighting": "bm25", "shrinkage": 0.0, "power": 1.0},
    {"weighting": "bm25", "shrinkage": 3.0, "power": 1.5},
]
NEIGHBOURS = 9


def fitted(interactions: InteractionSet, **config: object) -> UserKNN:
    return UserKNN(UserKNNConfig.model_validate(config)).fit(interactions, None, rng=np.random.default_rng(7))


def weighted(
    matrix: NDArray[np.float64], train: NDArray[np.float64], config: UserKNNConfig
) -> NDArray[np.float64]:
    """The vectors of readers in dense NumPy, after the formulas."""
    if config.weighting == "cosine":
        vectors = matrix
    else:
        rarity = np.log((1 + train.shape[0]) / (1 + (train > 0).sum(axis=0)))
        if config.weighting == "bm25":
            norms = 1 - config.b + config.b * matrix.sum(axis=1, keepdims=True) / train.sum(axis=1).mean()
            return rarity * matrix * (config.k1 + 1) / (config.k1 * norms + matrix)
        vectors = np.sqrt(matrix) * rarity
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-300)


def votes(
    history: NDArray[np.float64], train: NDArray[np.float64], config: UserKNNConfig
) -> NDArray[np.float64]:
    """The similarities of all readers, to the power."""
    similarities = weighted(history, train, config) @ weighted(train, train, config).T
    shared = (history > 0).astype(float) @ (train > 0).T
    if config.shrinkage:
        similarities *= shared / (shared + config.shrinkage)
    return similarities**config.power


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_scores_are_those_of_the_formula(interactions: InteractionSet, settings: dict[str, object]) -> None:
    # all readers are neighbours: which of two that are equal but for rounding is nearer does not matter
    model = fitted(interactions, neighbours=len(interactions.users), k1=2.0, b=0.4, **settings)
    train = interactions.matrix.toarray().astype(np.float64)
    rng = np.random.default_rng(7)
    unseen = np.where(rng.random((20, BOOKS)) < 0.2, rng.integers(1, 4, (20, BOOKS)), 0).astype(np.float64)
    for history in (train, unseen):
        expected = votes(history, train, model.config) @ train
        found = model.score(csr_array(history.astype(np.float32)))
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("weighting", ["cosine", "tfidf", "bm25"])
def test_only_the_nearest_readers_vote(interactions: InteractionSet, weighting: str) -> None:
    everybody = fitted(interactions, neighbours=len(interactions.users), weighting=weighting, shrinkage=0.0)
    few = fitted(interactions, neighbours=NEIGHBOURS, weighting=weighting, shrinkage=0.0)
    of_all = everybody.votes(interactions.matrix).toarray()
    of_few = few.votes(interactions.matrix).toarray()
    assert ((of_few > 0).sum(axis=1) == NEIGHBOURS).all()
    for line, whole in zip(of_few, of_all, strict=True):
        assert np.array_equal(line[line > 0], whole[line > 0])
        assert line[line > 0].min() >= whole[line == 0].max()


def test_a_reader_is_his_own_nearest_neighbour_if_trained_on(interactions: InteractionSet) -> None:
    model = fitted(interactions, weighting="cosine", shrinkage=0.0, neighbours=1)
    nearest = model.votes(interactions.matrix)
    assert nearest.indices.tolist() == list(range(len(interactions.users)))
    np.testing.assert_allclose(nearest.data, 1, rtol=1e-6)


def test_a_power_brings_the_nearest_readers_to_the_fore(interactions: InteractionSet) -> None:
    shares = []
    for power in (0.5, 1.0, 3.0):
        line = fitted(interactions, power=power).votes(interactions.matrix[[3]]).data
        shares.append(line.max() / line.sum())
    assert shares == sorted(shares)
    assert shares[0] < shares[2]


def test_a_book_gives_what_its_share_of_the_similarities_gives(interactions: InteractionSet) -> None:
    """For cosine the share is written out: value times value, over both lengths, summed over the neighbours."""
    model = fitted(interactions, weighting="cosine", shrinkage=0.0, neighbours=NEIGHBOURS)
    history = interactions.matrix[[5]]
    books = np.arange(BOOKS, dtype=np.int32)
    found = model.contributions(history, books).from_history["collaborative"]
    train = interactions.matrix.toarray().astype(np.float64)
    neighbours = model.votes(history).indices
    for place, book in enumerate(history.indices):
        lengths = np.sqrt(history.nnz * train[neighbours].sum(axis=1))
        expected = (train[neighbours, book] / lengths) @ train[neighbours]
        np.testing.assert_allclose(found[:, place], expected, rtol=1e-5, atol=1e-9)


def test_a_book_that_everybody_has_read_says_nothing() -> None:
    read = np.array([[1, 1, 0], [1, 0, 1], [1, 1, 1]], dtype=np.float32)
    users, books = (IdMap.from_ids(list("abc"), space=space) for space in ("user", "book"))
    user_rows, book_rows = np.nonzero(read)
    train = InteractionSet.from_rows(users, books, user_rows.astype(np.int32), book_rows.astype(np.int32))
    for weighting in ("tfidf", "bm25"):
        model = fitted(train, weighting=weighting)
        assert not model.score(history_of(np.array([0], dtype=np.int32), 3)).any()


histories = hnp.arrays(np.float32, (3, BOOKS), elements=st.sampled_from([0.0, 0.0, 0.0, 1.0, 2.0]))


@given(histories, st.integers(1, BOOKS + 2), st.booleans(), st.none() | st.sets(st.integers(0, BOOKS - 1)))
def test_the_lists_are_those_of_the_dense_scores(
    interactions: InteractionSet,
    histories: NDArray[np.float32],
    k: int,
    exclude_seen: bool,
    chosen: set[int] | None,
) -> None:
    model, history = fitted(interactions), csr_array(histories)
    candidates = None if chosen is None else np.array(sorted(chosen), dtype=np.int32)
    sparse = model.recommend(history, k=k, exclude_seen=exclude_seen, candidates=candidates)
    dense = Recommender.recommend(model, history, k=k, exclude_seen=exclude_seen, candidates=candidates)
    assert sparse.books.tolist() == dense.books.tolist()
    assert sparse.scores.tolist() == dense.scores.tolist()
