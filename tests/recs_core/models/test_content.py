import numpy as np
import pytest

from recs_core.data.idmap import PAD
from recs_core.data.interactions import InteractionSet, history_of
from recs_core.errors import ParameterError
from recs_core.features.content import ContentFeatures
from recs_core.models.content import Content, ContentModelConfig
from recs_core.testing.blocks import SIZE, block_features, block_interactions, in_larger_taste


def test_a_score_is_the_sum_of_cosines_with_the_history(
    interactions: InteractionSet, features: ContentFeatures
) -> None:
    model = Content(ContentModelConfig()).fit(interactions, features, rng=np.random.default_rng(7))
    scores = model.score(history_of(np.array([3, 8], dtype=np.int32), 50))[0]
    assert features.tfidf is not None
    rows = features.tfidf.toarray().astype(np.float64)
    np.testing.assert_allclose(scores, (rows @ rows[[3, 8]].T).sum(axis=1), atol=1e-5)


def test_vectors_without_tfidf_take_its_place(
    interactions: InteractionSet, features: ContentFeatures
) -> None:
    plain = ContentFeatures(features.books, features.vectors)
    model = Content(ContentModelConfig()).fit(interactions, plain, rng=np.random.default_rng(7))
    scores = model.score(history_of(np.array([3], dtype=np.int32), 50))[0]
    np.testing.assert_allclose(scores, features.vectors @ features.vectors[3], atol=1e-5)


def test_a_book_that_is_like_none_of_the_history_is_not_recommended() -> None:
    model = Content(ContentModelConfig())
    model.fit(block_interactions(), block_features(), rng=np.random.default_rng(7))
    best = model.recommend(history_of(np.array([0], dtype=np.int32), SIZE), k=SIZE).books[0]
    larger = np.flatnonzero(in_larger_taste(np.arange(SIZE))).tolist()
    assert best[best != PAD].tolist() == larger[1:]


@pytest.mark.parametrize("features", [None, block_features()])
def test_features_of_the_same_books_are_needed(
    interactions: InteractionSet, features: ContentFeatures | None
) -> None:
    with pytest.raises(ParameterError, match="needs the features of the books"):
        Content(ContentModelConfig()).fit(interactions, features, rng=np.random.default_rng(7))
