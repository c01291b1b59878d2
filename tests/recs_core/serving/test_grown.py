"""Books that are new to the store, in a bundle that was made without them; the oracle is a bundle made with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recs_core.artifacts.bundle import open_bundle, write_bundle
from recs_core.artifacts.precomputed import PrecomputeConfig
from recs_core.data.appended import AppendedIds
from recs_core.data.catalogue import SCHEMA, Catalogue
from recs_core.data.idmap import PAD, IdMap
from recs_core.data.interactions import InteractionSet
from recs_core.errors import DataError, UnknownIdError
from recs_core.features.content import vectorise
from recs_core.features.indexer import ContentIndexer
from recs_core.models.registry import ModelSpec, build_model
from recs_core.serving.answer import Rules, ServedFrom
from recs_core.serving.filters import BookFilter
from recs_core.serving.grown import MOST, newcomers_of, takes_newcomers
from recs_core.serving.recommender import ServingRecommender
from recs_core.serving.rerank import RerankConfig
from recs_core.serving.strategies import GroupWeights, StrategyConfig
from recs_core.testing.tiny import BOOKS, MODEL, tiny_catalogue, tiny_indexer, tiny_interactions

NEW: Mapping[str, Mapping[str, Any]] = {
    # ids before, between and after those of the catalogue
    "0000000001": {"title": "The dragon of the Harbour", "authors": ["J. R. Tolk"], "genres": ["dragon"]},
    "1000000000": {"title": "The galaxy of the Clock", "authors": ["Stanisław Lem"], "publisher": "Orbit"},
    "new": {"title": "Zweistromland", "authors": [], "genres": [], "language": "ger", "year": 2026},
    "zzz": {"title": "The railway of the Shadow", "authors": ["Paul Rail"], "price": 2.5, "stock": 3},
}
"""What the store says of its new books."""


def made(path: Path, catalogue: Catalogue, indexer: ContentIndexer) -> ServingRecommender:
    """A bundle of the tiny interactions that has these books, whoever read them."""
    tiny = tiny_interactions()
    user_rows = np.repeat(np.arange(len(tiny.users), dtype=np.int32), tiny.user_counts)
    book_rows = catalogue.books.rows(tiny.books.array[tiny.matrix.indices])
    history = InteractionSet.from_rows(tiny.users, catalogue.books, user_rows, book_rows)
    features = vectorise(indexer, catalogue)
    model = build_model(MODEL, where="hybrid").fit(history, features, rng=np.random.default_rng(7))
    write_bundle(
        path,
        model_name="hybrid",
        model=model,
        history=history,
        features=features,
        catalogue=catalogue,
        metrics=[],
        source="tiny",
        seed=7,
        data_digest=history.books.digest,
        precompute=PrecomputeConfig(users=5, depth=10),
        indexer=indexer,
    )
    return ServingRecommender(open_bundle(path))


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> ServingRecommender:
    catalogue = tiny_catalogue(tiny_interactions().books)
    return made(tmp_path_factory.mktemp("base") / "bundle", catalogue, tiny_indexer(catalogue))


@pytest.fixture(scope="module")
def grown(base: ServingRecommender) -> ServingRecommender:
    return base.with_newcomers(NEW)


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory: pytest.TempPathFactory, base: ServingRecommender) -> ServingRecommender:
    """What is made anew with all books and the indexer of the first."""
    old = tiny_catalogue(tiny_interactions().books)
    records = old.table.to_pylist() + newcomers_of(NEW, old.books).table.to_pylist()
    table = type(old.table).from_pylist(sorted(records, key=lambda book: book["book_id"]), schema=SCHEMA)
    path = tmp_path_factory.mktemp("rebuilt") / "bundle"
    return made(path, Catalogue(table), tiny_indexer(old)).with_changes(NEW)


def named(serving: ServingRecommender, ranked: Any) -> list[tuple[str, float]]:
    """A list by ids, with scores as far as float32 sums are the same."""
    return [(str(serving.bundle.books.array[each.book_row]), round(each.score, 4)) for each in ranked]


RULES = {
    "plain": Rules(),
    "diverse": Rules(rerank=RerankConfig(diversity=0.4, per_author=2)),
    "German": Rules(filters=BookFilter(languages=("ger",))),
    "cheap": Rules(filters=BookFilter(price_to=3, in_stock=True)),
    "owned": Rules(exclude=("zzz",)),
}


@pytest.mark.parametrize("rules", RULES.values(), ids=list(RULES))
def test_every_reader_gets_the_list_of_a_bundle_that_was_made_with_the_new_books(
    grown: ServingRecommender, rebuilt: ServingRecommender, rules: Rules
) -> None:
    listed = set()
    for user_id in [*grown.bundle.users.array.tolist(), "nobody"]:
        # of equal books the lower row goes first, and rows differ: all of the list, in the order of scores
        ours, theirs = (each.recommend(user_id, k=BOOKS + 4, rules=rules) for each in (grown, rebuilt))
        assert dict(named(grown, ours.ranked)) == pytest.approx(dict(named(rebuilt, theirs.ranked)), abs=2e-4)
        assert ours.total == theirs.total
        assert ours.served_from is theirs.served_from or theirs.served_from is ServedFrom.PRECOMPUTED
        listed |= {book for book, _ in named(grown, ours.ranked[:10])}
    if rules == Rules():
        assert listed & set(NEW), "nobody is recommended a new book"


def test_strategies_of_other_weights_have_the_new_books_too(base: ServingRecommender) -> None:
    strategies = {
        "tuned": StrategyConfig(),
        "alike": StrategyConfig(weights=GroupWeights(content=1, collaborative=0, popularity=0)),
    }
    grown = ServingRecommender(base.bundle, strategies=strategies).with_newcomers(NEW)
    answer = grown.personalized(["0000000001"], k=BOOKS, strategy="alike")
    assert answer.strategy.name == "alike"
    assert "1000000000" not in dict(named(grown, answer.ranked))
    assert answer.ranked
    assert all("dragon" in grown.bundle.catalogue.record(row).title for row in answer.book_rows[:3].tolist())


def test_its_reasons_add_up(grown: ServingRecommender) -> None:
    answer = grown.personalized([str(grown.bundle.books.array[1]), "1000000000"], k=BOOKS)
    reasons = grown.reasons(answer, answer.book_rows, first=2)
    sums = [sum(reason.amount for reason in of_book) for of_book in reasons]
    np.testing.assert_allclose(sums, [book.score for book in answer.ranked], rtol=1e-4, atol=1e-5)
    of_new = [
        {reason.kind for reason in of_book}
        for book, of_book in zip(answer.ranked, reasons, strict=True)
        if book.book_row >= BOOKS
    ]
    assert of_new
    assert set().union(*of_new) <= {"CONTENT", "RULE", "OTHER"}


def test_a_new_book_is_found_by_its_words_and_its_id_and_has_neighbours(grown: ServingRecommender) -> None:
    def titles(ranked: Any) -> list[str]:
        return [grown.bundle.catalogue.record(each.book_row).title for each in ranked]

    assert titles(grown.discovery.search("zweistrom", k=3)) == ["Zweistromland"]
    assert titles(grown.discovery.search("the dragon of the harbour", k=3)) == ["The dragon of the Harbour"]
    assert "The dragon of the Harbour" in titles(grown.discovery.search("the dragon of the", k=BOOKS))
    assert titles(grown.discovery.new_arrivals(k=1).books) == ["Zweistromland"]
    nearest = grown.discovery.similar("0000000001", k=5)
    assert all("dragon" in title for title in titles(nearest))
    assert grown.discovery.also_read("0000000001", k=5) == []


def test_what_matches_fewer_words_is_not_found_beside_what_matches_all(grown: ServingRecommender) -> None:
    old = grown.bundle.catalogue.record(0).title
    assert grown.discovery.search(old, k=5)[0].book_row < BOOKS
    # nothing has all three words: the books with the most of them, old and new
    found = grown.discovery.search("galaxy clock zweistromland", k=BOOKS)
    assert {"1000000000"} <= {str(grown.bundle.books.array[each.book_row]) for each in found}


def test_who_bought_a_new_book_is_not_recommended_it_and_gets_what_is_like_it(
    grown: ServingRecommender,
) -> None:
    answer = grown.recommend("nobody", k=5, recent=[("0000000001", 1.0)])
    assert answer.served_from is ServedFrom.MODEL
    assert "0000000001" not in dict(named(grown, answer.ranked))
    assert all("dragon" in grown.bundle.catalogue.record(row).title for row in answer.book_rows[:3].tolist())


def test_a_new_book_that_is_not_sold_is_in_no_list(grown: ServingRecommender) -> None:
    after = grown.with_changes({"new": {**NEW["new"], "withdrawn": True}})
    assert after.discovery.search("zweistromland", k=3) == []
    assert all(
        "new" not in dict(named(after, after.recommend(user, k=BOOKS + 4).ranked))
        for user in after.bundle.users.array.tolist()
    )


def test_what_it_has_already_changes_nothing_and_what_is_no_longer_new_goes(
    base: ServingRecommender, grown: ServingRecommender
) -> None:
    assert grown.with_newcomers(NEW) is grown
    fewer = grown.with_newcomers({book: state for book, state in NEW.items() if book != "new"})
    assert "new" not in fewer.bundle.books
    assert "zzz" in fewer.bundle.books
    assert grown.with_newcomers({}).bundle is base.bundle
    assert base.with_newcomers({str(base.bundle.books.array[0]): {"title": "Another"}}) is base


def test_books_without_a_title_and_books_beyond_the_bound_wait() -> None:
    none = IdMap.from_ids([], space="book")
    assert newcomers_of({"a": {"price": 3.0}, "b": {"title": "B"}}, none).books.array.tolist() == ["b"]
    many = newcomers_of({f"b{n:05d}": {"title": "B"} for n in range(MOST + 1)}, none)
    assert len(many) == MOST
    assert f"b{MOST:05d}" not in many.books


def test_a_bundle_without_an_indexer_or_without_content_goes_without(
    tmp_path: Path, base: ServingRecommender
) -> None:
    bundle = base.bundle
    model = build_model(ModelSpec(kind="rp3beta"), where="rp3beta")
    model.fit(bundle.history, None, rng=np.random.default_rng(7))
    for other in (
        replace(bundle, model=model),
        replace(bundle, meta=bundle.meta.model_copy(update={"indexer": None})),
    ):
        assert not takes_newcomers(other)
        serving = ServingRecommender(other)
        assert serving.with_newcomers(NEW) is serving
    assert takes_newcomers(bundle)


def test_rows_and_ids_of_appended_books_are_each_others_inverse() -> None:
    ids = AppendedIds(IdMap.from_ids(["b", "d"], space="book"), IdMap.from_ids(["a", "longer"], space="book"))
    assert ids.array.tolist() == ["b", "d", "a", "longer"]
    assert [ids.row(each) for each in ids.array.tolist()] == [0, 1, 2, 3]
    assert ids.rows(["longer", "b", "x"], missing="pad").tolist() == [3, 0, PAD]
    assert ids.ids([3, 0]).tolist() == ["longer", "b"]
    assert "a" in ids
    assert "x" not in ids
    with pytest.raises(UnknownIdError, match="'x'"):
        ids.rows(["a", "x"])
    with pytest.raises(DataError, match="must be new"):
        AppendedIds(IdMap.from_ids(["b"], space="book"), IdMap.from_ids(["b"], space="book"))


def test_a_masked_reader_stays_masked_whatever_the_store_changes(base: ServingRecommender) -> None:
    reader = str(base.bundle.users.array[0])
    masked = base.masking(lambda user_id: user_id == reader)
    book = str(base.bundle.books.array[0])
    for changed in (masked, masked.with_changes({book: {"withdrawn": True}}), masked.with_newcomers(NEW)):
        assert changed.user_row(reader) == PAD
        assert changed.history_rows(reader).size == 0
        assert changed.recommend(reader, k=5).served_from is ServedFrom.POPULAR
        assert changed.user_row(str(base.bundle.users.array[1])) == 1
    assert base.user_row(reader) == 0
