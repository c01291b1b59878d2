"""The sources that read files: the forms that data may have."""

from __future__ import annotations

from recs_core.data.sources.base import Source
from recs_core.data.sources.book_crossing import BookCrossing
from recs_core.data.sources.goodbooks import Goodbooks
from recs_core.data.sources.recbole import MovieLens100K, RecBole
from recs_core.data.sources.table import Table

FORMS: dict[str, type[Source]] = {
    source.name: source for source in (BookCrossing, Goodbooks, MovieLens100K, RecBole, Table)
}
"""Name to class."""
