"""Why a book was not recommended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from recs_core.models.base import Contributions


class Absence(StrEnum):
    """What kept a book from a list; where several things did, the first of these."""

    UNKNOWN_BOOK = "UNKNOWN_BOOK"
    """No such book is served."""
    LISTED = "LISTED"
    """Nothing: the book is in the list."""
    SEEN = "SEEN"
    """It is in the reader's history."""
    DISLIKED = "DISLIKED"
    """The reader dislikes it."""
    EXCLUDED = "EXCLUDED"
    """The request excludes it, for example as owned."""
    NOT_SOLD = "NOT_SOLD"
    """The store does not sell it now: it is withdrawn or out of stock."""
    FILTERED = "FILTERED"
    """It does not pass the request's filters; `WhyNot.filters` names them."""
    NO_SCORE = "NO_SCORE"
    """The model knows nothing of it for this reader."""
    CAPPED = "CAPPED"
    """Its score would do, but the list has as many books of one of its authors as it may."""
    DIVERSIFIED = "DIVERSIFIED"
    """Its score would do, but for what diversity takes: it is too like the books of the list."""
    LIKE_A_DISLIKED = "LIKE_A_DISLIKED"
    """Its score would do, but for what its likeness to a disliked book takes."""
    DAMPED = "DAMPED"
    """Its score would do, but for what popularity damping takes."""
    BELOW = "BELOW"
    """Its score is lower than that of every book in the list."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One part of the book's score beside that of the last book of the list.

    Args:
        part: its name: `als:collaborative`, `content`, `diversity:rule`.
        book: how much of the book's score.
        last: how much of the score of the last book of the list.
    """

    part: str
    book: float
    last: float

    @property
    def lacked(self) -> float:
        """By how much the part is behind."""
        return self.last - self.book


@dataclass(frozen=True, slots=True)
class WhyNot:
    """Why a book is not in a list.

    Args:
        reason: what kept it out.
        filters: the conditions that it does not pass, if it was filtered.
        rank: its place among all books that may be listed, by score before diversity and the cap of authors, from 1;
            None where it may not be listed.
        score: its score after all rules, beside the books of the list; None where the model gives it none.
        last_score: the score of the last book of the list; None where the list is empty.
        parts: what it and the last book's score are made of, what it lacked most first; empty where the model cannot
            explain or there is nothing to compare.
    """

    reason: Absence
    filters: tuple[str, ...] = ()
    rank: int | None = None
    score: float | None = None
    last_score: float | None = None
    parts: tuple[Comparison, ...] = ()


def compare(parts: Contributions) -> tuple[Comparison, ...]:
    """The parts of a book's score beside those of another's, what it lacked most first.

    Args:
        parts: of two scored books: the one that is asked about, then the last of the list.
    """
    sides = [Comparison(name, float(column[0]), float(column[1])) for name, column in parts.sums().items()]
    return tuple(sorted(sides, key=lambda side: -side.lacked))
