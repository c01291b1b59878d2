from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from recs_core.artifacts.bundle import Bundle
from recs_core.data.cohorts import user_cohorts
from recs_core.data.interactions import InteractionSet
from recs_core.data.topk import top_k
from recs_core.errors import ParameterError, UnknownIdError
from recs_core.models.base import Recommender, SimilarBooks
from recs_core.models.popularity import Popularity
from recs_core.models.registry import MODELS, ModelSpec, build_model
from recs_core.serving.answer import Rules, ServedFrom
from recs_core.serving.filters import BookFilter
from recs_core.serving.recommender import ServingRecommender
from recs_core.serving.rerank import RerankConfig
from recs_core.serving.strategies import StrategyConfig
from recs_core.testing.model_case import dated
from recs_core.testing.tiny import BOOKS, tiny_catalogue, tiny_features, tiny_interactions


def fitted(kind: str) -> Recommender:
    model = build_model(ModelSpec(kind=kind), where=kind)
    train = dated(tiny_interactions())
    return model.fit(train, tiny_features(tiny_catalogue(train.books)), rng=np.random.default_rng(7))


@pytest.fixture(scope="module")
def serving(bundle: Bundle) -> ServingRecommender:
    return ServingRecommender(bundle)


def test_nobody_is_recommended_what_they_have_read(serving: ServingRecommender) -> None:
    for user_id in serving.bundle.users.array.tolist():
        answer = serving.recommend(user_id, k=BOOKS)
        read = set(serving.history_rows(user_id).tolist())
        assert {book.book_row for book in answer.ranked} == set(range(BOOKS)) - read


def test_a_known_reader_is_answered_by_the_model(serving: ServingRecommender, bundle: Bundle) -> None:
    answer = serving.recommend("u007", k=5)
    best = bundle.model.recommend(bundle.history.matrix[[bundle.users.row("u007")]], k=5)
    assert answer.served_from is ServedFrom.MODEL
    assert [book.book_row for book in answer.ranked] == best.books[0].tolist()
    assert [book.score for book in answer.ranked] == best.scores[0].tolist()
    assert [book.rank for book in answer.ranked] == [1, 2, 3, 4, 5]


def test_the_history_is_that_of_the_reader_in_order(serving: ServingRecommender, bundle: Bundle) -> None:
    row = bundle.users.row("u007")
    assert (
        serving.history_rows("u007").tolist() == np.flatnonzero(bundle.history.matrix.toarray()[row]).tolist()
    )
    assert serving.recommend("u007", k=1).history.indices.tolist() == serving.history_rows("u007").tolist()


@pytest.mark.parametrize("kind", sorted(MODELS))
def test_an_unknown_reader_gets_what_is_popular_whatever_model_is_served(bundle: Bundle, kind: str) -> None:
    serving = ServingRecommender(replace(bundle, model=fitted(kind)))
    answer = serving.recommend("nobody", k=10)
    assert answer.served_from is ServedFrom.POPULAR
    assert answer.history.nnz == 0
    assert serving.history_rows("nobody").tolist() == []
    readers = np.bincount(bundle.history.matrix.indices, minlength=BOOKS)
    expected = sorted(range(BOOKS), key=lambda book: (-readers[book], book))[:10]
    assert [book.book_row for book in answer.ranked] == expected
    reasons = serving.reasons(answer, np.array(expected, dtype=np.int32), first=3)
    assert [[reason.kind for reason in of_book] for of_book in reasons] == [["POPULARITY"]] * 10
    assert [of_book[0].amount for of_book in reasons] == [book.score for book in answer.ranked]


def test_a_list_has_no_padding(serving: ServingRecommender) -> None:
    read = serving.history_rows("u001").size
    ranked = serving.recommend("u001", k=BOOKS + 10).ranked
    assert [book.rank for book in ranked] == list(range(1, BOOKS - read + 1))
    assert min(book.book_row for book in ranked) >= 0


def test_reasons_of_an_answer_add_up_to_its_scores(serving: ServingRecommender) -> None:
    answer = serving.recommend("u001", k=5)
    rows = np.array([book.book_row for book in answer.ranked], dtype=np.int32)
    sums = [sum(reason.amount for reason in reasons) for reasons in serving.reasons(answer, rows, first=2)]
    np.testing.assert_allclose(sums, [book.score for book in answer.ranked], rtol=1e-5)


def test_similar_books_are_others_of_the_same_taste_first(
    serving: ServingRecommender, bundle: Bundle
) -> None:
    same_taste = 0
    for row, book_id in enumerate(bundle.books.array.tolist()):
        ranked = serving.discovery.similar(book_id, k=5)
        assert row not in {book.book_row for book in ranked}
        assert [book.rank for book in ranked] == [1, 2, 3, 4, 5]
        same_taste += ranked[0].book_row % 5 == row % 5
    assert same_taste > 0.9 * BOOKS


@pytest.mark.parametrize("ask", ["similar", "book_row"])
def test_an_unknown_book_is_named(serving: ServingRecommender, ask: str) -> None:
    with pytest.raises(UnknownIdError, match="unknown book id: 'nowhere'"):
        serving.discovery.similar("nowhere", k=3) if ask == "similar" else serving.discovery.book_row(
            "nowhere"
        )


def test_where_the_model_knows_no_likeness_similar_books_are_those_of_like_content(bundle: Bundle) -> None:
    popularity = build_model(ModelSpec(kind="popularity"), where="popularity")
    popularity.fit(bundle.history, None, rng=np.random.default_rng(7))
    assert not isinstance(popularity, SimilarBooks)
    serving = ServingRecommender(replace(bundle, model=popularity))
    ranked = serving.discovery.similar(str(bundle.books.array[0]), k=3)
    cosines = bundle.vectors.astype(np.float64) @ bundle.vectors[0]
    assert [book.book_row for book in ranked] == np.argsort(-cosines, kind="stable")[1:4].tolist()
    np.testing.assert_allclose(
        [book.score for book in ranked], cosines[[b.book_row for b in ranked]], rtol=1e-5
    )


def test_a_model_that_cannot_explain_gives_no_reasons(bundle: Bundle) -> None:
    class Silent(Popularity):
        contributions = None  # type: ignore[assignment]

    silent: Recommender = Silent.from_state(
        build_model(ModelSpec(kind="popularity"), where="popularity").config,
        {"popularity": bundle.model.state()["popularity.popularity"]},
    )
    serving = ServingRecommender(replace(bundle, model=silent))
    answer = serving.recommend("u001", k=2)
    rows = np.array([book.book_row for book in answer.ranked], dtype=np.int32)
    assert serving.reasons(answer, rows, first=3) == [[], []]


def test_many_threads_get_the_answers_of_one(serving: ServingRecommender) -> None:
    users = serving.bundle.users.array.tolist() * 5

    def rows(user_id: str) -> list[int]:
        return [book.book_row for book in serving.recommend(user_id, k=10).ranked]

    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(rows, users))
    assert together == [rows(user_id) for user_id in users]


def test_a_reader_with_no_books_counts_as_unknown(bundle: Bundle) -> None:
    nobody = np.empty(0, dtype=np.int32)
    history = InteractionSet.from_rows(bundle.users, bundle.books, nobody, nobody)
    serving = ServingRecommender(replace(bundle, history=history))
    first = str(bundle.users.array[0])
    assert serving.recommend(first, k=3).served_from is ServedFrom.POPULAR


NO_DISLIKES = Rules(rerank=RerankConfig(dislikes=0.0))
IDS = tiny_interactions().books.array.tolist()

likes = st.dictionaries(st.sampled_from(IDS), st.sampled_from([0.5, 1.0, 3.0]), max_size=6)
dislikes = st.sets(st.sampled_from(IDS), max_size=3)


@pytest.mark.parametrize("kind", sorted(MODELS))
def test_recent_events_are_scored_as_the_merged_history_from_scratch(bundle: Bundle, kind: str) -> None:
    serving = ServingRecommender(replace(bundle, model=fitted(kind)))

    @given(st.sampled_from(bundle.users.array.tolist()), likes, dislikes)
    def holds(user_id: str, recent: dict[str, float], disliked: set[str]) -> None:
        events = [*recent.items(), *((book_id, -1.0) for book_id in sorted(disliked))]
        answer = serving.recommend(user_id, k=10, recent=events, rules=NO_DISLIKES)
        merged = bundle.history.matrix[[bundle.users.row(user_id)]].toarray()
        for book_id, value in recent.items():
            row = bundle.books.row(book_id)
            merged[0, row] = max(merged[0, row], value)
        out = bundle.books.rows(sorted(disliked)) if disliked else np.empty(0, dtype=np.int32)
        merged[0, out] = 0
        history = csr_array(merged)
        scratch = serving.bundle.model if history.nnz else serving._popular
        # a product with some of the columns may be rounded otherwise than one with all
        scores = scratch.score(history)
        if scratch.zero_means_unknown:
            scores[scores == 0] = -np.inf
        scores[:, np.append(history.indices, out)] = -np.inf
        best = top_k(scores, 10)
        found = best.books[0] >= 0
        assert [book.book_row for book in answer.ranked] == best.books[0][found].tolist()
        assert [book.score for book in answer.ranked] == best.scores[0][found].tolist()

    holds()


@given(likes, dislikes)
def test_a_session_is_served_as_a_reader_of_the_same_books(
    serving: ServingRecommender, liked: dict[str, float], disliked: set[str]
) -> None:
    session = serving.personalized(list(liked), k=9, weights=list(liked.values()), dislikes=sorted(disliked))
    events = [*liked.items(), *((book_id, -1.0) for book_id in disliked)]
    reader = serving.recommend("nobody", k=9, recent=events)
    assert session.ranked == reader.ranked
    assert session.served_from is reader.served_from
    assert not {book.book_row for book in session.ranked} & set(
        serving.bundle.books.rows([*liked, *disliked])
    )


def test_unknown_books_of_a_session_are_reported_and_change_nothing(serving: ServingRecommender) -> None:
    known = serving.personalized(IDS[:3], k=5)
    both = serving.personalized(["nowhere", *IDS[:3]], k=5, dislikes=["nothing"])
    assert both.unknown_ids == ("nowhere", "nothing")
    assert both.ranked == known.ranked
    assert known.unknown_ids == ()


def test_a_session_of_unknown_books_gets_what_is_popular(serving: ServingRecommender) -> None:
    answer = serving.personalized(["nowhere"], k=5)
    assert answer.served_from is ServedFrom.POPULAR
    assert answer.ranked == serving.recommend("nobody", k=5).ranked


def test_a_dislike_brings_down_what_is_like_it(serving: ServingRecommender) -> None:
    read = ["u007"]
    plain = serving.recommend(*read, k=BOOKS)
    disliked = plain.ranked[0].book_row
    answer = serving.recommend(*read, k=BOOKS, recent=[(IDS[disliked], -1.0)])
    assert disliked not in answer.book_rows
    before = {book.book_row: book.score for book in plain.ranked}
    lost = {book.book_row: before[book.book_row] - book.score for book in answer.ranked}
    vectors = serving.facts.vectors
    nearest = max(lost, key=lambda row: float(vectors[row] @ vectors[disliked]))
    assert lost[nearest] == max(lost.values()) > 0
    assert min(lost.values()) >= -1e-6


def test_filters_and_excluded_books_hold_for_everybody(serving: ServingRecommender) -> None:
    wanted = BookFilter(in_stock=True, price_to=20.0)
    allowed = serving.filters.mask(wanted)
    owned = tuple(IDS[row] for row in np.flatnonzero(allowed)[:3])
    rules = Rules(wanted, (*owned, "nowhere"))
    passing = set(np.flatnonzero(allowed).tolist()) - set(np.flatnonzero(allowed)[:3].tolist())
    for user_id in ("u001", "nobody"):
        listed = serving.recommend(user_id, k=BOOKS, rules=rules).book_rows.tolist()
        assert set(listed) == passing - set(serving.history_rows(user_id).tolist())


def test_a_request_says_how_to_rerank_or_the_recommender_does(bundle: Bundle) -> None:
    one_each = RerankConfig(per_author=1)
    strict = ServingRecommender(
        bundle, strategies={"strict": StrategyConfig(rerank=one_each)}, default_strategy="strict"
    )
    asked = ServingRecommender(bundle).recommend("u007", k=20, rules=Rules(rerank=one_each))
    assert strict.recommend("u007", k=20).ranked == asked.ranked
    plain = strict.recommend("u007", k=20, rules=Rules(rerank=RerankConfig()))
    assert plain.ranked == ServingRecommender(bundle).recommend("u007", k=20).ranked != asked.ranked


def test_without_content_vectors_nothing_is_diversified(bundle: Bundle) -> None:
    serving = ServingRecommender(replace(bundle, vectors=bundle.vectors[:, :0]))
    with pytest.raises(ParameterError, match="needs content vectors"):
        serving.recommend("u001", k=3, rules=Rules(rerank=RerankConfig(diversity=0.5)))


def test_counterfactuals_of_an_answer_are_of_its_history(serving: ServingRecommender) -> None:
    answer = serving.recommend("u007", k=3)
    found = serving.counterfactuals(answer, answer.ranked[0].book_row, first=2)
    assert len(found) == 2
    assert {one.book_row for one in found} <= set(answer.history.indices.tolist())


@given(st.integers(1, 12), st.integers(1, 12))
def test_a_readers_cohort_is_that_of_the_evaluation(
    serving: ServingRecommender, cold_below: int, width: int
) -> None:
    bounds = {"cold_below": cold_below, "heavy_from": cold_below + width}
    masks = user_cohorts(serving.bundle.history.user_counts, **bounds)
    for row, user_id in enumerate(serving.bundle.users.array.tolist()):
        assert masks[serving.cohort(user_id, **bounds)][row]
    assert serving.cohort("nobody", **bounds) == "cold"


def test_cohorts_whose_bounds_do_not_follow_are_refused(serving: ServingRecommender) -> None:
    with pytest.raises(ParameterError, match="0 < cold_below < heavy_from, not 9 and 3"):
        serving.cohort("u001", cold_below=9, heavy_from=3)
