"""The books of one level of a query, in one read of the catalogue."""

from __future__ import annotations

import numpy as np
from strawberry.dataloader import DataLoader

from recs_core.data.catalogue import BookRecord, Catalogue


def book_loader(catalogue: Catalogue) -> DataLoader[int, BookRecord]:
    """A fresh loader of records by book row, for one operation."""

    async def load(book_rows: list[int]) -> list[BookRecord]:
        return catalogue.records(np.array(book_rows, dtype=np.int32))

    return DataLoader(load_fn=load)
