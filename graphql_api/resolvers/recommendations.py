"""Lists for a reader or a session."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated

import strawberry

from graphql_api.arguments import AFTER, FILTER, FIRST, RERANK, STRATEGY, USER_ID, check_id, check_ids
from graphql_api.context import Context, Info
from graphql_api.errors import BadUserInputError
from graphql_api.loaders.reasons import PageReasons
from graphql_api.paging import Part, page_of
from graphql_api.snapshots import Snapshot
from graphql_api.types.book import Book
from graphql_api.types.recommendation import (
    Artifact,
    Recommendation,
    RecommendationConnection,
    ServedFrom,
)
from graphql_api.types.requests import BookFilterInput, RerankInput
from recs_core.errors import ParameterError
from recs_core.serving.answer import Answer, Rules
from recs_core.serving.recommender import ServingRecommender

BOOK_IDS = strawberry.argument(
    description="Books that are liked, for example those of a cart; one that is not served is named in "
    "`unknownBookIds` and changes nothing."
)
WEIGHTS = strawberry.argument(
    description="How much each of `bookIds` counts, in their order; a negative weight is a dislike. "
    "Null: each counts 1."
)
DISLIKES = strawberry.argument(
    description="Books that are disliked: they are not listed, and what is like them stands lower."
)


def rules_of(
    recommender: ServingRecommender,
    strategy: str | None,
    filter: BookFilterInput | None,
    rerank: RerankInput | None,
) -> Rules:
    """What the arguments ask of a list.

    Raises:
        BadUserInputError: there is no such strategy, or a filter or a rule cannot be used.
    """
    wanted = filter if filter is not None else BookFilterInput()
    try:
        by = recommender.strategies.named(strategy)
    except ParameterError as error:
        raise BadUserInputError(str(error)) from None
    return Rules(
        filters=wanted.as_filter(),
        exclude=tuple(wanted.exclude_book_ids),
        rerank=None if rerank is None else rerank.over(by.config.rerank),
    )


def artifact_of(snapshot: Snapshot, strategy: str | None) -> Artifact:
    """What makes a list."""
    recommender = snapshot.recommender
    return Artifact(
        version=strawberry.ID(snapshot.version),
        model=recommender.bundle.meta.model_name,
        strategy=recommender.strategies.named(strategy).name,
    )


async def recommendations(
    info: Info,
    user_id: Annotated[strawberry.ID, USER_ID],
    strategy: Annotated[str | None, STRATEGY] = None,
    first: Annotated[int, FIRST] = 10,
    after: Annotated[str | None, AFTER] = None,
    filter: Annotated[BookFilterInput | None, FILTER] = None,
    rerank: Annotated[RerankInput | None, RERANK] = None,
) -> RecommendationConnection:
    """The best unread books for a reader; what is popular for one without a history."""
    return await for_reader(info.context, user_id, strategy, first, after, filter, rerank)


async def for_reader(
    context: Context,
    user_id: str,
    strategy: str | None,
    first: int,
    after: str | None = None,
    filter: BookFilterInput | None = None,
    rerank: RerankInput | None = None,
) -> RecommendationConnection:
    """A page of a reader's list."""
    check_id(user_id, "userId")
    recent = await context.server.fresh.taste(user_id)

    def answer(recommender: ServingRecommender, k: int) -> Answer:
        rules = rules_of(recommender, strategy, filter, rerank)
        return recommender.recommend(user_id, k=k, recent=recent, rules=rules, strategy=strategy)

    arguments: dict[str, object] = {
        "userId": user_id,
        "strategy": strategy,
        "filter": asdict(filter) if filter else None,
        "rerank": asdict(rerank) if rerank else None,
    }
    return await _listed(context, "recommendations", arguments, strategy, first, after, answer)


async def personalized(
    info: Info,
    book_ids: Annotated[list[strawberry.ID], BOOK_IDS],
    weights: Annotated[list[float] | None, WEIGHTS] = None,
    dislikes: Annotated[list[strawberry.ID] | None, DISLIKES] = None,
    strategy: Annotated[str | None, STRATEGY] = None,
    first: Annotated[int, FIRST] = 10,
    after: Annotated[str | None, AFTER] = None,
    filter: Annotated[BookFilterInput | None, FILTER] = None,
    rerank: Annotated[RerankInput | None, RERANK] = None,
) -> RecommendationConnection:
    """The best other books for a session of which nothing but books is known."""
    check_ids(book_ids, "bookIds")
    check_ids(dislikes or [], "dislikes")

    def answer(recommender: ServingRecommender, k: int) -> Answer:
        return recommender.personalized(
            book_ids,
            k=k,
            weights=weights,
            dislikes=dislikes or (),
            rules=rules_of(recommender, strategy, filter, rerank),
            strategy=strategy,
        )

    arguments: dict[str, object] = {
        "bookIds": book_ids,
        "weights": weights,
        "dislikes": dislikes,
        "strategy": strategy,
        "filter": asdict(filter) if filter else None,
        "rerank": asdict(rerank) if rerank else None,
    }
    return await _listed(info.context, "personalized", arguments, strategy, first, after, answer)


async def _listed(
    context: Context,
    field: str,
    arguments: dict[str, object],
    strategy: str | None,
    first: int,
    after: str | None,
    make: Callable[[ServingRecommender, int], Answer],
) -> RecommendationConnection:
    """A page of the list that `make` ranks."""
    unknown: tuple[str, ...] = ()

    async def fetch(snapshot: Snapshot, offset: int, n: int) -> Part[Recommendation]:
        nonlocal unknown
        try:
            # a list of k begins like every longer one, so a page is the end of a list that reaches as far
            answer = await context.compute(make, snapshot.recommender, max(1, offset + n))
        except ParameterError as error:
            raise BadUserInputError(str(error)) from None
        unknown = answer.unknown_ids
        page = answer.ranked[offset : offset + n]
        explanations = PageReasons(context, snapshot, answer, [ranked.book_row for ranked in page])
        artifact = artifact_of(snapshot, strategy)
        served_from = ServedFrom[answer.served_from.name]
        nodes = [
            Recommendation(
                rank=ranked.rank,
                score=ranked.score,
                served_from=served_from,
                artifact=artifact,
                book=Book.at(context, snapshot, ranked.book_row),
                explanations=explanations,
            )
            for ranked in page
        ]
        # of a ready list the total takes more than the list, and few ask
        return Part(nodes, lambda: answer.total > offset + n, lambda: answer.total)

    page = await page_of(context, field, arguments, first, after, fetch)
    return RecommendationConnection(
        page=page, unknown_book_ids=[strawberry.ID(book_id) for book_id in unknown]
    )
