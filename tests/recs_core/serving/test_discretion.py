"""Nothing is said of fewer readers than the least number: in reasons, counterfactuals, lists of what others read."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from recs_core.artifacts.bundle import Bundle
from recs_core.explanations.reasons import Reason
from recs_core.serving.answer import Answer, Rules
from recs_core.serving.discretion import MIN_READERS
from recs_core.serving.recommender import ServingRecommender
from recs_core.serving.rerank import RerankConfig
from recs_core.testing.tiny import tiny_bundle

LEAST = [1, 2, MIN_READERS, 8, 1_000]
DAMPED = Rules(rerank=RerankConfig(popularity_damping=0.3))


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return tiny_bundle(tmp_path_factory.mktemp("discretion") / "bundle")


def readers_of(bundle: Bundle, *book_rows: int) -> int:
    """Who read all of some books, counted the plainest way."""
    dense = bundle.history.matrix.toarray() != 0
    return int(dense[:, list(book_rows)].all(axis=1).sum())


def explained(serving: ServingRecommender) -> Iterator[tuple[Answer, int, float, list[Reason]]]:
    """Every book of some lists with its score and its reasons."""
    for user_id in serving.bundle.users.array.tolist()[::6]:
        answer = serving.recommend(user_id, k=8, rules=DAMPED)
        rows = np.array([each.book_row for each in answer.ranked], dtype=np.int32)
        for ranked, reasons in zip(answer.ranked, serving.reasons(answer, rows, first=50), strict=True):
            yield answer, ranked.book_row, ranked.score, reasons


@pytest.mark.parametrize("least", LEAST)
def test_a_reason_that_speaks_of_readers_is_of_so_many(bundle: Bundle, least: int) -> None:
    spoken_of = []
    for _, row, score, reasons in explained(ServingRecommender(bundle, min_readers=least)):
        for reason in reasons:
            if reason.kind == "COLLABORATIVE":
                assert reason.book_row is not None
                spoken_of.append(readers_of(bundle, row, reason.book_row))
            elif reason.kind == "POPULARITY" or reason.rule == "popularity_damping":
                spoken_of.append(readers_of(bundle, row))
        # whatever is withheld, the amounts are the score
        assert sum(reason.amount for reason in reasons) == pytest.approx(score, abs=1e-5)
        assert [reason.kind for reason in reasons].count("OTHER") <= 1
    assert all(count >= least for count in spoken_of)
    assert bool(spoken_of) == (least < 1_000)


def test_without_a_least_number_there_are_reasons_of_fewer(bundle: Bundle) -> None:
    """So the tests above could fail."""
    counts = [
        readers_of(bundle, row, reason.book_row)
        for _, row, _, reasons in explained(ServingRecommender(bundle, min_readers=1))
        for reason in reasons
        if reason.kind == "COLLABORATIVE" and reason.book_row is not None
    ]
    assert 0 < min(counts) < MIN_READERS < max(counts)


def test_what_does_not_speak_of_readers_is_told_as_before(bundle: Bundle) -> None:
    def told(least: int) -> list[list[Reason]]:
        found = explained(ServingRecommender(bundle, min_readers=least))
        return [[each for each in reasons if each.kind == "CONTENT"] for _, _, _, reasons in found]

    assert told(1_000) == told(1)
    assert any(told(1))


@pytest.mark.parametrize("least", LEAST)
def test_a_counterfactual_that_rests_on_readers_rests_on_so_many(bundle: Bundle, least: int) -> None:
    serving = ServingRecommender(bundle, min_readers=least)
    free = ServingRecommender(bundle, min_readers=1)
    for answer, row, _, _ in list(explained(serving))[::5]:
        named = {each.book_row for each in serving.counterfactuals(answer, row, first=50)}
        everything = {each.book_row for each in free.counterfactuals(answer, row, first=50)}
        (reasons,) = free.reasons(answer, np.array([row], dtype=np.int32), first=500)
        by_readers = {each.book_row for each in reasons if each.kind == "COLLABORATIVE"}
        withheld = {book for book in by_readers if book is not None and readers_of(bundle, row, book) < least}
        assert named == everything - withheld
        assert by_readers


@pytest.mark.parametrize("least", LEAST)
def test_lists_of_what_others_read_are_of_so_many(bundle: Bundle, least: int) -> None:
    discovery = ServingRecommender(bundle, min_readers=least).discovery
    book_ids = bundle.books.array.tolist()
    for row, book_id in enumerate(book_ids):
        for each in discovery.also_read(book_id, k=50):
            assert each.readers == readers_of(bundle, row, each.book_row) >= least
    trending = discovery.trending("all", k=len(book_ids))
    assert all(each.readers == readers_of(bundle, each.book_row) >= least for each in trending.books)
    enough = sum(readers_of(bundle, row) >= least for row in range(len(book_ids)))
    assert trending.total <= enough
    assert bool(trending.books) == (least < 1_000)
