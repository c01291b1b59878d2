"""The GraphQL schema: everything a client may ask."""

from __future__ import annotations

import strawberry
from graphql import GraphQLError
from strawberry.extensions import DisableIntrospection, MaxTokensLimiter
from strawberry.types import ExecutionContext

from graphql_api.context import Context
from graphql_api.errors import log_unexpected
from graphql_api.limits.cost_limit import CostLimiter, Pricer
from graphql_api.limits.directives import Cost, ListSize
from graphql_api.limits.document import DocumentLimiter
from graphql_api.limits.operation_name import OperationNameRequired
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
        directives=[Cost(weight="10"), ListSize(slicing_arguments=["first"])],
    )
    similar_books: list[SimilarBook] = strawberry.field(
        resolver=ranked.similar_books,
        description="The books most like a book, most alike first.",
        directives=[Cost(weight="5"), ListSize(slicing_arguments=["first"])],
    )
    book: Book = strawberry.field(resolver=lookups.book, description="One book of the catalogue.")
    user: User = strawberry.field(
        resolver=lookups.user, description="One reader; `known` says whether the bundle knows them."
    )
    readers: list[strawberry.ID] = strawberry.field(
        resolver=lookups.readers,
        description="Some readers with a history of middling length, to try the API with.",
        directives=[ListSize(slicing_arguments=["first"])],
    )
    metrics: list[Metric] = strawberry.field(
        resolver=lookups.metrics,
        description="How the models measured on held-out interactions, all metrics or those that are named.",
        directives=[ListSize(assumed_size=1_000)],
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
    limits = settings.api
    pricer = Pricer(max_cost=limits.max_cost, max_list=max(limits.max_first, limits.max_ids))
    return Schema(
        query=Query,
        extensions=[
            lambda: MaxTokensLimiter(max_token_count=limits.max_tokens),
            OperationNameRequired,
            lambda: DocumentLimiter(limits),
            *([] if limits.introspection else [DisableIntrospection]),
            # it validates, so it comes last
            lambda: CostLimiter(pricer),
        ],
    )
