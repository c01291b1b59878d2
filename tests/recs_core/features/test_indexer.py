import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import hstack
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, TfidfVectorizer
from sklearn.preprocessing import normalize

from recs_core.data.catalogue import SCHEMA, Catalogue
from recs_core.data.idmap import PAD
from recs_core.errors import DataError
from recs_core.features.content import ContentFeatures
from recs_core.features.content_index import ContentIndex
from recs_core.features.indexer import ContentConfig, ContentIndexer, fit_indexer, texts_of
from recs_core.features.metadata import FIELDS

CONFIG = ContentConfig(dimensions=8, genre_weight=0.5, year_weight=0.2, language_weight=0.1)


@pytest.fixture(scope="module")
def indexer(catalogue: Catalogue) -> ContentIndexer:
    return fit_indexer(catalogue, CONFIG, rng=np.random.default_rng(7))


def a_book(
    number: int, title: str, authors: list[str], year: int | None, publisher: str | None
) -> dict[str, object]:
    return {
        "book_id": f"n{number:03d}",
        "title": title,
        "authors": authors,
        "year": year,
        "genres": ["dragon"],
    } | {"publisher": publisher}


BOOKS = st.lists(
    st.tuples(
        st.lists(
            st.sampled_from(["dragon", "River", "Œuvre", "of", "unheard", "(Galaxy, #2)", ":"]), min_size=1
        ).map(" ".join),
        st.lists(st.sampled_from(["Ada Bloom", "ADA  BLOOM", "J. R. Tolk", "Nobody"]), max_size=3),
        st.none() | st.integers(1900, 2020),
        st.none() | st.sampled_from(["Orbit", "Green Press", "Unknown House"]),
    ),
    min_size=1,
    max_size=12,
)


def shop(books: list[tuple[str, list[str], int | None, str | None]]) -> Catalogue:
    rows = [a_book(number, *book) for number, book in enumerate(books)]
    return Catalogue(pa.Table.from_pylist(rows, schema=SCHEMA))


@given(books=BOOKS)
def test_a_new_book_is_vectorised_as_scikit_learn_would(
    catalogue: Catalogue, indexer: ContentIndexer, books: list[tuple[str, list[str], int | None, str | None]]
) -> None:
    """The oracle is scikit-learn's pipeline from terms to vectors, fitted on the same catalogue."""
    fitted, new = texts_of(catalogue), shop(books)
    later = texts_of(new)
    known, asked = [], []
    for field, weight in CONFIG.weights.items():
        words = list(ENGLISH_STOP_WORDS) if field in ("title", "subtitle") else []
        vectorizer = TfidfVectorizer(
            analyzer=lambda text, words=words: [term for term in text if term not in words],
            min_df=CONFIG.min_books,
            sublinear_tf=True,
            dtype=np.float32,
        )
        if not len(indexer.vocabularies[field]):
            continue
        known.append(weight * vectorizer.fit_transform(fitted[field]))
        asked.append(weight * vectorizer.transform(later[field]))
    svd = TruncatedSVD(CONFIG.dimensions, random_state=int(np.random.default_rng(7).integers(2**31)))
    svd.fit(normalize(hstack(known, format="csr", dtype=np.float32)))
    tfidf = normalize(hstack(asked, format="csr", dtype=np.float32))
    np.testing.assert_allclose(indexer.tfidf(new).toarray(), tfidf.toarray(), atol=1e-6)
    vectors = svd.transform(tfidf)
    vectors[np.linalg.norm(vectors, axis=1) < 1e-6] = 0
    np.testing.assert_allclose(indexer.transform(new), normalize(vectors), atol=2e-5)


@given(books=BOOKS)
def test_a_vector_has_the_same_bytes_whatever_it_is_computed_with(
    indexer: ContentIndexer, books: list[tuple[str, list[str], int | None, str | None]]
) -> None:
    together = indexer.transform(shop(books))
    alone = [indexer.transform(shop([book])) for book in books]
    assert together.tobytes() == b"".join(vector.tobytes() for vector in alone)


def test_fields_without_weight_are_not_fitted(catalogue: Catalogue) -> None:
    config = ContentConfig(dimensions=4, subtitle_weight=0)
    fitted = fit_indexer(catalogue, config, rng=np.random.default_rng(7))
    assert list(fitted.vocabularies) == ["title", "series", "author", "publisher"]
    assert list(CONFIG.weights) == list(FIELDS)


def test_without_shared_words_an_indexer_says_nothing_of_any_book(tmp_path: Path) -> None:
    books = shop([("one", [], None, None), ("two", [], None, None)])
    indexer = fit_indexer(books, ContentConfig(), rng=np.random.default_rng(7))
    index = ContentIndex.build(indexer, books)
    assert not index.features.vectors.any()
    assert (index.similar(np.array([0], dtype=np.int32), k=1).books == PAD).all()
    index.features.save(tmp_path / "features")
    assert ContentFeatures.load(tmp_path / "features").vectors.shape == (2, 1)


def test_no_field_at_all_is_refused(catalogue: Catalogue) -> None:
    nothing = dict.fromkeys([f"{field}_weight" for field in FIELDS], 0.0)
    with pytest.raises(DataError, match="every weight of features is 0"):
        fit_indexer(catalogue, ContentConfig(**nothing), rng=np.random.default_rng(7))


TRANSFORM = """
import sys
from pathlib import Path
from recs_core.data.catalogue import Catalogue
from recs_core.features.content_index import ContentIndex
import numpy as np

index = ContentIndex.load(Path(sys.argv[1]))
catalogue = Catalogue.load(Path(sys.argv[2]))
index = index.update(catalogue)
index.similar(np.arange(3, dtype=np.int32), k=2)
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_a_book_is_vectorised_and_found_without_what_trains(
    catalogue: Catalogue, indexer: ContentIndexer, tmp_path: Path
) -> None:
    ContentIndex.build(indexer, catalogue, graph_from=1).save(tmp_path / "index")
    shop([("the dragon", ["Ada Bloom"], 1990, "Orbit")]).save(tmp_path / "new.arrow")
    command = [sys.executable, "-c", TRANSFORM, str(tmp_path / "index"), str(tmp_path / "new.arrow")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) & {"sklearn", "pandas", "torch", "implicit", "numba"} == set()
