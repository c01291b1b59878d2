import numpy as np
import pytest

from recs_core.artifacts.bundle import Bundle
from recs_core.serving.filters import BookFilter
from recs_core.serving.recommender import ServingRecommender


@pytest.fixture(scope="module")
def serving(bundle: Bundle) -> ServingRecommender:
    return ServingRecommender(bundle)


def titles(serving: ServingRecommender, text: str, **asked: BookFilter) -> list[str]:
    rows = [hit.book_row for hit in serving.discovery.search(text, k=50, **asked)]
    return [book.title for book in serving.bundle.catalogue.records(np.array(rows, dtype=np.int32))]


def test_books_are_found_by_their_words_as_they_are_typed(serving: ServingRecommender) -> None:
    assert titles(serving, "strasse galaxy") == ["The galaxy of the Straße"]
    assert titles(serving, "detective sha") == ["The détective of the Shadow"]
    assert titles(serving, "galxay clock") == ["The galaxy of the Clock"]
    by_tolk = [book for book in serving.bundle.catalogue.table.to_pylist() if "J. R. Tolk" in book["authors"]]
    assert sorted(titles(serving, "jr tol")) == sorted(book["title"] for book in by_tolk)


def test_hits_are_ranked_and_no_more_than_asked_for(serving: ServingRecommender) -> None:
    hits = serving.discovery.search("the dragon", k=4)
    assert [hit.rank for hit in hits] == [1, 2, 3, 4]
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert serving.discovery.search("?", k=4) == []


def test_a_filter_holds_and_words_are_matched_among_the_books_that_pass(serving: ServingRecommender) -> None:
    english = BookFilter(languages=("eng",))
    mask = serving.filters.mask(english)
    for text in ("dragon", "the", "galaxy of"):
        hits = serving.discovery.search(text, k=50, filters=english)
        assert hits
        assert all(mask[hit.book_row] for hit in hits)
    # where the only book of both words does not pass, those of one of them are found
    hidden = int(np.flatnonzero(~mask)[0])
    _, subject, _, _, noun = serving.bundle.catalogue.record(hidden).title.split()
    assert [hit.book_row for hit in serving.discovery.search(f"{subject} {noun}", k=50)] == [hidden]
    found = titles(serving, f"{subject} {noun}", filters=english)
    assert found
    assert all((subject in title) != (noun in title) for title in found)
