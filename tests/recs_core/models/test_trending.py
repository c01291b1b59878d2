from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from recs_core.data.idmap import IdMap
from recs_core.data.interactions import InteractionSet, history_of
from recs_core.errors import DataError
from recs_core.models.trending import Trending, TrendingConfig, decayed_readers

READ = np.array([[1, 1, 0], [1, 0, 1], [0, 1, 0]], dtype=np.float32)
"""The three books are read on days 0 and 10; 4 and 10; 7."""

DAYS = [0, 4, 10, 7, 10]


def train_set(days: list[int | None]) -> InteractionSet:
    users, books = (IdMap.from_ids(list("abc"), space=space) for space in ("user", "book"))
    user_rows, book_rows = np.nonzero(READ)
    plain = InteractionSet.from_rows(users, books, user_rows.astype(np.int32), book_rows.astype(np.int32))
    first = np.datetime64("2004-08-01T12:00:00", "s")
    nat = np.datetime64("NaT", "s")
    times = [nat if day is None else first + np.timedelta64(day, "D") for day in days]
    return replace(plain, times=np.array(times, dtype="datetime64[s]"))


def decayed(days: list[int | None], **config: object) -> NDArray[np.float64]:
    return decayed_readers(train_set(days), TrendingConfig.model_validate(config))


def test_a_reader_counts_by_half_a_half_life_before_the_latest_interaction() -> None:
    expected = [2**-2 + 1, 2**-1.2 + 1, 2**-0.6]
    np.testing.assert_allclose(decayed(DAYS, half_life_days=5.0), expected)


def test_readers_before_the_window_do_not_count() -> None:
    expected = [1, 2**-1.2 + 1, 2**-0.6]
    np.testing.assert_allclose(decayed(DAYS, half_life_days=5.0, window_days=6.0), expected)
    np.testing.assert_allclose(decayed(DAYS, half_life_days=5.0, window_days=5.9), [1, 1, 2**-0.6])


def test_interactions_without_a_time_do_not_count() -> None:
    found = decayed([None, 4, None, 7, 10], half_life_days=3.0)
    np.testing.assert_allclose(found, [0, 2**-2 + 1, 2**-1])


def test_the_day_of_training_does_not_matter() -> None:
    later = decayed([day + 1000 for day in DAYS], half_life_days=5.0)
    assert later.tolist() == decayed(DAYS, half_life_days=5.0).tolist()


def test_scores_are_logarithms_up_to_one_and_the_newest_books_lead() -> None:
    config = TrendingConfig(half_life_days=5.0)
    model = Trending(config).fit(train_set(DAYS), None, rng=np.random.default_rng(7))
    readers = decayed_readers(train_set(DAYS), config)
    np.testing.assert_allclose(model.trend, np.log1p(readers) / np.log1p(readers.max()), rtol=1e-6)
    nobody = history_of(np.empty(0, dtype=np.int32), 3)
    assert model.recommend(nobody, k=3).books.tolist() == [[1, 0, 2]]


def test_a_long_half_life_is_popularity_and_a_short_one_is_not() -> None:
    # the third book has one reader, the newest of all; the others have two
    days: list[int | None] = [0, 0, 0, 10, 0]
    np.testing.assert_allclose(decayed(days, half_life_days=1e6), READ.sum(axis=0), rtol=1e-4)
    assert np.argmax(decayed(days, half_life_days=0.5)) == 2


@pytest.mark.parametrize("times", [None, np.full(5, np.datetime64("NaT", "s"))], ids=["none", "all missing"])
def test_data_without_times_are_refused_by_name(times: NDArray[np.datetime64] | None) -> None:
    train = replace(train_set(DAYS), times=times)
    with pytest.raises(DataError, match="'trending' needs the times of interactions"):
        Trending(TrendingConfig()).fit(train, None, rng=np.random.default_rng(7))


def test_stored_times_give_the_same_scores(tmp_path: Path) -> None:
    train = train_set([None, *DAYS[1:]])
    train.save(tmp_path / "train")
    models = [
        Trending(TrendingConfig()).fit(each, None, rng=np.random.default_rng(7))
        for each in (train, InteractionSet.load(tmp_path / "train"))
    ]
    assert models[0].trend.tobytes() == models[1].trend.tobytes()
