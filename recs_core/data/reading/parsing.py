"""Numbers and times out of text. The same text is read alike in whatever company it stands."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

DATE = r"^\s*[0-9]{4}"
"""How a date in ISO 8601 begins; pandas takes "now" for one, too."""
NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"


def numbers_of(texts: pa.StringArray) -> NDArray[np.float64]:
    """The numbers that texts say, `float64[n]`; NaN where one says none."""
    try:
        numbers = np.array(pc.cast(texts, pa.float64()))
    except pa.ArrowInvalid:
        # one that is no number fails them all; those that are none are few, and only they are looked at closely
        plain = pc.ascii_is_decimal(texts)
        numbers = np.array(pc.fill_null(pc.cast(pc.if_else(plain, texts, None), pa.float64()), np.nan))
        odd = pc.invert(plain)
        trimmed = pc.utf8_trim_whitespace(texts.filter(odd))
        numeric = pc.if_else(pc.match_substring_regex(trimmed, NUMBER), trimmed, None)
        numbers[np.asarray(odd)] = pc.fill_null(pc.cast(numeric, pa.float64()), np.nan)
    # "inf", and what is too large for a float64, are none
    numbers[~np.isfinite(numbers)] = np.nan
    return numbers


def seconds_of(texts: pa.StringArray) -> NDArray[np.float64]:
    """The times that texts say, in seconds since 1970, `float64[n]`; NaN where one says none.

    A time is a number of seconds, or a date in ISO 8601, which is of UTC where it names no zone.
    """
    seconds = numbers_of(texts)
    rest = np.isnan(seconds)
    if rest.any():
        rest &= np.asarray(pc.match_substring_regex(texts, DATE))
    if rest.any():
        dates = pd.to_datetime(
            pd.Series(texts.filter(pa.array(rest)).to_pandas()), errors="coerce", utc=True, format="ISO8601"
        )
        moments = dates.to_numpy(dtype="datetime64[s]")
        seconds = seconds.copy()
        seconds[rest] = np.where(np.isnat(moments), np.nan, moments.astype(np.int64))
    return seconds
