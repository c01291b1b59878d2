from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from recs_core.artifacts.bundle import Bundle
from recs_core.explanations.why_not import Absence
from recs_core.models.registry import ModelSpec, build_model
from recs_core.serving.answer import Answer, Rules
from recs_core.serving.explained import contributions_of
from recs_core.serving.filters import BookFilter
from recs_core.serving.recommender import ServingRecommender
from recs_core.serving.rerank import RerankConfig
from recs_core.testing.tiny import BOOKS, tiny_catalogue, tiny_features, tiny_interactions

CASES = 1_000
BLEND = {
    "components": {
        "als": {"kind": "als", "config": {"factors": 8}, "weight": 0.3},
        "readers": {"kind": "user_knn", "weight": 0.2},
        "content": {"kind": "content", "weight": 0.3},
        "popularity": {"kind": "popularity", "weight": 0.2},
    },
    "cold_start": {"half": 3.0},
}
SPECS = [ModelSpec(kind=kind) for kind in ("als", "content", "hybrid", "rp3beta", "user_knn")]
SPECS += [ModelSpec(kind="hybrid", config=BLEND)]
ALL_BOOKS = np.arange(BOOKS, dtype=np.int32)


def served(bundle: Bundle, spec: ModelSpec) -> ServingRecommender:
    model = build_model(spec, where="served")
    train = tiny_interactions()
    model.fit(train, tiny_features(tiny_catalogue(train.books)), rng=np.random.default_rng(7))
    return ServingRecommender(replace(bundle, model=model))


def random_answer(serving: ServingRecommender, rng: np.random.Generator) -> Answer:
    """A session or a known reader, with likes, dislikes, filters and rules, or without."""
    books = serving.bundle.books.array
    filters = BookFilter(
        in_stock=bool(rng.random() < 0.2),
        genres=("dragon", "galaxy") if rng.random() < 0.2 else (),
        price_to=20.0 if rng.random() < 0.2 else None,
    )
    has_vectors = serving.facts.vectors.shape[1] > 0
    rerank = RerankConfig(
        diversity=float(rng.choice([0.0, 0.3, 0.7])) if has_vectors else 0.0,
        per_author=int(rng.integers(1, 4)) if rng.random() < 0.5 else None,
        popularity_damping=float(rng.choice([0.0, 0.4])),
    )
    owned = tuple(rng.choice(books, rng.integers(0, 3)).tolist())
    rules = Rules(filters, owned, rerank)
    chosen = rng.choice(books, rng.integers(0, 8), replace=False).tolist()
    weights = rng.choice([0.5, 1.0, 2.0, -1.0], len(chosen)).tolist()
    k = int(rng.integers(1, 15))
    if rng.random() < 0.5:
        return serving.personalized(chosen, k=k, weights=weights, rules=rules)
    user = str(rng.choice(serving.bundle.users.array))
    return serving.recommend(user, k=k, recent=list(zip(chosen, weights, strict=True)), rules=rules)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: f"{spec.kind}{len(spec.config) or ''}")
def test_reasons_and_rules_add_up_to_the_score(bundle: Bundle, spec: ModelSpec) -> None:
    serving, rng = served(bundle, spec), np.random.default_rng(7)
    kinds: Counter[str] = Counter()
    for _ in range(CASES):
        answer = random_answer(serving, rng)
        parts = contributions_of(answer, answer.book_rows)
        assert parts is not None
        scores = [book.score for book in answer.ranked]
        size = max([1.0, *np.abs(scores), *(np.abs(part).sum() for part in parts.sums().values())])
        np.testing.assert_allclose(parts.total(), scores, rtol=1e-5, atol=1e-5 * size)
        reasons = serving.reasons(answer, answer.book_rows, first=4)
        sums = [sum(reason.amount for reason in of_book) for of_book in reasons]
        np.testing.assert_allclose(sums, scores, rtol=1e-5, atol=1e-5 * size)
        kinds.update(reason.rule or reason.kind for of_book in reasons for reason in of_book)
    assert {"popularity_damping", "POPULARITY", "OTHER"} <= set(kinds)


def reason_in_words(answer: Answer, serving: ServingRecommender, row: int, score: float | None) -> str:
    """The first thing that keeps a book out, by the definitions alone."""
    owned = serving.bundle.books.rows(answer.rules.exclude).tolist() if answer.rules.exclude else []
    if row in answer.history.indices.tolist():
        return "SEEN"
    if row in answer.taste.disliked.tolist():
        return "DISLIKED"
    if row in owned:
        return "EXCLUDED"
    if serving.shelf.cells.get(row) == {"available": False}:
        return "NOT_SOLD"
    if not serving.filters.mask(answer.rules.filters)[row]:
        return "FILTERED"
    if row in answer.book_rows.tolist():
        return "LISTED"
    if score is None:
        return "NO_SCORE"
    last = answer.ranked[-1].score
    written = Counter(
        author for book in answer.book_rows for author in serving.facts.authors.of_book(int(book)).tolist()
    )
    most = answer.reranking.config.per_author
    authors = serving.facts.authors.of_book(row).tolist()
    full = most is not None and any(written[author] >= most for author in authors)
    if full and (score >= last or len(answer.ranked) < answer.k):
        return "CAPPED"
    parts = contributions_of(answer, np.array([row], dtype=np.int32))
    assert parts is not None
    sums = {name: float(column[0]) for name, column in parts.sums().items()}
    for name, reason in (
        ("diversity:rule", "DIVERSIFIED"),
        ("dislikes:rule", "LIKE_A_DISLIKED"),
        ("popularity_damping:rule", "DAMPED"),
    ):
        if sums.get(name, 0) < 0 and score - sums[name] > last:
            return reason
    return "BELOW"


def test_every_absence_has_its_reason(bundle: Bundle) -> None:
    not_sold = {book_id: {"stock": 0} for book_id in bundle.books.array[:3].tolist()}
    serving = served(bundle, SPECS[-1]).with_changes(not_sold)
    rng = np.random.default_rng(11)
    found: Counter[str] = Counter()
    for _ in range(60):
        answer = random_answer(serving, rng)
        for row, book_id in enumerate(bundle.books.array.tolist()):
            absence = serving.why_not(answer, book_id)
            assert absence.reason == reason_in_words(answer, serving, row, absence.score)
            if absence.reason is Absence.BELOW:
                assert absence.score is not None
                assert absence.score <= answer.ranked[-1].score
            if absence.reason is Absence.FILTERED:
                assert absence.filters == serving.filters.failed(answer.rules.filters, row)
            found[absence.reason] += 1
    every = {str(reason) for reason in Absence} - {"UNKNOWN_BOOK", "NO_SCORE"}
    assert set(found) == every, "the random requests are too tame"


def test_the_rank_is_the_place_without_diversity_and_cap(bundle: Bundle) -> None:
    serving = ServingRecommender(bundle)
    plain = serving.recommend("u007", k=BOOKS)
    ranks = {serving.why_not(plain, book_id).rank: book_id for book_id in bundle.books.array.tolist()}
    for book in plain.ranked:
        assert ranks[book.rank] == bundle.books.array[book.book_row]
    short = serving.recommend("u007", k=3, rules=Rules(rerank=RerankConfig(diversity=0.5, per_author=1)))
    for book in plain.ranked:
        assert serving.why_not(short, str(bundle.books.array[book.book_row])).rank == book.rank


def test_the_parts_stand_beside_those_of_the_last_book(bundle: Bundle) -> None:
    serving = ServingRecommender(bundle)
    answer = serving.recommend("u007", k=3, rules=Rules(rerank=RerankConfig(diversity=0.4)))
    listed = {book.book_row for book in answer.ranked} | set(answer.history.indices.tolist())
    for row in set(range(BOOKS)) - listed:
        absence = serving.why_not(answer, str(bundle.books.array[row]))
        assert absence.last_score == answer.ranked[-1].score
        assert sum(side.book for side in absence.parts) == pytest.approx(absence.score, abs=1e-5)
        assert sum(side.last for side in absence.parts) == pytest.approx(absence.last_score, abs=1e-5)
        lacked = [side.lacked for side in absence.parts]
        assert lacked == sorted(lacked, reverse=True)


def test_a_book_that_the_model_does_not_know_has_no_score(bundle: Bundle) -> None:
    serving = served(bundle, ModelSpec(kind="rp3beta", config={"neighbours": 1}))
    answer = serving.personalized([str(bundle.books.array[0])], k=BOOKS)
    assert len(answer.ranked) == 1
    reasons = {serving.why_not(answer, book_id).reason for book_id in bundle.books.array.tolist()}
    assert reasons == {Absence.SEEN, Absence.LISTED, Absence.NO_SCORE}


def test_an_unknown_book_and_an_empty_list_are_answered(bundle: Bundle) -> None:
    serving = ServingRecommender(bundle)
    answer = serving.recommend("u007", k=3, rules=Rules(BookFilter(year_from=3000)))
    assert answer.ranked == []
    assert serving.why_not(answer, "nowhere").reason is Absence.UNKNOWN_BOOK
    unread = next(row for row in range(BOOKS) if row not in answer.history.indices)
    absence = serving.why_not(answer, str(bundle.books.array[unread]))
    assert (absence.reason, absence.filters, absence.last_score) == (
        Absence.FILTERED,
        ("year_from",),
        None,
    )
