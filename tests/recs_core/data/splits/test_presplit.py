from dataclasses import replace

import numpy as np
import pytest

from recs_core.data.interactions import InteractionRows
from recs_core.data.splits.leakage import assert_no_leakage
from recs_core.data.splits.presplit import assert_untouched
from recs_core.data.splits.registry import SplitResult, split_interactions
from recs_core.data.splits.split import Split
from recs_core.errors import DataError, ParameterError
from recs_core.models.base import recommend_all
from recs_core.models.item_knn import ItemKNN
from recs_core.testing.timed_rows import pairs_of, rows_of, rows_with_counts

NUMBERS = {"train": 0, "validation": 1, "test": 2, "none": -1}


def rows_in_parts(parts: dict[str, dict[str, str]]) -> InteractionRows:
    """User id to book id to the part that the source says."""
    rows = rows_of({user: dict.fromkeys(read, 0) for user, read in parts.items()})
    said = [part for _, read in sorted(parts.items()) for _, part in sorted(read.items())]
    return replace(rows, parts=np.array([NUMBERS[part] for part in said], dtype=np.int8))


def result_of(rows: InteractionRows, *, share: float = 0.1, seed: int = 7) -> SplitResult:
    options = {"presplit": {"validation_share": share}}
    return split_interactions(rows, "presplit", options, source="tiny", rng=np.random.default_rng(seed))


def split_of(rows: InteractionRows, *, share: float = 0.1, seed: int = 7) -> Split:
    return result_of(rows, share=share, seed=seed).split


def test_each_interaction_is_in_the_part_that_the_source_says() -> None:
    rows = rows_in_parts(
        {
            "u": {"a": "train", "b": "validation", "c": "test"},
            "v": {"a": "test", "b": "train", "d": "test"},
        }
    )
    split = split_of(rows, share=0.9)
    assert pairs_of(split.train) == {("u", "a"), ("v", "b")}
    assert pairs_of(split.validation) == {("u", "b")}
    assert pairs_of(split.test) == {("u", "c"), ("v", "a"), ("v", "d")}
    assert len(split.fold_in) == len(split.dropped) == 0


@pytest.mark.parametrize(("share", "held_out"), [(0.0, 0), (0.05, 0), (0.1, 1), (0.25, 2), (0.99, 9)])
def test_without_validation_a_share_of_each_readers_train_is_held_out(share: float, held_out: int) -> None:
    rows = rows_with_counts([15] * 8)
    parts = np.where(rows.rank_within_user(rows.book_rows) < 10, 0, 2).astype(np.int8)
    split = split_of(replace(rows, parts=parts), share=share)
    assert split.validation.user_counts.tolist() == [held_out] * 8
    assert split.train.user_counts.tolist() == [10 - held_out] * 8
    assert split.test.user_counts.tolist() == [5] * 8


def test_the_seed_decides_what_is_held_out_and_nothing_else() -> None:
    rows = rows_with_counts([15] * 8)
    rows = replace(rows, parts=np.where(rows.book_rows < 10, 0, 2).astype(np.int8))
    one, same, other = (split_of(rows, share=0.3, seed=seed) for seed in (7, 7, 8))
    assert pairs_of(one.validation) == pairs_of(same.validation) != pairs_of(other.validation)
    assert pairs_of(one.test) == pairs_of(other.test)


def test_readers_and_books_of_the_test_alone_stay_and_get_no_lists_they_are_not_owed() -> None:
    rows = rows_in_parts(
        {
            "u": {"a": "train", "b": "train"},
            "v": {"a": "train", "b": "test"},
            "w": {"b": "test", "z": "test"},
        }
    )
    result = result_of(rows, share=0.0)
    assert_no_leakage(result.split, rows, result.promises)
    split = result.split
    assert pairs_of(split.test) == {("v", "b"), ("w", "b"), ("w", "z")}
    model = ItemKNN(ItemKNN.Config(neighbours=5))
    model.fit(split.train, None, rng=np.random.default_rng(7))
    lists = recommend_all(model, split.known_before_test.matrix, k=2)
    assert lists.books[split.test.users.row("w")].tolist() == [-1, -1]


@pytest.mark.parametrize("parts", [None, "none"])
def test_a_source_that_is_not_split_is_named(parts: str | None) -> None:
    rows = rows_in_parts({"u": {"a": "train", "b": "test", "c": parts or "train"}})
    if parts is None:
        rows = replace(rows, parts=None)
    count = "3 of 3" if parts is None else "1 of 3"
    with pytest.raises(
        DataError, match=rf"every interaction, which {count} do not have; data\.source must be"
    ):
        result_of(rows)


@pytest.mark.parametrize("part", ["train", "test"])
def test_train_and_test_must_hold_something(part: str) -> None:
    with pytest.raises(DataError, match=f"strategy presplit leaves {part} empty"):
        result_of(rows_in_parts({"u": {"a": "test" if part == "train" else "train"}}))


@pytest.mark.parametrize("share", [-0.1, 1.0])
def test_a_share_that_leaves_no_train_is_refused(share: float) -> None:
    with pytest.raises(ParameterError, match=r"split\.options\.presplit\.validation_share: "):
        result_of(rows_in_parts({"u": {"a": "train", "b": "test"}}), share=share)


def test_a_split_that_lost_interactions_on_its_way_is_refused() -> None:
    assert_untouched(read=10, liked=10, in_core=10)
    with pytest.raises(ParameterError, match=r"3 of 10 interactions do not count as likes.*data\.min_value"):
        assert_untouched(read=10, liked=7, in_core=7)
    with pytest.raises(
        ParameterError, match=r"2 of 10 .*k-core.*data\.min_per_user and data\.min_per_book to 1"
    ):
        assert_untouched(read=10, liked=10, in_core=8)
