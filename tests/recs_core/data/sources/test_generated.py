"""The made-up store has the shape that it promises, the same bytes each time, and something to learn."""

import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_core.data.cleaning.preparation import Preparation
from recs_core.data.kcore import k_core
from recs_core.data.sources.base import SourceTables
from recs_core.data.sources.generated_reading import activity, most_books, season
from recs_core.data.sources.registry import NOTICE, is_synthetic, source_named
from recs_core.data.splits.registry import split_interactions
from recs_core.errors import ParameterError
from recs_core.evaluation.judge import mean_accuracy
from recs_core.models.base import Recommender, recommend_all
from recs_core.models.popularity import Popularity
from recs_core.models.rp3beta import RP3Beta

OPTIONS: dict[str, Any] = {"users": 2_000, "books": 1_500, "interactions": 40_000, "seed": 7}


def store(**options: Any) -> SourceTables:
    source = source_named("generated", OPTIONS | options)
    return source.load(Path(), Preparation(), say=lambda _: None)


@pytest.fixture(scope="module")
def tables() -> SourceTables:
    return store()


@pytest.fixture(scope="module")
def reads(tables: SourceTables) -> pd.DataFrame:
    frame = tables.interactions.to_pandas()
    books = tables.catalogue.table.to_pandas().set_index("book_id")
    return frame.assign(book_id=frame["book_id"].astype(str), user_id=frame["user_id"].astype(str)).join(
        books, on="book_id"
    )


def test_it_says_that_it_is_made_up() -> None:
    assert is_synthetic("generated")
    assert not is_synthetic("book-crossing")
    assert "says anything about real readers" in NOTICE
    with pytest.raises(ParameterError, match=r"data\.source is 'made-up'"):
        is_synthetic("made-up")


def test_the_same_options_make_the_same_bytes_and_another_seed_others() -> None:
    one, same, other = store(), store(), store(seed=8)
    assert one.interactions.equals(same.interactions)
    assert one.catalogue.table.equals(same.catalogue.table)
    assert one.users.equals(same.users)
    assert not one.interactions.equals(other.interactions)


def test_more_interactions_leave_books_and_readers_as_they_are() -> None:
    one, more = store(), store(interactions=50_000)
    assert one.catalogue.table.equals(more.catalogue.table)
    assert one.users.equals(more.users)


@given(users=st.integers(1, 40), books=st.integers(1, 60), share=st.floats(0, 1), seed=st.integers(0, 2**32))
def test_there_are_as_many_of_everything_as_asked_for(
    users: int, books: int, share: float, seed: int
) -> None:
    most = users * most_books(books)
    n = users + int(share * (most - users))
    tables = store(users=users, books=books, interactions=n, seed=seed)
    tables.interactions.validate(full=True)
    tables.catalogue.table.validate(full=True)
    pairs = tables.interactions.select(["user_id", "book_id"]).to_pandas()
    assert tables.interactions.num_rows == n == len(pairs.drop_duplicates())
    assert tables.rows_read == tables.rows_kept == {"generated": n}
    assert (len(tables.catalogue), tables.users.num_rows) == (books, users)
    assert pairs["user_id"].nunique() == users
    assert pairs.groupby("user_id", observed=True).size().max() <= most_books(books)


@pytest.mark.parametrize("interactions", [1_999, 2_000 * 375 + 1])
def test_what_cannot_be_is_refused_by_name(interactions: int) -> None:
    with pytest.raises(ParameterError, match=r"data\.sources\.generated\.interactions: must be from 2,000,"):
        store(interactions=interactions)


@pytest.mark.parametrize("day", [datetime.date(2024, 2, 29), "2024-02-29"])
def test_the_store_opens_on_its_first_day_and_closes_after_its_days(day: Any) -> None:
    times = store(first_day=day, days=30).interactions["time"]
    ends = pc.min_max(times).as_py()
    assert ends["min"].date() >= datetime.date(2024, 2, 29)
    assert ends["max"].date() <= datetime.date(2024, 3, 29)


@pytest.mark.parametrize("day", ["29.2.2024", "2023-02-29", 5])
def test_a_first_day_that_is_none_is_refused(day: Any) -> None:
    with pytest.raises(ParameterError, match=r"data\.sources\.generated\.first_day: "):
        store(first_day=day)


def test_few_books_are_read_much_and_few_readers_read_much(reads: pd.DataFrame) -> None:
    for column, share in (("book_id", 0.35), ("user_id", 0.3)):
        counts = reads.groupby(column).size().sort_values(ascending=False)
        assert counts.head(len(counts) // 10).sum() > share * len(reads)
        assert counts.median() < counts.mean()


def test_activity_is_log_normal() -> None:
    counts = activity(20_000, 1_000_000, 20_000_000, np.random.default_rng(7))
    logs = np.log(counts)
    assert logs.std() == pytest.approx(1.2, abs=0.03)
    skew = np.mean(((logs - logs.mean()) / logs.std()) ** 3)
    assert abs(skew) < 0.1


def test_the_next_volume_is_read_by_those_who_read_one_and_after_it(reads: pd.DataFrame) -> None:
    series = reads["title"].str.extract(r"\((The .* Books), Book (\d)\)")
    of = reads.assign(series=series[0] + reads["authors"].str[0], volume=series[1].astype("Int64"))
    volumes = of.dropna(subset="series").set_index(["user_id", "series", "volume"])["time"]
    first = volumes.xs(1, level="volume")
    both = pd.concat([first, volumes.xs(2, level="volume")], axis=1, keys=["first", "second"]).dropna(
        subset="first"
    )
    assert both["second"].notna().mean() > 0.25
    in_order = both.dropna()
    assert (in_order["first"] < in_order["second"]).mean() > 0.75


def test_a_reader_reads_few_genres(reads: pd.DataFrame) -> None:
    main = reads["genres"].str[0]
    busy = reads.groupby("user_id")["book_id"].transform("size") >= 20
    share = (
        main[busy]
        .groupby(reads["user_id"][busy])
        .agg(lambda genres: genres.value_counts().iloc[0] / len(genres))
    )
    everywhere = main.value_counts(normalize=True).iloc[0]
    assert share.mean() > 2 * everywhere


def test_a_new_book_is_read_after_it_came_out_and_then_less() -> None:
    tables = store(days=730, first_day="2023-01-01")
    frame = tables.interactions.to_pandas()
    years = pd.Series(
        tables.catalogue.table["year"].to_pylist(), index=tables.catalogue.table["book_id"].to_pylist()
    )
    year = frame["book_id"].astype(str).map(years)
    assert (frame["time"].dt.year >= year).all()
    of_2023 = frame[(year == 2023)].groupby(frame["time"].dt.year).size()
    old = frame[(year < 2023)].groupby(frame["time"].dt.year).size()
    assert of_2023[2024] / of_2023[2023] < old[2024] / old[2023]


def test_weeks_and_years_have_their_seasons() -> None:
    # 1 January 2024 was a Monday
    business = np.diff(season(364 * 2, first_weekday=0, first_day_of_year=1))
    assert business.sum() == pytest.approx(1)
    weekdays = business.reshape(-1, 7).mean(axis=0)
    assert weekdays[5:].min() > 1.2 * weekdays[:5].max()
    months = business[:364].reshape(13, 28).mean(axis=1)
    assert months.argmax() == 12
    assert months.argmin() in (5, 6)


def test_only_a_rating_has_a_value(tables: SourceTables) -> None:
    events = tables.interactions["event"].combine_chunks()
    assert events.dictionary.to_pylist() == ["add_to_cart", "purchase", "rating", "view"]
    rated = pc.equal(events.cast(pa.string()), "rating")
    assert pc.is_valid(tables.interactions["value"]).combine_chunks().equals(rated)
    stars = pc.unique(tables.interactions["value"].drop_null()).to_pylist()
    assert set(stars) == {1.0, 2.0, 3.0, 4.0, 5.0}


def test_a_book_looks_like_one(tables: SourceTables) -> None:
    books = tables.catalogue.table.to_pandas()
    assert books["genres"].str.len().between(1, 3).all()
    assert books["genres"].map(lambda genres: len(set(genres)) == len(genres)).all()
    assert books.groupby(books["authors"].str[0]).size().median() >= 2
    assert books["price"].between(1, 200).all()
    assert books["available"].mean() == pytest.approx(0.93, abs=0.03)
    assert set(books["language"]) == {"en", "de", "es", "fr"}
    assert tables.users["country"].null_count > 0


def test_neighbours_beat_popularity_on_it(tables: SourceTables) -> None:
    core = k_core(tables.interactions, per_user=5, per_book=2)
    options = {"leave_last": {"n": 1}}
    split = split_interactions(
        core, "leave_last", options, source="generated", rng=np.random.default_rng(7)
    ).split

    def ndcg(model: Recommender) -> float:
        model.fit(split.train, None, rng=np.random.default_rng(7))
        lists = recommend_all(model, split.known_before_test.matrix, k=20)
        return mean_accuracy(lists, split.test.matrix, ["ndcg"], k=20)["ndcg"]

    popularity = ndcg(Popularity(Popularity.Config()))
    neighbours = ndcg(RP3Beta(RP3Beta.Config(alpha=0.8, beta=0.3, neighbours=100)))
    assert neighbours > 1.5 * popularity
