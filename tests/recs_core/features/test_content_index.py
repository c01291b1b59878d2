import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recs_core.data.arrays import MANIFEST, read_manifest, write_arrays, write_manifest
from recs_core.data.catalogue import Catalogue
from recs_core.errors import ArtifactError
from recs_core.features.content import ContentFeatures
from recs_core.features.content_index import GRAPH_FILE, ContentIndex
from recs_core.features.indexer import ContentConfig, ContentIndexer, fit_indexer
from recs_core.features.stored_indexer import VOCABULARY_FILE

WITH_GRAPH, WITHOUT = 1, 10**9


@pytest.fixture(scope="module")
def indexer(catalogue: Catalogue) -> ContentIndexer:
    return fit_indexer(catalogue, ContentConfig(dimensions=8), rng=np.random.default_rng(7))


def books_of(catalogue: Catalogue, rows: set[int]) -> Catalogue:
    return Catalogue(catalogue.table.take(pa.array(sorted(rows), pa.int32())))


def other_titles(catalogue: Catalogue) -> Catalogue:
    """The same books under each other's titles."""
    titles = catalogue.table["title"].to_pylist()
    table = catalogue.table.set_column(1, catalogue.table.schema[1], [[*titles[1:], titles[0]]])
    return Catalogue(table)


ROWS = st.sets(st.integers(0, 49))
CHANGES = st.lists(st.tuples(ROWS, ROWS, st.booleans()), min_size=1, max_size=4)


@settings(max_examples=40)
@given(start=ROWS, changes=CHANGES, graph_from=st.sampled_from([WITH_GRAPH, WITHOUT, 25]))
def test_an_index_that_was_changed_has_the_bytes_of_one_built_anew(
    catalogue: Catalogue,
    indexer: ContentIndexer,
    start: set[int],
    changes: list[tuple[set[int], set[int], bool]],
    graph_from: int,
) -> None:
    originals, edited = catalogue.table.to_pylist(), other_titles(catalogue).table.to_pylist()
    there = {row: originals[row] for row in start}
    index = ContentIndex.build(indexer, books_of(catalogue, start), graph_from=graph_from)
    for changed, removed, edit in changes:
        source = edited if edit else originals
        for row in removed:
            there.pop(row, None)
        there |= {row: source[row] for row in changed}
        books = Catalogue(
            pa.Table.from_pylist([source[row] for row in sorted(changed)], catalogue.table.schema)
        )
        ids = [originals[row]["book_id"] for row in removed]
        index = index.update(books, ids, graph_from=graph_from)
    whole = Catalogue(pa.Table.from_pylist([there[row] for row in sorted(there)], catalogue.table.schema))
    anew = ContentIndex.build(indexer, whole, graph_from=graph_from)
    assert index.features.books == anew.features.books
    assert index.features.vectors.tobytes() == anew.features.vectors.tobytes()
    for part in ("indptr", "indices", "data"):
        one, other = (getattr(features.tfidf, part) for features in (index.features, anew.features))
        assert one.tolist() == other.tolist(), part
    if len(there):
        rows = np.arange(len(there), dtype=np.int32)
        # the graph is small enough to find all
        found, expected = index.similar(rows, k=3), anew.similar(rows, k=3)
        np.testing.assert_allclose(found.scores, expected.scores, atol=1e-6)


def test_an_update_leaves_the_old_index_as_it_was(catalogue: Catalogue, indexer: ContentIndexer) -> None:
    index = ContentIndex.build(indexer, catalogue, graph_from=WITH_GRAPH)
    before = index.similar(np.arange(5, dtype=np.int32), k=4).books.tolist()
    index.update(other_titles(catalogue), catalogue.books.array[:3].tolist())
    assert index.similar(np.arange(5, dtype=np.int32), k=4).books.tolist() == before


@pytest.mark.parametrize("graph_from", [WITH_GRAPH, WITHOUT])
def test_similar_books_are_the_nearest_and_never_itself(
    catalogue: Catalogue, indexer: ContentIndexer, graph_from: int
) -> None:
    index = ContentIndex.build(indexer, catalogue, graph_from=graph_from)
    assert (index.graph is not None) == (graph_from == WITH_GRAPH)
    rows = np.array([4, 0, 17], dtype=np.int32)
    found = index.similar(rows, k=5)
    cosines = index.features.vectors[rows].astype(np.float64) @ index.features.vectors.T.astype(np.float64)
    cosines[np.arange(3), rows] = -np.inf
    np.testing.assert_allclose(found.scores, -np.sort(-cosines, axis=1)[:, :5], atol=1e-6)
    assert not (found.books == rows[:, None]).any()


@pytest.mark.parametrize("graph_from", [WITH_GRAPH, WITHOUT])
def test_a_book_that_came_later_is_found_and_one_that_went_is_not(
    catalogue: Catalogue, indexer: ContentIndexer, graph_from: int
) -> None:
    index = ContentIndex.build(indexer, books_of(catalogue, set(range(1, 50))), graph_from=graph_from)
    book = books_of(catalogue, {0})
    vector = indexer.transform(book)
    grown = index.update(book)
    assert grown.nearest(vector, k=1).scores[0, 0] == pytest.approx(1, abs=1e-3)
    found = grown.nearest(vector, k=50).books[0]
    assert 0 in found.tolist()
    shrunk = grown.update(books_of(catalogue, set()), book.books.array.tolist())
    assert shrunk.features.books == index.features.books
    np.testing.assert_allclose(
        shrunk.nearest(vector, k=5).scores, index.nearest(vector, k=5).scores, atol=1e-6
    )


@pytest.mark.parametrize("graph_from", [WITH_GRAPH, WITHOUT])
def test_a_book_of_which_nothing_is_known_is_near_to_nothing(
    catalogue: Catalogue, indexer: ContentIndexer, graph_from: int
) -> None:
    unknown = {"book_id": "zz", "title": "?", "authors": [], "genres": []}
    index = ContentIndex.build(indexer, catalogue, graph_from=graph_from).update(
        Catalogue(pa.Table.from_pylist([unknown], catalogue.table.schema))
    )
    last = np.array([50], dtype=np.int32)
    assert index.similar(last, k=3).books.tolist() == [[-1, -1, -1]]
    every = index.similar(np.arange(50, dtype=np.int32), k=50).books
    assert 50 not in every


@pytest.mark.parametrize("graph_from", [WITH_GRAPH, WITHOUT])
def test_what_was_saved_is_loaded_mapped_and_can_be_changed(
    catalogue: Catalogue, indexer: ContentIndexer, tmp_path: Path, graph_from: int
) -> None:
    index = ContentIndex.build(indexer, catalogue, graph_from=graph_from)
    index.save(tmp_path / "index")
    loaded = ContentIndex.load(tmp_path / "index")
    assert loaded.indexer.config == indexer.config
    assert isinstance(loaded.features.vectors, np.memmap)
    rows = np.arange(50, dtype=np.int32)
    assert loaded.similar(rows, k=4).books.tolist() == index.similar(rows, k=4).books.tolist()
    changed = other_titles(catalogue)
    one, other = loaded.update(changed, graph_from=graph_from), index.update(changed, graph_from=graph_from)
    assert one.features.vectors.tobytes() == other.features.vectors.tobytes()
    assert one.similar(rows, k=4).books.tolist() == other.similar(rows, k=4).books.tolist()
    features = ContentFeatures.load(tmp_path / "index")
    assert np.array_equal(features.vectors, index.features.vectors)
    assert features.tfidf is not None
    assert np.array_equal(features.tfidf.toarray(), index.features.tfidf.toarray())  # type: ignore[union-attr]


def test_the_same_books_make_the_same_bytes(
    catalogue: Catalogue, indexer: ContentIndexer, tmp_path: Path
) -> None:
    for name in ("one", "other"):
        ContentIndex.build(indexer, catalogue, graph_from=WITH_GRAPH).save(tmp_path / name)
    files = sorted(file.name for file in (tmp_path / "one").iterdir())
    assert {GRAPH_FILE, VOCABULARY_FILE, "keys.npy"} <= set(files)
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "other" / name).read_bytes(), name


def test_a_damaged_file_is_named(catalogue: Catalogue, indexer: ContentIndexer, tmp_path: Path) -> None:
    ContentIndex.build(indexer, catalogue, graph_from=WITH_GRAPH).save(tmp_path / "index")
    for name in (GRAPH_FILE, VOCABULARY_FILE, "components.npy"):
        copy = Path(shutil.copytree(tmp_path / "index", tmp_path / name))
        (copy / name).write_bytes(b"other")
        with pytest.raises(ArtifactError, match=rf"{name} is damaged"):
            ContentIndex.load(copy)


@pytest.mark.parametrize("name", [GRAPH_FILE, VOCABULARY_FILE])
def test_a_file_of_another_kind_is_refused(
    catalogue: Catalogue, indexer: ContentIndexer, tmp_path: Path, name: str
) -> None:
    path = tmp_path / "index"
    ContentIndex.build(indexer, catalogue, graph_from=WITH_GRAPH).save(path)
    meta = read_manifest(path)["meta"]
    (path / MANIFEST).unlink()
    (path / name).write_bytes(b"no such format")
    write_manifest(path, meta)
    with pytest.raises(ArtifactError, match=r"no index of usearch|no indexer of content"):
        ContentIndex.load(path)


def test_plain_vectors_are_no_index(features: ContentFeatures, tmp_path: Path) -> None:
    write_arrays(tmp_path / "plain", features.arrays(), {"kind": "content"})
    with pytest.raises(ArtifactError, match="is no content index"):
        ContentIndex.load(tmp_path / "plain")
