"""The services that are read, and what their rows say: an event, or that an account is closed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from pipelines.worker.upstream.wire import AccountRow, BookRow, PurchaseRow, RowError, WithdrawnRow, read_row
from recs_core.online.events import (
    ALLOWED_AHEAD,
    BookAdded,
    BookWithdrawn,
    Event,
    NewFields,
    Purchase,
    refuse_future,
)

ID_DIGITS: Final = 40
"""Of the digest in an event's id."""


@dataclass(frozen=True)
class Closed:
    """An account is closed, and its reader to be erased.

    Args:
        user_id: whose it was.
        time: when.
    """

    user_id: str
    time: datetime


@dataclass(frozen=True)
class Service:
    """A service of the store.

    Args:
        name: what settings, commands and keys call it.
        path: of its list, after the URL in the settings.
        personal: whether its rows are about people, so that none is kept anywhere.
        read: makes of a row what it says; None of a row that says nothing to us.
    """

    name: str
    path: str
    personal: bool
    read: Callable[[Any], Event | Closed | None]


def said_by(service: Service, row: Any, now: datetime) -> Event | Closed | None:
    """What a row says.

    Raises:
        DataError: the row is not as agreed, or of a time to come.
    """
    said = service.read(row)
    if isinstance(said, Closed):
        if said.time > now + ALLOWED_AHEAD:
            raise RowError(f"updated_at: must not be more than {ALLOWED_AHEAD.seconds} s ahead")
    elif said is not None:
        refuse_future(said, now)
    return said


def _book(row: Any) -> Event:
    if isinstance(row, dict) and row.get("withdrawn") is True:
        gone = read_row(WithdrawnRow, row)
        return BookWithdrawn(
            type="book_withdrawn",
            schema_version=1,
            event_id=_event_id("inventory", gone.id, gone.version),
            book_id=gone.id,
            version=gone.version,
            time=gone.updated_at,
        )
    book = read_row(BookRow, row)
    return BookAdded(
        type="book_added",
        schema_version=1,
        event_id=_event_id("inventory", book.id, book.version),
        book_id=book.id,
        version=book.version,
        time=book.updated_at,
        fields=NewFields(**book.model_dump(include=set(NewFields.model_fields), exclude_unset=True)),
    )


def _purchase(row: Any) -> Event:
    bought = read_row(PurchaseRow, row)
    return Purchase(
        type="purchase",
        schema_version=1,
        event_id=_event_id("checkout", bought.id, 1),
        user_id=bought.user_id,
        book_id=bought.book_id,
        time=bought.bought_at,
    )


def _account(row: Any) -> Closed | None:
    account = read_row(AccountRow, row)
    return Closed(account.id, account.updated_at) if account.closed else None


def _event_id(service: str, row_id: str, version: int) -> str:
    """The same for the same row, however often it is read."""
    digest = sha256(json.dumps([service, row_id, version]).encode()).hexdigest()
    return f"{service}:{digest[:ID_DIGITS]}"


SERVICES: Final[Mapping[str, Service]] = {
    service.name: service
    for service in (
        Service("inventory", "books", personal=False, read=_book),
        Service("checkout", "purchases", personal=True, read=_purchase),
        Service("users", "users", personal=True, read=_account),
    )
}
"""Every service by its name."""
