"""The GraphQL schema: everything a client may ask."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime

import strawberry
from graphql import GraphQLError
from strawberry.extensions import DisableIntrospection, MaxTokensLimiter
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.types.base_scalars import DateTimeDefinition
from strawberry.types import ExecutionContext

from graphql_api.auth.requires_scopes import requires
from graphql_api.auth.scopes import Scope
from graphql_api.cache.control import DAY, HOUR, MINUTE, private, public
from graphql_api.context import Context
from graphql_api.errors import log_unexpected
from graphql_api.limits.checks import Checks
from graphql_api.limits.cost_limit import CostLimiter, Pricer
from graphql_api.limits.directives import PAGED, Cost, ListSize
from graphql_api.limits.document import DocumentLimiter
from graphql_api.limits.known import KnownDocument, KnownDocuments
from graphql_api.limits.operation_name import OperationNameRequired
from graphql_api.resolvers import (
    discovery,
    events,
    explanations,
    jobs,
    lookups,
    privacy,
    subscriptions,
    workbench,
)
from graphql_api.resolvers import recommendations as ranked
from graphql_api.settings import Settings
from graphql_api.types.book import Book, BookConnection
from graphql_api.types.bundle import Bundle, Experiment, Metric, Model, Strategy
from graphql_api.types.events import RecordedEvents
from graphql_api.types.explanation import Explanation
from graphql_api.types.job import Job
from graphql_api.types.node import Node
from graphql_api.types.privacy import ErasedUser, ExportPage
from graphql_api.types.recommendation import (
    AlsoReadConnection,
    RecommendationConnection,
    SearchConnection,
    SimilarBookConnection,
    TrendingConnection,
)
from graphql_api.types.subscription import BundlePublished
from graphql_api.types.user import User

CATALOGUE = requires(Scope.CATALOGUE_READ)
RECOMMENDED = requires(Scope.RECOMMENDATIONS_READ, owner="userId")
SESSION = requires(Scope.CATALOGUE_READ, Scope.RECOMMENDATIONS_READ)
METRICS = requires(Scope.METRICS_READ)
PRIVACY = requires(Scope.PRIVACY_ADMIN, owner="userId")
ADMIN = requires(Scope.MODELS_ADMIN)
SERVED = requires(Scope.CATALOGUE_READ, Scope.METRICS_READ)


DATE_TIME = replace(
    DateTimeDefinition,
    description="A time in ISO 8601, such as 2026-11-24T18:00:00Z; without a zone it is refused.",
)


@strawberry.type(description="Everything that can be asked.")
class Query:
    """Everything that can be asked."""

    recommendations: RecommendationConnection = strawberry.field(
        resolver=ranked.recommendations,
        description="The best books for a reader that the reader does not know yet, best first. A reader "
        "without a history gets what is popular, and `servedFrom` says so.",
        directives=[RECOMMENDED, private(HOUR), Cost(weight="10"), PAGED],
    )
    personalized: RecommendationConnection = strawberry.field(
        resolver=ranked.personalized,
        description="The best other books for somebody of whom nothing but some books is known: an anonymous reader, "
        "a cart.",
        directives=[SESSION, public(HOUR), Cost(weight="10"), PAGED],
    )
    similar_books: SimilarBookConnection = strawberry.field(
        resolver=discovery.similar_books,
        description="The books most like a book, most alike first.",
        directives=[CATALOGUE, public(HOUR), Cost(weight="5"), PAGED],
    )
    also_read: AlsoReadConnection = strawberry.field(
        resolver=discovery.also_read,
        description="Books that readers of a book read too, most telling first.",
        directives=[CATALOGUE, public(HOUR), Cost(weight="5"), PAGED],
    )
    trending: TrendingConnection = strawberry.field(
        resolver=discovery.trending,
        description="What most readers read of late, most read first.",
        directives=[CATALOGUE, public(HOUR), Cost(weight="2"), PAGED],
    )
    new_arrivals: BookConnection = strawberry.field(
        resolver=discovery.new_arrivals,
        description="The books that were published last; of one year, those that are read most come first.",
        directives=[CATALOGUE, public(HOUR), Cost(weight="2"), PAGED],
    )
    search: SearchConnection = strawberry.field(
        resolver=discovery.search,
        description="The books whose title, author, series or genre fit a text, best first. The last word may be "
        "unfinished, and long words may be misspelt.",
        directives=[CATALOGUE, public(HOUR), Cost(weight="5"), PAGED],
    )
    explain: Explanation = strawberry.field(
        resolver=explanations.explain,
        description="Why a book is, or is not, in the list of a reader or a session.",
        directives=[RECOMMENDED, private(HOUR), Cost(weight="20")],
    )
    book: Book = strawberry.field(
        resolver=lookups.book, description="One book of the catalogue.", directives=[CATALOGUE, public(HOUR)]
    )
    books: list[Book | None] = strawberry.field(
        resolver=lookups.books,
        description="Books of the catalogue, in the order asked for.",
        directives=[CATALOGUE, public(HOUR), ListSize(slicing_arguments=["ids"])],
    )
    user: User = strawberry.field(
        resolver=lookups.user,
        description="One reader; `known` says whether the bundle knows them.",
        directives=[requires(Scope.RECOMMENDATIONS_READ, owner="id"), private(HOUR)],
    )
    node: Node | None = strawberry.field(
        resolver=lookups.node,
        description="An object by its global id; null where there is none.",
        directives=[CATALOGUE, requires(Scope.RECOMMENDATIONS_READ, owner="id"), private(HOUR)],
    )
    nodes: list[Node | None] = strawberry.field(
        resolver=lookups.nodes,
        description="Objects by their global ids, in the order asked for.",
        directives=[
            CATALOGUE,
            requires(Scope.RECOMMENDATIONS_READ, owner="ids"),
            private(HOUR),
            ListSize(slicing_arguments=["ids"]),
        ],
    )
    readers: list[strawberry.ID] = strawberry.field(
        resolver=lookups.readers,
        description="Some readers with a history of middling length, to try the API with.",
        directives=[
            requires(Scope.RECOMMENDATIONS_READ_ANY),
            public(HOUR),
            ListSize(slicing_arguments=["first"]),
        ],
    )
    metrics: list[Metric] = strawberry.field(
        resolver=workbench.metrics,
        description="How the models measured on held-out interactions, all metrics or those that are named.",
        directives=[METRICS, public(DAY), ListSize(assumed_size=3_000)],
    )
    models: list[Model] = strawberry.field(
        resolver=workbench.models,
        description="The models that were trained and compared.",
        directives=[METRICS, public(DAY), ListSize(assumed_size=20)],
    )
    bundle: Bundle = strawberry.field(
        resolver=workbench.bundle, description="What is served.", directives=[SERVED, public(MINUTE)]
    )
    strategies: list[Strategy] = strawberry.field(
        resolver=workbench.strategies,
        description="The ways to make a list.",
        directives=[SERVED, public(HOUR), ListSize(assumed_size=10)],
    )
    experiments: list[Experiment] = strawberry.field(
        resolver=workbench.experiments,
        description="The experiments that run; empty where none does.",
        directives=[SERVED, public(MINUTE), ListSize(assumed_size=10)],
    )
    export_user: ExportPage = strawberry.field(
        resolver=privacy.export_user,
        description="Everything that is held of a reader, a page at a time: ask on with `after` until it is null.",
        directives=[PRIVACY, Cost(weight="100")],
    )
    jobs: list[Job] = strawberry.field(
        resolver=jobs.jobs,
        description="What workers do, did and will do beside the server, the last asked for first.",
        directives=[ADMIN, Cost(weight="10"), ListSize(slicing_arguments=["first"])],
    )


@strawberry.type(description="What can be told to the server.")
class Mutation:
    """What can be told to the server."""

    record_events: RecordedEvents = strawberry.mutation(
        resolver=events.record_events,
        description="Take in what readers did: views, purchases, ratings and so on. An event counts once, by its id: "
        "what may not have arrived can be sent again.",
        directives=[requires(Scope.EVENTS_WRITE), Cost(weight="10")],
    )
    erase_user: ErasedUser = strawberry.mutation(
        resolver=privacy.erase_user,
        description="Erase a reader: unknown to every server from now on, removed from what servers and workers "
        "share, and trained without. Asked for again it goes on where it was interrupted.",
        directives=[PRIVACY, Cost(weight="100")],
    )
    ask_for_job: Job = strawberry.mutation(
        resolver=jobs.ask_for_job,
        description="Ask workers for a job; where one of its kind is not done yet, that is the one.",
        directives=[ADMIN, Cost(weight="10")],
    )
    cancel_job: Job = strawberry.mutation(
        resolver=jobs.cancel_job,
        description="Take a job out of its queue, or have its worker end it, which may take some seconds.",
        directives=[ADMIN, Cost(weight="10")],
    )


@strawberry.type(description="What a client can be told as it happens.")
class Subscription:
    """What a client can be told as it happens."""

    bundle_published: AsyncIterator[BundlePublished] = strawberry.subscription(
        resolver=subscriptions.bundle_published,
        description="Each bundle that is served from now on.",
        directives=[SERVED],
    )
    recommendations_changed: AsyncIterator[RecommendationConnection] = strawberry.subscription(
        resolver=subscriptions.recommendations_changed,
        description="The first page of a reader's list, each time that its books are other ones: of a new bundle, or "
        "after what the reader did, or where the store stops selling one of them or sells it again.",
        directives=[RECOMMENDED, Cost(weight="10"), PAGED],
    )


class Schema(strawberry.Schema):
    """A schema that logs what the client is not told, under the request's id."""

    checks: Checks | None = None
    """Of known documents, which may then be executed without Strawberry; None where documents have no limits."""

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
    known = KnownDocuments()
    schema = Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        # reached through interfaces alone
        types=[Book, User],
        config=StrawberryConfig(scalar_map={datetime: DATE_TIME}),
        extensions=[
            lambda: KnownDocument(known),
            lambda: MaxTokensLimiter(max_token_count=limits.max_tokens),
            OperationNameRequired,
            lambda: DocumentLimiter(limits, known),
            *([] if limits.introspection else [DisableIntrospection]),
            # it validates, so it comes last
            lambda: CostLimiter(pricer, known),
        ],
    )
    schema.checks = Checks(known, pricer, limits.max_ids)
    return schema
