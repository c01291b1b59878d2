"""What a client is told as it happens."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from typing import Annotated

import strawberry

from graphql_api.arguments import FIRST, STRATEGY, USER_ID, check_first, check_id
from graphql_api.context import Info
from graphql_api.errors import BadUserInputError
from graphql_api.resolvers.recommendations import for_reader
from graphql_api.snapshots import Snapshot
from graphql_api.types.bundle import Bundle
from graphql_api.types.recommendation import RecommendationConnection
from graphql_api.types.subscription import BundlePublished
from recs_core.errors import ParameterError


async def bundle_published(info: Info) -> AsyncIterator[BundlePublished]:
    """Each bundle that is served from now on."""
    async for swap in info.context.server.swaps.listen():
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
    known = await _book_ids(info, info.context.snapshot, user_id, strategy, first)
    async for swap in info.context.server.swaps.listen():
        now = await _book_ids(info, swap.after, user_id, strategy, first)
        if now == known:
            continue
        known = now
        yield await for_reader(replace(info.context, snapshot=swap.after), user_id, strategy, first)


async def _book_ids(
    info: Info, snapshot: Snapshot, user_id: str, strategy: str | None, first: int
) -> list[str]:
    """The books of a list by their ids, for rows differ from bundle to bundle."""
    try:
        answer = await info.context.compute(
            partial(snapshot.recommender.recommend, user_id, k=max(1, first), strategy=strategy)
        )
    except ParameterError as error:
        raise BadUserInputError(str(error)) from None
    ids: list[str] = snapshot.recommender.bundle.books.ids(answer.book_rows).tolist()
    return ids
