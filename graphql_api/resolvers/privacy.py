"""Erasure and export of readers."""

from __future__ import annotations

from typing import Annotated

import strawberry

from graphql_api.arguments import USER_ID, check_id
from graphql_api.context import Info
from graphql_api.privacy.errors import PrivacyUnavailableError
from graphql_api.privacy.office import PrivacyOffice
from graphql_api.types.privacy import ErasedUser, ExportPage
from recs_core.data.erased import ENVIRONMENT_VARIABLE

PAGE_AFTER = strawberry.argument(description="What the page before said in `after`; null for the first page.")


async def erase_user(info: Info, user_id: Annotated[strawberry.ID, USER_ID]) -> ErasedUser:
    """Erase a reader."""
    check_id(user_id, "userId")
    context = info.context
    connection = context.server.fresh.connection
    redis = None if connection is None else connection.redis
    erasing = _office(info).erasing
    return ErasedUser.of(await erasing.erase(user_id, redis, context.server.snapshots, context.request_id))


async def export_user(
    info: Info,
    user_id: Annotated[strawberry.ID, USER_ID],
    after: Annotated[str | None, PAGE_AFTER] = None,
) -> ExportPage:
    """Export a reader."""
    check_id(user_id, "userId")
    exporting = _office(info).exporting
    page = await exporting.page(user_id, after, info.context.server.fresh, info.context.snapshot)
    return ExportPage(document=page.document, after=page.after)


def _office(info: Info) -> PrivacyOffice:
    office = info.context.server.office
    if office is None:
        raise PrivacyUnavailableError(
            f"nothing was done: readers are erased and exported by servers with {ENVIRONMENT_VARIABLE} alone"
        )
    return office
