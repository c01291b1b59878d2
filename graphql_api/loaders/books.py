"""The books of one level of a query, in one read of the catalogue."""

from __future__ import annotations

import numpy as np
from strawberry.dataloader import DataLoader

from recs_core.data.catalogue import BookRecord, Catalogue


def book_loader(catalogue: Catalogue, read: set[str]) -> DataLoader[int, BookRecord]:
    """A fresh loader of records by book row, for one operation; the ids of the books go into `read`."""

    async def load(book_rows: list[int]) -> list[BookRecord]:
        records = catalogue.records(np.array(book_rows, dtype=np.int32))
        read.update(record.book_id for record in records)
        return records

    return DataLoader(load_fn=load)
