"""The GraphQL schema: everything a client may ask."""

from __future__ import annotations

import strawberry
from graphql import GraphQLError
from strawberry.extensions import MaxAliasesLimiter, MaxTokensLimiter, QueryDepthLimiter
from strawberry.types import ExecutionContext

from graphql_api.context import Context
from graphql_api.errors import log_unexpected
from graphql_api.limits.operation_name import OperationNameRequired
from graphql_api.limits.selections import MaxSelectionsLimiter
from graphql_api.resolvers import lookups
from graphql_api.resolvers import recommendations as ranked
from graphql_api.settings import Settings
from graphql_api.types.book import Book
from graphql_api.types.bundle import Bundle, Metric
from graphql_api.types.recommendation import Recommendation, SimilarBook
from graphql_api.types.user import User


@strawberry.type(description="Everything that can be asked.")
class Query:
    """Everything that can be asked."""

    recommendations: list[Recommendation] = strawberry.field(
        resolver=ranked.recommendations,
        description="The best books for a reader that the reader does not know yet, best first. A reader "
        "without a history gets what is popular, and `servedFrom` says so.",
    )
    similar_books: list[SimilarBook] = strawberry.field(
        resolver=ranked.similar_books, description="The books most like a book, most alike first."
    )
    book: Book = strawberry.field(resolver=lookups.book, description="One book of the catalogue.")
    user: User = strawberry.field(
        resolver=lookups.user, description="One reader; `known` says whether the bundle knows them."
    )
    readers: list[strawberry.ID] = strawberry.field(
        resolver=lookups.readers,
        description="Some readers with a history of middling length, to try the API with.",
    )
    metrics: list[Metric] = strawberry.field(
        resolver=lookups.metrics,
        description="How the models measured on held-out interactions, all metrics or those that are named.",
    )
    bundle: Bundle = strawberry.field(resolver=lookups.bundle, description="What is served.")


class Schema(strawberry.Schema):
    """A schema that logs what the client is not told, under the request's id."""

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Strawberry's hook for errors, called before they are presented."""
        context = execution_context.context if execution_context else None
        log_unexpected(errors, context.request_id if isinstance(context, Context) else "-")


def build_schema(settings: Settings) -> Schema:
    """The schema with the limits of `settings`."""
    return Schema(
        query=Query,
        extensions=[
            lambda: MaxTokensLimiter(max_token_count=settings.api.max_tokens),
            OperationNameRequired,
            # before the limits that walk the fragments
            lambda: MaxSelectionsLimiter(settings.api.max_selections),
            lambda: QueryDepthLimiter(max_depth=settings.api.max_depth),
            lambda: MaxAliasesLimiter(max_alias_count=settings.api.max_aliases),
        ],
    )
