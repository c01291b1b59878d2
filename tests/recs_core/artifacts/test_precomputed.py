from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from recs_core.artifacts.bundle import NO_LISTS, Bundle, open_bundle, write_bundle
from recs_core.artifacts.precomputed import PrecomputeConfig, PrecomputedLists, most_active
from recs_core.artifacts.quantise import Storage
from recs_core.data.catalogue import Catalogue
from recs_core.data.idmap import PAD
from recs_core.data.interactions import InteractionSet
from recs_core.features.content import ContentFeatures
from recs_core.models.registry import MODELS, ModelSpec, build_model
from recs_core.serving.recommender import ServingRecommender
from recs_core.testing.model_case import dated


@pytest.fixture
def written(
    request: pytest.FixtureRequest,
    interactions: InteractionSet,
    catalogue: Catalogue,
    features: ContentFeatures,
    tmp_path: Path,
) -> Bundle:
    kind, storage, users = request.param
    # of some interactions one is surer than of others, and the lists must heed it
    surer = interactions.matrix.copy()
    surer.data[:] = np.random.default_rng(7).choice(np.array([0.5, 1, 2], dtype=np.float32), surer.nnz)
    model = build_model(ModelSpec(kind=kind), where=kind)
    write_bundle(
        tmp_path / "bundle",
        model_name=kind,
        model=model.fit(dated(interactions), features, rng=np.random.default_rng(7)),
        history=replace(interactions, matrix=surer),
        features=features,
        catalogue=catalogue,
        metrics=[],
        source="tiny",
        seed=7,
        data_digest="0",
        storage=storage,
        precompute=PrecomputeConfig(users=users, depth=12),
    )
    return open_bundle(tmp_path / "bundle")


STORAGES: list[Storage] = ["float32", "float16", "int8"]


@pytest.mark.parametrize(
    "written",
    [(kind, storage, 20) for kind in sorted(MODELS) for storage in STORAGES],
    indirect=True,
    ids=str,
)
def test_a_ready_list_is_the_live_answer_to_the_bit(written: Bundle) -> None:
    assert len(written.precomputed) == 20
    recommender = ServingRecommender(replace(written, precomputed=NO_LISTS))
    for user in written.precomputed.users.tolist():
        for k in (1, 5, 12):
            ready = written.precomputed.of(user, k=k)
            assert ready is not None
            live = recommender.recommend(str(written.users.array[user]), k=k).ranked
            found = ready.books[0] != PAD
            assert ready.books[0][found].tolist() == [book.book_row for book in live]
            assert ready.scores[0][found].tolist() == [book.score for book in live]


@pytest.mark.parametrize("written", [("rp3beta", "float32", 20)], indirect=True, ids=str)
def test_lists_are_for_the_readers_of_the_longest_histories(written: Bundle) -> None:
    counts = written.history.user_counts
    listed = written.precomputed.users
    assert np.all(np.diff(listed) > 0)
    others = np.setdiff1d(np.arange(counts.size), listed)
    assert counts[listed].min() >= counts[others].max()
    assert all(written.precomputed.of(user, k=5) is None for user in others.tolist())
    assert written.precomputed.of(10**6, k=5) is None


@pytest.mark.parametrize("written", [("rp3beta", "float32", 20)], indirect=True, ids=str)
def test_a_list_longer_than_what_is_ready_is_not_given(written: Bundle) -> None:
    user = int(written.precomputed.users[0])
    assert written.precomputed.of(user, k=12) is not None
    assert written.precomputed.of(user, k=13) is None


@pytest.mark.parametrize("written", [("rp3beta", "int8", 0)], indirect=True, ids=str)
def test_without_readers_there_is_no_list_and_no_file(written: Bundle) -> None:
    assert len(written.precomputed) == 0
    assert written.precomputed.of(0, k=1) is None
    assert not list(written.path.glob("precomputed*"))


@pytest.mark.parametrize("written", [("rp3beta", "float16", 7)], indirect=True, ids=str)
def test_the_bundle_says_how_it_is_stored_and_lists_are_mapped(written: Bundle) -> None:
    assert (written.meta.storage, written.meta.precompute) == ("float16", PrecomputeConfig(users=7, depth=12))
    lists = written.precomputed.lists
    assert (lists.books.dtype, lists.scores.dtype, lists.books.shape) == (np.int32, np.float32, (7, 12))
    assert not lists.books.flags.writeable


def test_of_equally_active_readers_the_first_come_first(interactions: InteractionSet) -> None:
    pairs = np.array([(0, 0), (1, 1), (1, 2), (2, 0), (3, 3)], dtype=np.int32).T
    few = InteractionSet.from_rows(interactions.users, interactions.books, pairs[0], pairs[1])
    assert most_active(few, 2).tolist() == [0, 1]
    assert most_active(few, 3).tolist() == [0, 1, 2]
    # and who has read nothing never
    assert most_active(few, 60).tolist() == [0, 1, 2, 3]


def test_no_lists_make_no_arrays() -> None:
    assert PrecomputedLists.from_arrays({}, "precomputed.").arrays("precomputed.") == {}


@pytest.mark.parametrize("wrong", [{"users": -1}, {"depth": 0}, {"usres": 1}])
def test_a_config_out_of_range_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        PrecomputeConfig.model_validate(wrong)
