"""How far new interactions are from the trained ones."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipelines.drift import BUCKETS, LEAST, Drift, drift_from, jensen_shannon, popularity_buckets
from pipelines.event_table import SCHEMA
from recs_core.artifacts.bundle import Bundle
from recs_core.testing.events import START
from recs_core.testing.tiny import tiny_bundle

WEIGHTS = (
    st.lists(st.floats(0, 1e6, allow_subnormal=False), min_size=4, max_size=4)
    .filter(lambda found: sum(found) > 1e-6)
    .map(np.array)
)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return tiny_bundle(tmp_path_factory.mktemp("bundle") / "bundle")


def events(book_ids: list[str], event: str = "purchase", readers: int = 10**9) -> pa.Table:
    size = len(book_ids)
    columns = {
        "event_id": [str(number) for number in range(size)],
        "user_id": [str(number % readers) for number in range(size)],
        "book_id": book_ids,
        "event": [event] * size,
        "value": [None] * size,
        "time": [START] * size,
    }
    return pa.table(columns, schema=SCHEMA)


def as_trained(bundle: Bundle, size: int) -> list[str]:
    """Books as often as readers of the bundle have them, as nearly as a number of that size can be shared out."""
    counts = np.bincount(bundle.history.matrix.indices, minlength=len(bundle.books))
    every = np.repeat(np.arange(len(counts)), counts)
    return [str(bundle.books.array[row]) for row in every[np.linspace(0, len(every) - 1, size).astype(int)]]


@given(WEIGHTS)
def test_equal_distributions_have_no_divergence(weights: NDArray[np.float64]) -> None:
    assert jensen_shannon(weights, weights * 3) == pytest.approx(0, abs=1e-12)


@given(WEIGHTS, WEIGHTS)
def test_it_is_symmetric_and_between_0_and_1(one: NDArray[np.float64], other: NDArray[np.float64]) -> None:
    found = jensen_shannon(one, other)
    assert 0 <= found <= 1
    assert found == pytest.approx(jensen_shannon(other, one), abs=1e-12)


@given(WEIGHTS, WEIGHTS)
def test_its_square_root_is_a_distance(one: NDArray[np.float64], other: NDArray[np.float64]) -> None:
    by_way_of = np.ones(4)
    detour = jensen_shannon(one, by_way_of) ** 0.5 + jensen_shannon(by_way_of, other) ** 0.5
    assert jensen_shannon(one, other) ** 0.5 <= detour + 1e-6


@given(WEIGHTS, WEIGHTS)
def test_distributions_that_share_nothing_are_1_apart(
    one: NDArray[np.float64], other: NDArray[np.float64]
) -> None:
    nothing = np.zeros(4)
    found = jensen_shannon(np.concatenate([one, nothing]), np.concatenate([nothing, other]))
    assert found == pytest.approx(1)


def test_a_fifth_of_unknown_books_is_as_the_page_says() -> None:
    assert jensen_shannon(np.array([1.0, 0]), np.array([0.8, 0.2])) == pytest.approx(0.108, abs=5e-4)


@given(st.lists(st.integers(0, 1_000), min_size=1, max_size=60).filter(any))
def test_buckets_go_from_popular_to_rare_and_share_the_interactions(counts: list[int]) -> None:
    given_counts = np.array(counts)
    buckets = popularity_buckets(given_counts)
    assert set(buckets) <= set(range(BUCKETS))
    ranked = np.lexsort((np.arange(len(counts)), -given_counts))
    assert list(buckets[ranked]) == sorted(buckets)
    # a bucket has a tenth, give or take a book at either end
    shares = np.bincount(buckets, weights=given_counts, minlength=BUCKETS) / given_counts.sum()
    assert shares.max() <= 1 / BUCKETS + given_counts.max() / given_counts.sum()


def test_what_readers_did_before_is_no_drift(bundle: Bundle) -> None:
    drift = drift_from(bundle, events(as_trained(bundle, 2_000)))
    assert drift.interactions == 2_000
    assert drift.divergence == pytest.approx(0, abs=1e-3)


def test_what_chance_makes_of_the_fewest_is_far_below_the_bound(bundle: Bundle) -> None:
    every = as_trained(bundle, 5_000)
    rng = np.random.default_rng(7)
    found = [drift_from(bundle, events(list(rng.choice(every, LEAST)))).divergence or 0 for _ in range(50)]
    assert 0.001 < np.mean(found) < 0.02
    assert max(found) < 0.05


def test_other_books_and_unknown_books_are_a_drift(bundle: Bundle) -> None:
    rarest = str(bundle.books.array[np.argmin(bundle.reading["all"])])
    elsewhere = drift_from(bundle, events([rarest] * 500)).divergence
    unknown = drift_from(bundle, events(["no-such-book"] * 500)).divergence
    fifth = drift_from(bundle, events(as_trained(bundle, 800) + ["no-such-book"] * 200)).divergence
    assert elsewhere is not None
    assert elsewhere > 0.4
    assert unknown == pytest.approx(1)
    assert fifth == pytest.approx(0.108, abs=2e-3)


def test_what_is_no_interaction_does_not_count_and_a_repeated_one_counts_once(bundle: Bundle) -> None:
    books = as_trained(bundle, LEAST)
    assert drift_from(bundle, events(books, "view")) == Drift(0, None)
    assert drift_from(bundle, events(["b"] * 1_000, readers=7)) == Drift(7, None)
    assert drift_from(bundle, events(books)).divergence is not None
    assert drift_from(bundle, events(books[1:])).divergence is None
