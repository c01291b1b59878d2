"""The policies, against pandas."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_core.data.cleaning.duplicates import Policy, merge_repeats, sort_pairs
from recs_core.data.cleaning.interactions import NO_TIME, Gathered
from recs_core.data.dictionaries import Codes

Row = tuple[str, str, float | None, int | None, int]
rows = st.lists(
    st.tuples(
        st.sampled_from("uvw"),
        st.sampled_from("ab"),
        st.none() | st.integers(1, 5).map(float),
        st.none() | st.integers(0, 3),
        st.integers(0, 1),
    ),
    min_size=1,
    max_size=25,
)


def gathered(content: list[Row], *, timed: bool) -> Gathered:
    users, books, values, times, events = zip(*content, strict=True)
    return Gathered(
        Codes.of(pa.chunked_array([pa.array(users)])),
        Codes.of(pa.chunked_array([pa.array(books)])),
        pa.array(["implicit", "rating"]),
        np.array([np.nan if value is None else value for value in values], dtype=np.float32),
        np.array([NO_TIME if time is None else time for time in times]) if timed else None,
        np.array(events, dtype=np.int8),
    )


def expected(content: list[Row], policy: Policy, *, timed: bool) -> list[dict[str, Any]]:
    frame = pd.DataFrame(content, columns=["user", "book", "value", "time", "event"])
    frame["value"] = frame["value"].astype(float)
    frame["time"] = frame["time"].astype(float).fillna(-1) if timed else -1.0
    frame["line"] = range(len(frame))
    order = ["value", "time", "line"] if policy == "max" else ["time", "line"]
    by_pair = frame.sort_values(order, na_position="first").groupby(["user", "book"])
    kept = by_pair.tail(1).set_index(["user", "book"]).sort_index()
    if policy == "sum":
        kept["value"] = by_pair["value"].sum(min_count=1)
        valued = frame[frame["value"].notna()].sort_values(order).groupby(["user", "book"])["event"].last()
        kept.loc[valued.index, "event"] = valued
    return kept.reset_index()[["user", "book", "value", "time", "event"]].to_dict("records")


@pytest.mark.parametrize("policy", ["last", "max", "sum"])
@given(rows, st.booleans())
def test_what_is_left_is_what_pandas_leaves(policy: Policy, content: list[Row], timed: bool) -> None:
    found = gathered(content, timed=timed)
    sort_pairs(found)
    merged = merge_repeats(found, policy)
    left = pd.DataFrame(
        {
            "user": found.users.texts.take(pa.array(found.users.codes)).to_pylist(),
            "book": found.books.texts.take(pa.array(found.books.codes)).to_pylist(),
            "value": found.value.astype(float),
            "time": -1.0
            if found.time is None
            else np.where(found.time == NO_TIME, -1, found.time).astype(float),
            "event": found.event,
        }
    )
    wanted = pd.DataFrame(expected(content, policy, timed=timed))
    pd.testing.assert_frame_equal(left, wanted, check_dtype=False)
    assert merged == len(content) - len(left)
