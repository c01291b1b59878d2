"""What a client is told as it happens."""

from __future__ import annotations

import asyncio
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

TOGETHER_S = 0.2
"""A list is looked at again at most once in so long; what changes meanwhile is told together."""

MAX_GONE = 100
"""Books that left a list because they are not sold, and for whose return a subscriber listens; the newest."""


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
    """The first page of a reader's list, when it is another one: by a bundle, the reader's acts, or the store."""
    check_id(user_id, "userId")
    check_first(first, info.context.server.max_first)
    server = info.context.server
    # by a new bundle, or by what the reader did: the tag is that of the reader's kept answers
    always = (SWAPS, f"user:{user_id}")
    with server.news.listening(*always) as changes:
        known = await _book_ids(info, info.context.snapshot, user_id, strategy, first)
        gone: list[str] = []
        while True:
            # by the store: a book of the list, or one that has left it and may be sold again
            changes.follow((*always, *(f"book:{book_id}" for book_id in (*known, *gone))))
            if not server.snapshots.current.closed(known):
                # else one was closed while the list was made, when nobody listened for it
                await changes.get()
            async with server.turns:
                changes.clear()
                snapshot = server.snapshots.current
                now = await _book_ids(info, snapshot, user_id, strategy, first)
                page = None
                if now != known:
                    of_now = replace(info.context, snapshot=snapshot)
                    page = await for_reader(of_now, user_id, strategy, first)
            gone = snapshot.closed([*gone, *known])[-MAX_GONE:]
            known = now
            if page is not None:
                yield page
            await asyncio.sleep(TOGETHER_S)


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
