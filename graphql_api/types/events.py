"""What readers did, as the store tells it."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum

import strawberry

from recs_core.online.events import STREAMS, Interaction


@strawberry.enum(description="What a reader did.")
class InteractionType(Enum):
    """What a reader did."""

    VIEW = strawberry.enum_value("view", description="Saw the page of a book.")
    CLICK = strawberry.enum_value("click", description="Clicked on a book in a list.")
    ADD_TO_CART = strawberry.enum_value("add_to_cart", description="Put a book into the cart.")
    PURCHASE = strawberry.enum_value("purchase", description="Bought a book.")
    RATING = strawberry.enum_value("rating", description="Rated a book; `rating` says how.")
    DISLIKE = strawberry.enum_value("dislike", description="Does not want a book.")


@strawberry.input(description="Something that a reader did with a book.")
class InteractionInput:
    """Something that a reader did with a book."""

    event_id: strawberry.ID = strawberry.field(
        description="Chosen by who sends it, up to 64 of A-Z a-z 0-9 . _ : -; an event that comes again under its id "
        "changes nothing."
    )
    type: InteractionType = strawberry.field(description="What the reader did.")
    user_id: strawberry.ID = strawberry.field(description="The reader's id in the store.")
    book_id: strawberry.ID = strawberry.field(description="The book's id in the store.")
    time: datetime | None = strawberry.field(
        default=None, description="When it happened, with a zone; null: now."
    )
    rating: float | None = strawberry.field(
        default=None, description="Of a RATING alone: above 0, up to 10, on the store's scale."
    )

    def as_event(self) -> Interaction:
        """The library's event.

        Raises:
            ValidationError: a value breaks the event's schema.
        """
        given = {
            "schema_version": 1,
            "type": self.type.value,
            "event_id": str(self.event_id),
            "user_id": str(self.user_id),
            "book_id": str(self.book_id),
            "time": self.time or datetime.now(UTC),
        }
        if self.rating is not None:
            given["value"] = self.rating
        event: Interaction = STREAMS["interactions"].validate_python(given)
        return event


@strawberry.type(description="Events that were taken.")
class RecordedEvents:
    """Events that were taken."""

    accepted: int = strawberry.field(
        description="How many were taken; each has its effect soon, and those that came before have had it."
    )
