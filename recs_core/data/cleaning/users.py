"""From strings as a source has them to readers, of whom no more is kept than country and age band."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from recs_core.data.cleaning.quarantine import Fault, Quarantine
from recs_core.data.cleaning.text import repair
from recs_core.data.reading.parsing import numbers_of
from recs_core.data.reading.raw import RawRows
from recs_core.data.sources.base import USERS_SCHEMA

AGE_ENDS = [0, 18, 25, 35, 50, 65, 200]
AGE_BANDS = ["under 18", "18-24", "25-34", "35-49", "50-64", "65 and over"]
POSSIBLE_AGES = (5, 100)


def clean_users(rows: RawRows, file: str, quarantine: Quarantine) -> pa.Table:
    """Make the table of readers, sorted by id; an age that cannot be is unknown.

    Args:
        rows: the column `user_id`, and where the source has them `country` and `age`, in years.
        file: where the rows come from.
        quarantine: takes the rows without an id and those that repeat one.
    """
    frame = rows.columns.to_pandas()
    user_id = frame["user_id"].str.strip()
    repeated = user_id.duplicated(keep="first") & (user_id != "")
    faults = [
        Fault("user_id", "no user id", (user_id == "").to_numpy(dtype=np.bool_)),
        Fault("user_id", "user id seen before", repeated.to_numpy(dtype=np.bool_)),
    ]
    keep = quarantine.check(rows, file, faults)
    nothing = pd.Series("", index=frame.index)
    country = frame["country"].map(repair).str.casefold() if "country" in frame else nothing
    age = pd.Series(numbers_of(rows.columns["age"] if "age" in rows else pa.array(nothing, pa.string())))
    bands = pd.cut(age.where(age.between(*POSSIBLE_AGES)), AGE_ENDS, labels=AGE_BANDS, right=False)
    clean = pd.DataFrame(
        {
            "user_id": user_id,
            "country": country.where(country.str.fullmatch(r"[^\W\d_][\w .'-]+")),
            "age_band": bands.astype(object),
        }
    )
    ordered = clean[keep].sort_values("user_id")
    table = pa.Table.from_pandas(ordered, schema=USERS_SCHEMA, preserve_index=False)
    return table.replace_schema_metadata()
