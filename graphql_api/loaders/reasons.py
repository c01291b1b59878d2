"""The reasons of one page's books, explained together."""

from __future__ import annotations

import asyncio

import numpy as np

from graphql_api.context import Context
from graphql_api.snapshots import Snapshot
from graphql_api.types.reason import Reason
from recs_core.serving.answer import Answer


class PageReasons:
    """Explains a page of an answer: all its books at once, as soon as one of them is asked about.

    Args:
        context: of the operation.
        snapshot: that the answer was made from.
        answer: what is explained.
        book_rows: the books of the page.
    """

    def __init__(self, context: Context, snapshot: Snapshot, answer: Answer, book_rows: list[int]) -> None:
        self._context = context
        self._snapshot = snapshot
        self._answer = answer
        self._book_rows = book_rows
        self._found: dict[int, dict[int, list[Reason]]] = {}
        self._one_at_a_time = asyncio.Lock()

    async def of(self, book_row: int, *, first: int) -> list[Reason]:
        """The `first` largest reasons of a book of the page, and what is left as one more."""
        if first not in self._found:
            async with self._one_at_a_time:
                if first not in self._found:
                    self._found[first] = await self._explained(first)
        return self._found[first][book_row]

    async def _explained(self, first: int) -> dict[int, list[Reason]]:
        asked = np.array(self._book_rows, dtype=np.int32)
        recommender = self._snapshot.recommender
        lists = await self._context.compute(recommender.reasons, self._answer, asked, first=first)
        return {
            row: [Reason.from_reason(reason, self._context, self._snapshot) for reason in reasons]
            for row, reasons in zip(self._book_rows, lists, strict=True)
        }
