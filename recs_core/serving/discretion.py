"""What may be said of other readers: nothing that fewer of them did than a least number.

A reason that rests on two readers of one book tells who knows one of them what the other read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recs_core.explanations.reasons import Reason
from recs_core.serving.co_reading import CoReading
from recs_core.serving.rerank import DAMPING

MIN_READERS: Final = 5

_DAMPING: Final = DAMPING.partition(":")[0]


class Discretion:
    """Withholds reasons that speak of too few readers; what they amount to goes into OTHER.

    Args:
        co_reading: who read what.
        readers: `int32[n_books]`, the readers of each book.
        min_readers: of how many a reason must be, at least.
    """

    def __init__(self, co_reading: CoReading, readers: NDArray[np.int32], min_readers: int) -> None:
        self._co_reading = co_reading
        self._readers = readers
        self._min_readers = min_readers

    def told(self, reasons: Sequence[Reason], book_row: int) -> list[Reason]:
        """The reasons of a book that may be told. They add up to what they added up to before."""
        by_readers = [
            each.book_row for each in reasons if each.kind == "COLLABORATIVE" and each.book_row is not None
        ]
        counts: dict[int | None, int] = dict(
            zip(by_readers, self._co_reading.in_common(book_row, by_readers), strict=True)
        )
        is_read = int(self._readers[book_row]) >= self._min_readers
        named, rest = [], 0.0
        for reason in reasons:
            if reason.kind == "COLLABORATIVE":
                may_tell = counts.get(reason.book_row, 0) >= self._min_readers
            elif reason.kind == "POPULARITY" or reason.rule == _DAMPING:
                may_tell = is_read
            else:
                may_tell = reason.kind != "OTHER"
            if may_tell:
                named.append(reason)
            else:
                rest += reason.amount
        return named if len(named) == len(reasons) else [*named, Reason("OTHER", None, rest)]

    def are_enough(self, book_row: int, other_row: int) -> bool:
        """Whether so many read both books that it may be told."""
        return self._co_reading.in_common(book_row, [other_row])[0] >= self._min_readers
