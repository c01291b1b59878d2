"""Which computations are short enough to be done at once: a hop to a thread and back costs more than they do."""

from __future__ import annotations

SHORT_S = 0.002
"""What takes longer than this would hold up answers that are ready for too long."""

NEW_SHARE = 0.25
"""How much the latest time counts: a computation that became slow is off the event loop after a few times."""


class Pace:
    """Remembers how long computations take, by name."""

    def __init__(self) -> None:
        self._usual_s: dict[str, float] = {}

    def is_short(self, name: str) -> bool:
        """Whether a computation of this name usually takes less than `SHORT_S`; False while nobody knows."""
        return self._usual_s.get(name, SHORT_S) < SHORT_S

    def note(self, name: str, seconds: float) -> None:
        """Say how long one took, in seconds of processor time."""
        usual_s = self._usual_s.get(name, seconds)
        self._usual_s[name] = usual_s + NEW_SHARE * (seconds - usual_s)
