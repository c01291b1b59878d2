"""The rules for what stands in the canonical tables, as pandera schemas; `recs_core.data.contracts` applies them."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
import pandera.pandas as pandera

from recs_core.data.cleaning.books import FIRST_YEAR
from recs_core.data.cleaning.users import AGE_BANDS
from recs_core.data.sources.base import PARTS

LAST_YEAR: Final = 2100
LAST_SECOND: Final = 5_000_000_000
"""In the year 2128: what is later was not in seconds."""


def _said(texts: pd.Series[str]) -> pd.Series[bool]:
    return texts.str.strip() != ""


def _ascending(texts: pd.Series[str]) -> pd.Series[bool]:
    before = texts.shift()
    # that a null is one is a breach of its own
    return (texts > before) | texts.isna() | before.isna()


SAID = pandera.Check(_said, error="must not be blank")
ASCENDING = pandera.Check(_ascending, error="must be ascending, each once", ignore_na=False)
FINITE = pandera.Check(np.isfinite, error="must be finite", ignore_na=False)
NOT_EMPTY = pandera.Check.gt(0, error="must not be blank")
NO_BLANKS = pandera.Check.eq(0, error="must hold no blank text")
A_BOOK = pandera.Check.ge(0, error="must be the id of a book in the catalogue")
NO_BOOK = pandera.Check.lt(0, error="must not be in the catalogue: it was merged into another book")

# Types are compared with the Arrow schemas. Of a column of ids or of lists the frame that is checked holds a number:
# a position, a length or a count.
BOOKS = pandera.DataFrameSchema(
    {
        "book_id": pandera.Column(checks=[SAID, ASCENDING]),
        "title": pandera.Column(checks=SAID),
        "authors": pandera.Column(checks=NO_BLANKS),
        "genres": pandera.Column(checks=NO_BLANKS),
        "year": pandera.Column(
            checks=pandera.Check.in_range(
                FIRST_YEAR, LAST_YEAR, error=f"must be from {FIRST_YEAR} to {LAST_YEAR}"
            ),
            nullable=True,
        ),
        "price": pandera.Column(
            checks=[FINITE, pandera.Check.ge(0, error="must be at least 0")], nullable=True
        ),
        **{
            name: pandera.Column(checks=SAID, nullable=True)
            for name in ("publisher", "language", "description", "cover_url")
        },
    }
)
USERS = pandera.DataFrameSchema(
    {
        "user_id": pandera.Column(checks=[SAID, ASCENDING]),
        "country": pandera.Column(checks=SAID, nullable=True),
        "age_band": pandera.Column(
            checks=pandera.Check.isin(AGE_BANDS, error=f"must be one of {AGE_BANDS}"), nullable=True
        ),
    }
)
EDITIONS = pandera.DataFrameSchema(
    {"book_id": pandera.Column(checks=NO_BOOK), "edition_of": pandera.Column(checks=A_BOOK)}
)
QUARANTINE = pandera.DataFrameSchema(
    {
        "file": pandera.Column(checks=SAID),
        "line": pandera.Column(checks=pandera.Check.ge(1, error="must be at least 1")),
        "column": pandera.Column(checks=SAID, nullable=True),
        "reason": pandera.Column(checks=SAID),
        "text": pandera.Column(),
    }
)
INTERACTIONS = pandera.DataFrameSchema(
    {
        "user_id": pandera.Column(checks=NOT_EMPTY),
        "book_id": pandera.Column(checks=A_BOOK),
        "user_id and book_id": pandera.Column(
            checks=pandera.Check(lambda follows: follows, error="must be ascending, each pair once")
        ),
        "value": pandera.Column(checks=FINITE, nullable=True),
        "time": pandera.Column(
            checks=pandera.Check.in_range(0, LAST_SECOND, error="must be from 1970 to 2128")
        ),
        "event": pandera.Column(checks=NOT_EMPTY),
        "part": pandera.Column(checks=pandera.Check.ge(0, error=f"must be null or one of {list(PARTS)}")),
    }
)
