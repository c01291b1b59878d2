"""What a resolver can reach while one operation runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

import anyio.to_thread
import strawberry
from anyio import CapacityLimiter
from strawberry.dataloader import DataLoader

from recs_core.data.catalogue import BookRecord
from recs_core.serving.recommender import ServingRecommender

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Context:
    """One operation's surroundings.

    Args:
        request_id: names the request in responses and logs.
        operation_name: which of the document's operations the client named, if it did.
        recommender: answers from the bundle.
        readers: ids of readers to try the API with.
        max_first: the longest list that may be asked for.
        books: the catalogue's records by row, fetched together.
        threads: how many threads may compute at once.
    """

    request_id: str
    operation_name: str | None
    recommender: ServingRecommender
    readers: tuple[str, ...]
    max_first: int
    books: DataLoader[int, BookRecord]
    threads: CapacityLimiter

    async def compute(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run what takes milliseconds on a thread, so that cached answers need not wait for it."""
        return await anyio.to_thread.run_sync(lambda: function(*args, **kwargs), limiter=self.threads)


Info = strawberry.Info[Context, None]
