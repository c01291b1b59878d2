"""The list of sources."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError

from recs_core.data.sources.base import Source
from recs_core.data.sources.forms import FORMS
from recs_core.data.sources.generated import Generated
from recs_core.data.sources.presplit import Presplit
from recs_core.data.sources.with_events import WithEvents
from recs_core.errors import ParameterError, describe

SOURCES: dict[str, type[Source]] = {
    **FORMS,
    Generated.name: Generated,
    Presplit.name: Presplit,
    WithEvents.name: WithEvents,
}
"""Name, as in `data.source` of params.yaml, to class."""

NOTICE: Final = (
    f"Synthetic data made by data.source={Generated.name}: for load and scale work only; no figure here says "
    "anything about real readers."
)
"""What every report on made-up data says first."""


def source_named(name: str, options: Mapping[str, Any]) -> Source:
    """Make a source from its options.

    Raises:
        ParameterError: there is no such source, or it does not take these options.
    """
    try:
        return _class_named(name)(**options)
    except ValidationError as error:
        raise ParameterError(describe(error, where=f"data.sources.{name}")) from None


def is_synthetic(name: str) -> bool:
    """Whether the data of a source is made up, so that a report on it must carry `NOTICE`.

    Raises:
        ParameterError: there is no such source.
    """
    return _class_named(name).synthetic


def _class_named(name: str) -> type[Source]:
    if name not in SOURCES:
        raise ParameterError(f"data.source is {name!r}; it must be one of {sorted(SOURCES)}")
    return SOURCES[name]
