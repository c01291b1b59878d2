"""How long what is kept that says something of people."""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields
from typing import Final

DAY_S: Final = 86_400


@dataclass(frozen=True)
class Kept:
    """How long what is kept.

    Args:
        stream_s: interaction events in their stream, in seconds.
        dead_letter_s: events that could not be handled.
        event_s: events in the event table, by when they happened, in whole days.
        bundles: how many published bundles.
    """

    stream_s: int = 30 * DAY_S
    dead_letter_s: int = 90 * DAY_S
    event_s: int = 730 * DAY_S
    bundles: int = 20

    def as_options(self) -> list[str]:
        """What the command line takes."""
        names = (f"--{field.name.replace('_', '-')}" for field in fields(self))
        return [part for name, value in zip(names, astuple(self), strict=True) for part in (name, str(value))]
