"""What is served, and what is kept of what was."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphql_api.snapshots import Snapshot, Snapshots
from recs_core.artifacts.published import Provenance
from recs_core.serving.recommender import ServingRecommender
from recs_core.testing.tiny import tiny_bundle


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> list[Snapshot]:
    root = tmp_path_factory.mktemp("snapshots")
    return [Snapshot.of(ServingRecommender(tiny_bundle(root / str(seed), seed=seed))) for seed in range(4)]


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_last_swapped_in_is_served_and_those_before_can_be_had(opened: list[Snapshot]) -> None:
    snapshots = Snapshots(opened[0], kept=2, ttl_s=60)
    snapshots.swap(opened[1])
    snapshots.swap(opened[2])
    assert snapshots.current is opened[2]
    assert [snapshots.get(each.version) for each in opened[:3]] == opened[:3]
    assert snapshots.get(opened[3].version) is None


def test_no_more_are_kept_than_allowed(opened: list[Snapshot]) -> None:
    snapshots = Snapshots(opened[0], kept=1, ttl_s=60)
    for each in opened[1:3]:
        snapshots.swap(each)
    assert snapshots.get(opened[0].version) is None
    assert snapshots.get(opened[1].version) is opened[1]


def test_what_was_replaced_is_let_go_when_its_time_is_over(opened: list[Snapshot]) -> None:
    clock = Clock()
    snapshots = Snapshots(opened[0], kept=2, ttl_s=60, clock=clock)
    snapshots.swap(opened[1])
    clock.now = 59.9
    assert snapshots.get(opened[0].version) is opened[0]
    clock.now = 60
    assert snapshots.get(opened[0].version) is None


def test_going_back_serves_the_earlier_one_again(opened: list[Snapshot]) -> None:
    snapshots = Snapshots(opened[0], kept=1, ttl_s=60)
    snapshots.swap(opened[1])
    snapshots.swap(opened[0])
    assert snapshots.current is opened[0]
    assert snapshots.get(opened[1].version) is opened[1]


def test_a_bundle_that_was_not_published_has_no_provenance(opened: list[Snapshot], tmp_path: Path) -> None:
    assert opened[0].provenance == Provenance()


def test_what_the_store_changes_is_changed_in_all_that_are_kept(opened: list[Snapshot]) -> None:
    snapshots = Snapshots(opened[0], kept=1, ttl_s=60)
    snapshots.swap(opened[1])
    held = snapshots.current
    book = str(held.recommender.bundle.books.array[0])
    coming = snapshots.prepare(opened[2])
    snapshots.change({book: {"stock": 0}})
    for each in opened[:3]:
        now = snapshots.latest(each)
        assert now.version == each.version
        assert now.recommender.filters.is_closed(0)
    assert snapshots.current is snapshots.latest(opened[1])
    assert not held.recommender.filters.is_closed(0)
    assert not coming.recommender.filters.is_closed(0)
    snapshots.swap(opened[2])
    assert snapshots.current.recommender.filters.is_closed(0)


def test_a_snapshot_that_comes_later_knows_what_was_changed_before(opened: list[Snapshot]) -> None:
    snapshots = Snapshots(opened[0], kept=1, ttl_s=60)
    book = str(opened[1].recommender.bundle.books.array[3])
    snapshots.change({book: {"withdrawn": True}})
    assert snapshots.prepare(opened[1]).recommender.filters.is_closed(3)


def test_a_snapshot_that_is_gone_is_as_it_was(opened: list[Snapshot]) -> None:
    snapshots = Snapshots(opened[0], kept=0, ttl_s=60)
    snapshots.swap(opened[1])
    assert snapshots.latest(opened[0]) is opened[0]
