"""What readers can have done with their data."""

from __future__ import annotations

from datetime import datetime
from typing import Self

import strawberry

from graphql_api.privacy.erasing import Erasure


@strawberry.type(
    description="What was removed of a reader, counted; 0 where nothing was there or it was removed before."
)
class RemovedData:
    """What was removed of a reader."""

    masked: int = strawberry.field(
        description="Books of the reader's history in the served bundle: no answer has them any more."
    )
    profile_keys: int = strawberry.field(description="Keys of the profile of recent events.")
    events: int = strawberry.field(description="Events in the stream, handled or not.")
    dead_letters: int = strawberry.field(description="Events that could not be handled.")
    kept_answers: int = strawberry.field(description="Kept answers and documents that servers share.")
    messages: int = strawberry.field(description="Messages between servers that named the reader.")


@strawberry.type(description="A reader who was erased.")
class ErasedUser:
    """A reader who was erased."""

    pseudonym: strawberry.ID = strawberry.field(
        description="What the reader is called in the receipt and in the audit log; only who has the key of "
        "pseudonyms can tell who it is."
    )
    at: datetime = strawberry.field(description="When; events of before that come later are passed over.")
    request_id: str = strawberry.field(description="The id of this request.")
    removed: RemovedData = strawberry.field(description="What was removed at once.")
    receipt: str = strawberry.field(
        description="All of it, signed with Ed25519 as a compact JWS: `python -m graphql_api.privacy verify`."
    )

    @classmethod
    def of(cls, done: Erasure) -> Self:
        """What was done."""
        removed = done.removed
        return cls(
            pseudonym=strawberry.ID(done.pseudonym),
            at=done.at,
            request_id=done.request_id,
            removed=RemovedData(
                masked=done.masked,
                profile_keys=removed.profiles,
                events=removed.events,
                dead_letters=removed.dead_letters,
                kept_answers=removed.kept,
                messages=removed.messages,
            ),
            receipt=done.receipt,
        )


@strawberry.type(description="A page of what is held of a reader.")
class ExportPage:
    """A page of what is held of a reader."""

    document: str = strawberry.field(
        description="JSON: on the first page `profile`, and `history` and `readyList` of the served `bundle`; then "
        "`events`, `deadLetters` and `eventTable`, 1,000 events a page at most. `eventTable` is null where the "
        "server has none on its machine."
    )
    after: str | None = strawberry.field(
        description="What to ask the next page with; null when everything was given."
    )
