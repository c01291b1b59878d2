from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recs_core.data.interactions import InteractionRows
from recs_core.data.splits.split import Split
from recs_core.errors import ArtifactError
from recs_core.testing.timed_rows import pairs_of, rows_with_counts


def split_in_turns(rows: InteractionRows, n_parts: int) -> Split:
    """The first interaction to the first part, the next to the next, and so on."""
    turn = np.arange(len(rows)) % n_parts
    return Split(*(rows.to_set(turn == number) for number in range(len(Split.PARTS))))


def test_histories_are_what_is_known_at_the_time() -> None:
    rows = rows_with_counts([9, 9])
    split = split_in_turns(rows, 5)
    train, validation, test, fold_in, dropped = (pairs_of(part) for part in split.parts().values())
    assert pairs_of(split.known_before_validation) == train | fold_in
    assert pairs_of(split.known_before_test) == train | fold_in | validation
    assert pairs_of(split.everything) == train | fold_in | validation | test | dropped


@pytest.mark.parametrize("n_parts", [3, 4, 5])
def test_save_and_load_keep_the_parts_apart(n_parts: int, tmp_path: Path) -> None:
    split = split_in_turns(rows_with_counts([9, 9]), n_parts)
    split.save(tmp_path)
    loaded = Split.load(tmp_path)
    for name, part in split.parts().items():
        assert pairs_of(loaded.parts()[name]) == pairs_of(part)
        assert loaded.parts()[name].books == part.books


def test_a_part_that_is_empty_has_no_folder_even_where_an_earlier_split_had_one(tmp_path: Path) -> None:
    rows = rows_with_counts([9, 9])
    split_in_turns(rows, 5).save(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == set(Split.PARTS)
    split_in_turns(rows, 3).save(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"train", "validation", "test"}
    assert len(Split.load(tmp_path).fold_in) == 0


def test_a_truth_that_is_missing_is_an_error_and_not_empty(tmp_path: Path) -> None:
    split_in_turns(rows_with_counts([9, 9]), 3).save(tmp_path)
    (tmp_path / "test").rename(tmp_path / "tset")
    with pytest.raises(ArtifactError, match="test"):
        Split.load(tmp_path)


def test_times_and_weights_go_with_the_parts_and_into_histories(tmp_path: Path) -> None:
    rows = rows_with_counts([9, 9])
    rows = replace(rows, weights=np.arange(1, len(rows) + 1, dtype=np.float32))
    split_in_turns(rows, 5).save(tmp_path)
    split = Split.load(tmp_path)
    assert rows.times is not None
    for turn, part in enumerate(split.parts().values()):
        mine = np.arange(len(rows)) % 5 == turn
        assert part.times is not None
        assert part.times.tolist() == rows.times[mine].tolist()
        assert part.matrix.data.tolist() == (np.flatnonzero(mine) + 1).tolist()
    everything = split.everything
    assert everything.times is not None
    assert everything.times.tolist() == rows.times.tolist()
    assert everything.matrix.data.tolist() == list(range(1, len(rows) + 1))
