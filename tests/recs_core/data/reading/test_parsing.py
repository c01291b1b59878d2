import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_core.data.reading.parsing import numbers_of, seconds_of


def numbers(*texts: str) -> list[float]:
    return numbers_of(pa.array(texts, pa.string())).tolist()


@pytest.mark.parametrize(
    ("text", "number"),
    [("5", 5), ("4.5", 4.5), (" 7 ", 7), ("+3", 3), ("-0.5", -0.5), ("1e3", 1000), (".5", 0.5), ("5.", 5)],
)
def test_a_number_is_read(text: str, number: float) -> None:
    assert numbers(text) == [number]
    # and so it is in company that is none
    assert numbers("five", text)[1] == number


@pytest.mark.parametrize("text", ["", " ", "five", "1,5", "0x10", "1_000", "1 2", "--1", "٣"])
def test_what_is_no_number_is_nan(text: str) -> None:
    assert np.isnan(numbers(text)).all()
    assert np.isnan(numbers("5", text)).tolist() == [False, True]


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(["", "x"]))
def test_every_float_is_read_exactly(number: float, company: str) -> None:
    assert numbers(repr(number), company)[0] == number


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1709287200", 1709287200),
        ("2024-03-01T10:00:00Z", 1709287200),
        ("2024-03-01T11:00:00+01:00", 1709287200),
        ("2024-03-01 10:00:00", 1709287200),
        (" 2024-03-01", 1709251200),
        ("1709287200.7", 1709287200.7),
    ],
)
def test_a_time_is_in_seconds_or_a_date(text: str, seconds: float) -> None:
    assert seconds_of(pa.array([text, "yesterday"]))[0] == seconds
    assert seconds_of(pa.array([text]))[0] == seconds


@pytest.mark.parametrize("text", ["", "now", "today", "yesterday", "2024-13-01", "01.03.2024", "March 2024"])
def test_what_is_no_time_is_nan(text: str) -> None:
    assert np.isnan(seconds_of(pa.array([text, "5", "2024-03-01"]))).tolist() == [True, False, False]
