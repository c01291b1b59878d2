from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from recs_core.data.idmap import PAD
from recs_core.errors import ArtifactError
from recs_core.features import neighbours
from recs_core.features.neighbours import Graph, exact_neighbours


def clustered(n: int, *, seed: int = 7) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((max(1, n // 20), 16))
    vectors = centres[rng.integers(len(centres), size=n)] + 0.5 * rng.standard_normal((n, 16))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def vectors() -> NDArray[np.float32]:
    return clustered(2000)


@given(st.integers(1, 40), st.integers(1, 8), st.integers(1, 100))
def test_exact_neighbours_are_the_largest_products_whatever_the_blocks(n: int, k: int, cells: int) -> None:
    vectors, queries = clustered(n), clustered(5, seed=8)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(neighbours, "CELLS", cells)
        found = exact_neighbours(vectors, queries, k=k)
    products = queries.astype(np.float64) @ vectors.T.astype(np.float64)
    expected = -np.sort(-products, axis=1)[:, :k]
    np.testing.assert_allclose(found.scores[:, : min(n, k)], expected, atol=1e-6)
    assert (found.books[:, n:] == PAD).all()
    assert (np.take_along_axis(products, np.maximum(found.books, 0), axis=1)[:, :n] >= expected - 1e-6).all()


def test_a_row_does_not_find_itself(vectors: NDArray[np.float32]) -> None:
    rows = np.array([5, 1999, 0], dtype=np.int32)
    found = exact_neighbours(vectors, vectors[rows], k=10, own_rows=rows)
    assert not (found.books == rows[:, None]).any()
    with_itself = exact_neighbours(vectors, vectors[rows], k=11)
    assert with_itself.books[:, 0].tolist() == rows.tolist()
    assert with_itself.books[:, 1:].tolist() == found.books.tolist()


def test_nothing_is_near_to_a_vector_of_zeros() -> None:
    vectors = clustered(6)
    vectors[2] = 0
    found = exact_neighbours(vectors, vectors, k=6)
    assert (found.books[2] == PAD).all()
    assert 2 not in found.books


def test_no_query_has_no_list(vectors: NDArray[np.float32]) -> None:
    assert exact_neighbours(vectors, vectors[:0], k=3).books.shape == (0, 3)


def recall(graph: Graph, vectors: NDArray[np.float32], keys: NDArray[np.int64]) -> float:
    """How many of the exact ten a graph finds; `keys` are those of the rows of `vectors`."""
    asked = vectors[:200]
    truth = keys[exact_neighbours(vectors, asked, k=10).books]
    found = graph.search(asked, 10)
    return float(np.mean([np.isin(exact, some).mean() for exact, some in zip(truth, found, strict=True)]))


def test_a_graph_finds_nearly_all_neighbours(vectors: NDArray[np.float32]) -> None:
    keys = np.arange(2000) + 17
    assert recall(Graph.build(keys, vectors), vectors, keys) > 0.98


def test_a_graph_that_was_changed_finds_as_much_as_one_built_anew(vectors: NDArray[np.float32]) -> None:
    graph = Graph.build(np.arange(1500), vectors[:1500])
    kept = np.arange(500, 2000)
    for start in range(0, 500, 100):
        new = np.arange(1500 + start, 1600 + start)
        graph = graph.changed(removed=np.arange(start, start + 100), keys=new, vectors=vectors[new])
    assert len(graph) == 1500
    assert recall(graph, vectors[kept], kept) > 0.98
    assert graph.search(vectors[:200], 10).min() >= 500


def test_a_change_leaves_the_graph_as_it_was(vectors: NDArray[np.float32], tmp_path: Path) -> None:
    Graph.build(np.arange(300), vectors[:300]).save(tmp_path / "graph")
    mapped, bytes_before = Graph.load(tmp_path / "graph"), (tmp_path / "graph").read_bytes()
    before = mapped.search(vectors[:20], 5)
    changed = mapped.changed(removed=np.arange(20), keys=np.array([900]), vectors=vectors[300:301])
    assert (len(mapped), len(changed)) == (300, 281)
    assert mapped.search(vectors[:20], 5).tolist() == before.tolist()
    assert changed.search(vectors[300:301], 1).tolist() == [[900]]
    assert (tmp_path / "graph").read_bytes() == bytes_before


def test_the_same_vectors_make_the_same_bytes(vectors: NDArray[np.float32], tmp_path: Path) -> None:
    for name in ("one", "other"):
        Graph.build(np.arange(2000), vectors).save(tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()
    assert abs(Graph.load(tmp_path / "one").memory - (tmp_path / "one").stat().st_size) < 1024


def test_a_short_graph_pads_its_lists(vectors: NDArray[np.float32]) -> None:
    graph = Graph.build(np.array([4, 9]), vectors[:2])
    found = graph.search(vectors[:1], 5)
    assert sorted(found[0].tolist()) == [PAD, PAD, PAD, 4, 9]
    none = Graph.build(np.empty(0, dtype=np.int64), vectors[:0])
    assert none.search(vectors[:2], 3).tolist() == [[PAD] * 3] * 2


@pytest.mark.parametrize("content", [b"", b"no index of anything, but longer than the head of one" * 9])
def test_another_file_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "graph").write_bytes(content)
    with pytest.raises(ArtifactError, match="is no index of usearch"):
        Graph.load(tmp_path / "graph")
