"""The reasons of one answer's books, explained together."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from strawberry.dataloader import DataLoader

from graphql_api.context import Context
from graphql_api.snapshots import Snapshot
from recs_core.explanations.reasons import Reason
from recs_core.serving.answer import Answer


@dataclass(frozen=True, slots=True)
class ReasonsKey:
    """Which book of the answer, and how many reasons to name."""

    book_row: int
    first: int


ReasonsLoader: TypeAlias = DataLoader[ReasonsKey, list[Reason]]


def reasons_loader(context: Context, snapshot: Snapshot, answer: Answer) -> ReasonsLoader:
    """A fresh loader for one answer: one explanation for all books that are asked for with one `first`."""

    async def load(keys: list[ReasonsKey]) -> list[list[Reason]]:
        rows: defaultdict[int, list[int]] = defaultdict(list)
        for key in keys:
            rows[key.first].append(key.book_row)
        found: dict[ReasonsKey, list[Reason]] = {}
        for first, book_rows in rows.items():
            asked = np.array(book_rows, dtype=np.int32)
            lists = await context.compute(snapshot.recommender.reasons, answer, asked, first=first)
            found |= {ReasonsKey(row, first): reasons for row, reasons in zip(book_rows, lists, strict=True)}
        return [found[key] for key in keys]

    return DataLoader(load_fn=load)
