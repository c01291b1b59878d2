"""What the services send, as docs/upstream.md says. Other keys are passed over: services may add some."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipelines.worker.upstream.errors import ContractError
from recs_core.errors import DataError
from recs_core.online.events import ExternalId, NewFields, Time, Version

_M = TypeVar("_M", bound=BaseModel)

_TOLERANT = ConfigDict(extra="ignore", frozen=True, strict=True)


class RowError(DataError):
    """A row is not as agreed; field and rule are named, and no value, which may be personal."""


class Page(BaseModel):
    """A page of rows.

    Args:
        items: the rows, each checked for itself.
        next_cursor: to ask for the next page with; None on the last.
        position: on the first page, from where to ask the next time.
    """

    model_config = _TOLERANT

    items: list[Any]
    next_cursor: Annotated[str, Field(min_length=1, max_length=2_048)] | None
    position: Annotated[str, Field(min_length=1, max_length=2_048)]


class BookRow(NewFields):
    """A book as the inventory has it now: what is absent is unknown.

    Args:
        id: the book's.
        version: grows with every change of the book.
        updated_at: when it last changed.
        withdrawn: false, or absent.
    """

    model_config = _TOLERANT

    id: ExternalId
    version: Version
    updated_at: Time
    withdrawn: Literal[False] = False


class WithdrawnRow(BaseModel):
    """A book that is sold no more."""

    model_config = _TOLERANT

    id: ExternalId
    version: Version
    updated_at: Time
    withdrawn: Literal[True]


class PurchaseRow(BaseModel):
    """A reader bought a book. It never changes.

    Args:
        id: of the line in the order.
        user_id: who bought it.
        book_id: what was bought.
        bought_at: when.
    """

    model_config = _TOLERANT

    id: ExternalId
    user_id: ExternalId
    book_id: ExternalId
    bought_at: Time


class AccountRow(BaseModel):
    """A reader's account; nothing else is read of it.

    Args:
        id: the reader's.
        updated_at: when it last changed.
        closed: whether it is no more.
    """

    model_config = _TOLERANT

    id: ExternalId
    updated_at: Time
    closed: bool


def read_page(body: bytes) -> Page:
    """Read a page; its rows are not looked at.

    Raises:
        ContractError: it is no JSON, or no page.
    """
    try:
        return Page.model_validate_json(body)
    except ValidationError as error:
        raise ContractError(f"its answer is no page: {_rules(error)}") from None


def read_row(model: type[_M], row: Any) -> _M:
    """Read a row of a page.

    Raises:
        RowError: it is not as agreed.
    """
    try:
        # strict, and yet a time is text: so it is in JSON alone
        return model.model_validate_json(json.dumps(row))
    except ValidationError as error:
        raise RowError(_rules(error)) from None


def _rules(error: ValidationError) -> str:
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(
        f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}".removeprefix(": ") for fault in faults
    )
