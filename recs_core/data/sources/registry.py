"""The list of sources."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from recs_core.data.sources.base import Source
from recs_core.data.sources.book_crossing import BookCrossing
from recs_core.data.sources.goodbooks import Goodbooks
from recs_core.data.sources.recbole import MovieLens100K, RecBole
from recs_core.data.sources.table import Table
from recs_core.errors import ParameterError, describe

SOURCES: dict[str, type[Source]] = {
    source.name: source for source in (BookCrossing, Goodbooks, MovieLens100K, RecBole, Table)
}
"""Name, as in `data.source` of params.yaml, to class."""


def source_named(name: str, options: Mapping[str, Any]) -> Source:
    """Make a source from its options.

    Raises:
        ParameterError: there is no such source, or it does not take these options.
    """
    if name not in SOURCES:
        raise ParameterError(f"data.source is {name!r}; it must be one of {sorted(SOURCES)}")
    try:
        return SOURCES[name](**options)
    except ValidationError as error:
        raise ParameterError(describe(error, where=f"data.sources.{name}")) from None
