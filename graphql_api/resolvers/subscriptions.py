"""What a client is told as it happens."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from typing import Annotated

import strawberry

from graphql_api.arguments import FIRST, STRATEGY, USER_ID, check_first, check_id
from graphql_api.context import SWAPS, Info, Swap
from graphql_api.errors import BadUserInputError
from graphql_api.resolvers.recommendations import for_reader
from graphql_api.snapshots import Snapshot
from graphql_api.types.bundle import Bundle
from graphql_api.types.recommendation import RecommendationConnection
from graphql_api.types.subscription import BundlePublished
from recs_core.errors import ParameterError


async def bundle_published(info: Info) -> AsyncIterator[BundlePublished]:
    """Each bundle that is served from now on."""
    async for swap in info.context.server.news.listen(SWAPS):
        if isinstance(swap, Swap):
            yield BundlePublished(
                bundle=Bundle.of(swap.after), previous_version=strawberry.ID(swap.before.version)
            )


async def recommendations_changed(
    info: Info,
    user_id: Annotated[strawberry.ID, USER_ID],
    strategy: Annotated[str | None, STRATEGY] = None,
    first: Annotated[int, FIRST] = 10,
) -> AsyncIterator[RecommendationConnection]:
    """The first page of a reader's list, each time that it is another one."""
    check_id(user_id, "userId")
    check_first(first, info.context.server.max_first)
    server = info.context.server
    # by a new bundle, or by what the reader did: the tag is that of the reader's kept answers
    with server.news.listening(SWAPS, f"user:{user_id}") as changes:
        known = await _book_ids(info, info.context.snapshot, user_id, strategy, first)
        while True:
            await changes.get()
            snapshot = server.snapshots.current
            now = await _book_ids(info, snapshot, user_id, strategy, first)
            if now == known:
                continue
            known = now
            yield await for_reader(replace(info.context, snapshot=snapshot), user_id, strategy, first)


async def _book_ids(
    info: Info, snapshot: Snapshot, user_id: str, strategy: str | None, first: int
) -> list[str]:
    """The books of a list by their ids, for rows differ from bundle to bundle."""
    recent = await info.context.server.fresh.taste(user_id)
    recommend = partial(snapshot.recommender.recommend, user_id, k=max(1, first))
    try:
        answer = await info.context.compute(partial(recommend, recent=recent, strategy=strategy))
    except ParameterError as error:
        raise BadUserInputError(str(error)) from None
    ids: list[str] = snapshot.recommender.bundle.books.ids(answer.book_rows).tolist()
    return ids
