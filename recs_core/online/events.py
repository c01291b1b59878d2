"""What happens in the store, as versioned events in JSON.

An event is checked where it is sent and where it is handled: unknown keys, missing ones and values out of range are
errors that name the field, the rule and the value. `python -m pipelines.worker schemas` writes the JSON Schemas of
`config/events/` from these classes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar, Final, Literal, TypeAlias, get_args

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from recs_core.data.pseudonyms import Pseudonyms
from recs_core.errors import DataError, describe

ALLOWED_AHEAD: Final = timedelta(minutes=5)
"""How far the clock of who sends an event may be ahead of ours: it would win over all later ones for so long."""

MAX_VERSION: Final = 2**53 - 1
"""Redis scripts compare versions as doubles."""


class InvalidEventError(DataError):
    """An event breaks its schema."""


def _whole_milliseconds(time: datetime) -> datetime:
    return time.replace(microsecond=time.microsecond // 1_000 * 1_000)


EventId: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z0-9._:-]{1,64}$")]
ExternalId: TypeAlias = Annotated[str, Field(min_length=1, max_length=256)]
Version: TypeAlias = Annotated[int, Field(ge=1, le=MAX_VERSION)]
Price: TypeAlias = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Stock: TypeAlias = Annotated[int, Field(ge=0)]
Time: TypeAlias = Annotated[AwareDatetime, AfterValidator(_whole_milliseconds)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Event(_Strict):
    """What every event has.

    Args:
        schema_version: of this event type.
        event_id: chosen by who sends it; an event that comes again under its id changes nothing.
        book_id: the book's id in the store.
        time: when it happened, with a zone; counted in milliseconds.
    """

    schema_version: Literal[1]
    event_id: EventId
    book_id: ExternalId
    time: Time

    @property
    def time_ms(self) -> int:
        """Milliseconds since 1970."""
        return round(self.time.timestamp() * 1_000)


class _Interaction(_Event):
    stream: ClassVar[str] = "interactions"
    user_id: ExternalId


class View(_Interaction):
    """A reader saw the page of a book."""

    type: Literal["view"]


class Click(_Interaction):
    """A reader clicked on a book in a list."""

    type: Literal["click"]


class AddToCart(_Interaction):
    """A reader put a book into the cart."""

    type: Literal["add_to_cart"]


class Purchase(_Interaction):
    """A reader bought a book."""

    type: Literal["purchase"]


class Rating(_Interaction):
    """A reader rated a book, on the store's scale."""

    type: Literal["rating"]
    value: Annotated[float, Field(gt=0, le=10)]


class Dislike(_Interaction):
    """A reader does not want a book."""

    type: Literal["dislike"]


class _InventoryEvent(_Event):
    """A change of a book; of two that write one field, the one with the higher version counts.

    Args:
        version: grows with every change of the book in the store.
    """

    stream: ClassVar[str] = "inventory"
    version: Version


class ChangedFields(_Strict):
    """Fields of a book that get a new value; one that is absent stays as it is, null makes it unknown."""

    title: Annotated[str, Field(min_length=1)] = ""
    authors: list[str] = []
    year: Annotated[int, Field(ge=-32768, le=32767)] | None = None
    publisher: str | None = None
    language: str | None = None
    genres: list[str] = []
    description: str | None = None
    cover_url: str | None = None

    @model_validator(mode="after")
    def _something_changes(self) -> ChangedFields:
        if not self.model_fields_set:
            raise ValueError("at least one field must be given")
        return self


class NewFields(ChangedFields):
    """The fields of a book that is new."""

    title: Annotated[str, Field(min_length=1)]
    price: Price | None = None
    stock: Stock | None = None


class BookAdded(_InventoryEvent):
    """A book is new, or sold again after it was withdrawn."""

    type: Literal["book_added"]
    fields: NewFields

    def writes(self) -> dict[str, Any]:
        """All fields, and that the book is sold."""
        return {**self.fields.model_dump(mode="json"), "withdrawn": False}


class BookChanged(_InventoryEvent):
    """What is known of a book has changed."""

    type: Literal["book_changed"]
    fields: ChangedFields

    def writes(self) -> dict[str, Any]:
        """The fields that were given."""
        return self.fields.model_dump(mode="json", exclude_unset=True)


class BookWithdrawn(_InventoryEvent):
    """A book is sold no more."""

    type: Literal["book_withdrawn"]

    def writes(self) -> dict[str, Any]:
        """That the book is withdrawn."""
        return {"withdrawn": True}


class PriceChanged(_InventoryEvent):
    """A book has a new price, in the catalogue's currency; null: unknown."""

    type: Literal["price_changed"]
    price: Price | None

    def writes(self) -> dict[str, Any]:
        """The price."""
        return {"price": self.price}


class StockChanged(_InventoryEvent):
    """So many copies of a book are in stock."""

    type: Literal["stock_changed"]
    stock: Stock

    def writes(self) -> dict[str, Any]:
        """The stock."""
        return {"stock": self.stock}


Interaction: TypeAlias = View | Click | AddToCart | Purchase | Rating | Dislike
InventoryEvent: TypeAlias = BookAdded | BookChanged | BookWithdrawn | PriceChanged | StockChanged
Event: TypeAlias = Interaction | InventoryEvent

EVENT_TYPES: Final[Mapping[str, type[Event]]] = {
    get_args(event_type.model_fields["type"].annotation)[0]: event_type
    for event_type in get_args(Interaction) + get_args(InventoryEvent)
}
"""Every event by its `type`."""

STREAMS: Final[Mapping[str, TypeAdapter[Any]]] = {
    "interactions": TypeAdapter(Annotated[Interaction, Field(discriminator="type")]),
    "inventory": TypeAdapter(Annotated[InventoryEvent, Field(discriminator="type")]),
}
"""What each stream carries."""


def encode(event: Event) -> bytes:
    """An event as it lies in its stream."""
    return event.model_dump_json(exclude_unset=True).encode()


def decode(stream: str, payload: bytes | str) -> Event:
    """Read and check an event.

    Args:
        stream: one of `STREAMS`.
        payload: JSON.

    Raises:
        InvalidEventError: it is no JSON, or breaks the schema; field, rule and value are named.
    """
    try:
        event: Event = STREAMS[stream].validate_json(payload)
    except ValidationError as error:
        raise InvalidEventError(describe(error, where=stream)) from error
    return event


def under_pseudonym(event: Event, pseudonyms: Pseudonyms | None) -> Event:
    """An event whose reader is named as servers and bundles name them.

    Args:
        pseudonyms: None where readers' ids are used as they are.
    """
    if pseudonyms is None or not isinstance(event, Interaction):
        return event
    return event.model_copy(update={"user_id": pseudonyms.settle(event.user_id)})


def refuse_future(event: Event, now: datetime) -> None:
    """Refuse an event that has not happened yet.

    Raises:
        InvalidEventError: it is more than `ALLOWED_AHEAD` ahead.
    """
    if event.time > now + ALLOWED_AHEAD:
        raise InvalidEventError(
            f"{event.stream}.{event.type}.time: must not be more than {ALLOWED_AHEAD.seconds} s ahead of "
            f"{now.isoformat()} (got {event.time.isoformat()}); check the sender's clock"
        )


def json_schemas() -> dict[str, str]:
    """File name to the text of the JSON Schema, one a stream."""
    texts = {}
    for stream, adapter in STREAMS.items():
        schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": stream}
        schema |= adapter.json_schema()
        texts[f"{stream}.schema.json"] = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
    return texts
