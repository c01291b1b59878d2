from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pydantic import ValidationError

from recs_core.data.catalogue import SCHEMA, Catalogue
from recs_core.features.content import ContentConfig, ContentFeatures, content_features
from recs_core.testing.tiny import TASTES, taste_of

CONFIG = ContentConfig(dimensions=8, min_books=2, title_weight=1.0, author_weight=1.0, publisher_weight=0.5)


def features_of(catalogue: Catalogue, *, seed: int = 7, **changes: float) -> ContentFeatures:
    config = ContentConfig.model_validate(CONFIG.model_dump() | changes)
    return content_features(catalogue, config, rng=np.random.default_rng(seed))


def of(*books: tuple[str, list[str], str | None]) -> Catalogue:
    rows = [
        {"book_id": f"b{n:02d}", "title": title, "authors": authors, "publisher": publisher}
        for n, (title, authors, publisher) in enumerate(books)
    ]
    return Catalogue(pa.Table.from_pylist(rows, schema=SCHEMA))


def cosine(features: ContentFeatures, one: int, other: int) -> float:
    return float(features.vectors[one] @ features.vectors[other])


FILLER = [
    (f"filler {word}", [f"Author {word}"], f"House {word}") for word in ("oak", "elm", "ash", "fir") * 3
]


def test_books_of_a_taste_are_more_alike_than_others(features: ContentFeatures) -> None:
    cosines = features.vectors @ features.vectors.T
    taste = taste_of(np.arange(len(features.books), dtype=np.int32))
    same = taste[:, None] == taste[None, :]
    np.fill_diagonal(cosines, np.nan)
    assert np.nanmean(cosines[same]) > np.nanmean(cosines[~same]) + 0.3
    nearest = np.nanargmax(cosines, axis=1)
    assert np.mean(taste[nearest] == taste) > 0.9
    assert set(taste.tolist()) == set(range(TASTES))


def test_vectors_have_length_one_or_zero(catalogue: Catalogue) -> None:
    wordless = Catalogue(
        pa.concat_tables([catalogue.table, of(("!?", [], None)).table.set_column(0, SCHEMA[0], [["z"]])])
    )
    vectors = features_of(wordless).vectors
    assert vectors.dtype == np.float32
    assert vectors.shape == (51, 8)
    np.testing.assert_allclose(np.linalg.norm(vectors[:-1], axis=1), 1, rtol=1e-5)
    assert not vectors[-1].any()


def test_an_author_is_one_name_and_not_a_word_of_titles() -> None:
    books = of(("abc", ["Stephen King"], None), ("xyz", ["Stephen King"], None), ("the king", ["A B"], None))
    catalogue = Catalogue(pa.concat_tables([books.table, of(*FILLER).table.slice(3)]))
    features = features_of(catalogue, dimensions=20, min_books=1)
    assert cosine(features, 0, 1) > 0.4
    assert abs(cosine(features, 0, 2)) < 0.05


def test_spellings_of_a_name_are_one_author() -> None:
    books = of(("abc", ["J. R. R.  TOLKIEN"], None), ("xyz", ["J R R Tolkien"], None), *FILLER)
    assert cosine(features_of(books, dimensions=20, min_books=1), 0, 1) > 0.4


def test_a_field_of_weight_zero_does_not_count() -> None:
    books = of(("abc", ["A"], "Same"), ("xyz", ["B"], "Same"), *FILLER)
    alike = features_of(books, dimensions=20, min_books=1)
    assert cosine(alike, 0, 1) > 0.1
    unlike = features_of(books, dimensions=20, min_books=1, publisher_weight=0.0)
    assert abs(cosine(unlike, 0, 1)) < 0.05


def test_a_word_of_too_few_books_is_left_out() -> None:
    books = of(("unicorn", ["A"], "P"), ("unicorn", ["B"], "Q"), *FILLER)
    assert cosine(features_of(books, dimensions=20, min_books=2), 0, 1) > 0.9
    assert not features_of(books, dimensions=20, min_books=3).vectors[0].any()


def test_a_catalogue_in_which_nobody_knows_a_publisher_has_vectors_still() -> None:
    books = of(*[(title, authors, None) for title, authors, _ in FILLER])
    features = features_of(books)
    assert cosine(features, 0, 4) > 0.9


def test_a_catalogue_without_a_shared_word_has_empty_features() -> None:
    features = features_of(of(("one", [], None), ("two", [], None), ("!?", [], None)))
    assert not features.vectors.any()
    assert features.tfidf is not None
    assert features.tfidf.shape == (3, 0)


def test_the_same_seed_makes_the_same_bytes(catalogue: Catalogue) -> None:
    assert features_of(catalogue).vectors.tobytes() == features_of(catalogue).vectors.tobytes()


def test_few_books_get_fewer_dimensions() -> None:
    assert features_of(of(*FILLER), dimensions=300).vectors.shape[1] < 12


@pytest.mark.parametrize("change", [{"dimensions": 0}, {"min_books": 0}, {"title_weight": -1}, {"titel": 1}])
def test_a_config_out_of_range_is_refused(change: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match=next(iter(change))):
        ContentConfig.model_validate(CONFIG.model_dump() | change)


def test_save_and_load_keep_vectors_mapped(features: ContentFeatures, tmp_path: Path) -> None:
    features.save(tmp_path / "features")
    loaded = ContentFeatures.load(tmp_path / "features")
    assert loaded.books == features.books
    assert np.array_equal(loaded.vectors, features.vectors)
    assert isinstance(loaded.vectors, np.memmap)
