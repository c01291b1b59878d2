"""Models that serve only the users of their training, served: every registered one."""

from pathlib import Path

import numpy as np
import pytest

from recs_core.artifacts.bundle import open_bundle, write_bundle
from recs_core.artifacts.precomputed import PrecomputeConfig
from recs_core.data.catalogue import Catalogue
from recs_core.data.interactions import InteractionSet
from recs_core.errors import ArtifactError
from recs_core.explanations.why_not import Absence
from recs_core.features.content import ContentFeatures
from recs_core.models.base import SimilarBooks
from recs_core.models.registry import TRANSDUCTIVE, ModelSpec
from recs_core.models.transductive import Transductive
from recs_core.serving.answer import Rules, ServedFrom
from recs_core.serving.filters import BookFilter
from recs_core.serving.recommender import ServingRecommender
from recs_core.serving.rerank import RerankConfig
from recs_core.testing.tiny import BOOKS
from recs_core.testing.transductive_checks import STRANGER, TransductiveCase

IN_STOCK = Rules(filters=BookFilter(in_stock=True))


@pytest.fixture(scope="module", params=sorted(TRANSDUCTIVE))
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> TransductiveCase:
    return TransductiveCase(ModelSpec(kind=request.param), tmp_path_factory.mktemp(request.param))


def write(
    path: Path, model: Transductive, history: InteractionSet, features: ContentFeatures, catalogue: Catalogue
) -> None:
    write_bundle(
        path,
        model_name="neural",
        model=model,
        history=history,
        features=features,
        catalogue=catalogue,
        metrics=[],
        source="tiny",
        seed=7,
        data_digest="0",
        precompute=PrecomputeConfig(users=5, depth=5),
    )


@pytest.fixture(scope="module")
def serving(case: TransductiveCase, interactions: InteractionSet, catalogue: Catalogue) -> ServingRecommender:
    # the bundle knows more of the readers than the training did: the stranger's books too
    write(case.scratch / "bundle", case.model, interactions, case.features, catalogue)
    return ServingRecommender(open_bundle(case.scratch / "bundle"))


def test_a_user_of_the_training_gets_the_models_list_and_is_told_so(
    serving: ServingRecommender, case: TransductiveCase
) -> None:
    history = serving.bundle.history.matrix
    for row in (0, 7, 31):
        user_id = str(serving.bundle.users.array[row])
        answer = serving.recommend(user_id, k=6)
        best = case.model.recommend_users(np.array([row], dtype=np.int32), history[[row]], k=6)
        assert answer.served_from is ServedFrom.PRECOMPUTED
        assert answer.book_rows.tolist() == best.books[0].tolist()
        assert [book.score for book in answer.ranked] == best.scores[0].tolist()


@pytest.mark.parametrize("user_id", ["nobody", f"u{STRANGER + 1:03d}"])
def test_whom_the_training_did_not_know_gets_what_is_popular(
    serving: ServingRecommender, user_id: str
) -> None:
    answer = serving.recommend(user_id, k=5)
    assert answer.served_from is ServedFrom.POPULAR
    assert len(answer.ranked) == 5
    assert not set(answer.book_rows) & set(serving.history_rows(user_id))


def test_a_session_gets_what_is_popular_but_its_books(serving: ServingRecommender) -> None:
    book_ids = serving.bundle.books.array[:3].tolist()
    answer = serving.personalized(book_ids, k=5)
    assert answer.served_from is ServedFrom.POPULAR
    assert not set(answer.book_rows) & {0, 1, 2}


def test_what_was_read_a_moment_ago_leaves_the_list(serving: ServingRecommender) -> None:
    before = serving.recommend("u001", k=5).book_rows
    recent = [(str(serving.bundle.books.array[before[0]]), 1.0)]
    assert serving.recommend("u001", k=4, recent=recent).book_rows.tolist() == before[1:].tolist()


def test_filters_and_rules_hold(serving: ServingRecommender) -> None:
    answer = serving.recommend("u001", k=BOOKS, rules=IN_STOCK)
    in_stock = serving.filters.mask(IN_STOCK.filters)
    assert answer.ranked
    assert in_stock[answer.book_rows].all()
    rules = Rules(rerank=RerankConfig(diversity=0.4, per_author=2))
    assert serving.recommend("u001", k=5, rules=rules).served_from is ServedFrom.PRECOMPUTED


def test_it_gives_no_reasons_but_says_why_not(serving: ServingRecommender) -> None:
    answer = serving.recommend("u001", k=5)
    assert serving.reasons(answer, answer.book_rows, first=3) == [[]] * 5
    assert serving.counterfactuals(answer, answer.ranked[0].book_row, first=3) == []
    ids = serving.bundle.books.array
    assert serving.why_not(answer, str(ids[answer.ranked[0].book_row])).reason is Absence.LISTED
    assert serving.why_not(answer, str(ids[serving.history_rows("u001")[0]])).reason is Absence.SEEN
    last = serving.recommend("u001", k=BOOKS).ranked[-1]
    assert serving.why_not(answer, str(ids[last.book_row])).reason is Absence.BELOW


def test_similar_books_are_the_models_or_else_those_of_like_content(serving: ServingRecommender) -> None:
    ranked = serving.discovery.similar(str(serving.bundle.books.array[4]), k=5)
    assert [book.rank for book in ranked] == [1, 2, 3, 4, 5]
    if isinstance(serving.bundle.model, SimilarBooks):
        likely = serving.bundle.model.similar(np.array([4], dtype=np.int32), k=5)
        assert [book.book_row for book in ranked] == likely.books[0].tolist()
    else:
        cosines = serving.bundle.vectors @ serving.bundle.vectors[4]
        assert cosines[[book.book_row for book in ranked]].min() >= np.sort(cosines)[-6]


def test_no_lists_are_made_of_a_model_that_has_its_own(serving: ServingRecommender) -> None:
    assert len(serving.bundle.precomputed) == 0


def test_readers_other_than_those_of_the_training_are_refused(
    case: TransductiveCase, interactions: InteractionSet, catalogue: Catalogue, tmp_path: Path
) -> None:
    users = type(interactions.users)(interactions.users.array[:10], space="user")
    fewer = InteractionSet(users, interactions.books, interactions.matrix[:10])
    with pytest.raises(ArtifactError, match="trained with 60 users, the histories have 10"):
        write(tmp_path / "bundle", case.model, fewer, case.features, catalogue)
