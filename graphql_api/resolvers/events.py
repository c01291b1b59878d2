"""Events from the store."""

from __future__ import annotations

from typing import Annotated

import strawberry
from pydantic import ValidationError

from graphql_api.arguments import check_id
from graphql_api.context import Info
from graphql_api.errors import BadUserInputError
from graphql_api.types.events import InteractionInput, RecordedEvents
from recs_core.errors import describe
from recs_core.online.events import Interaction, InvalidEventError

EVENTS = strawberry.argument(
    description="What readers did, in any order, 1 up to the server's limit of lists; all are taken or none."
)


async def record_events(info: Info, events: Annotated[list[InteractionInput], EVENTS]) -> RecordedEvents:
    """Take events in."""
    if not events:
        raise BadUserInputError("events must not be empty")
    checked = [_checked(place, each) for place, each in enumerate(events)]
    server = info.context.server
    try:
        in_time = (
            checked
            if server.office is None
            else await server.office.erasing.without_late(checked, server.fresh)
        )
        if in_time:
            await server.fresh.record(in_time)
    except InvalidEventError as error:
        raise BadUserInputError(str(error)) from error
    return RecordedEvents(accepted=len(checked))


def _checked(place: int, given: InteractionInput) -> Interaction:
    check_id(given.user_id, f"events[{place}].userId")
    check_id(given.book_id, f"events[{place}].bookId")
    try:
        return given.as_event()
    except ValidationError as error:
        raise BadUserInputError(describe(error, where=f"events[{place}]")) from error
