"""Made-up events of a store, all of them valid and no two the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np

from recs_core.online.events import (
    BookWithdrawn,
    Interaction,
    InventoryEvent,
    PriceChanged,
    Purchase,
    Rating,
    StockChanged,
    View,
)

START = datetime(2026, 1, 1, tzinfo=UTC)


def after(ms: int) -> datetime:
    """A time so many milliseconds after `START`."""
    return START + timedelta(milliseconds=ms)


def view(event_id: str, *, user_id: str = "u", book_id: str = "b", ms: int = 0) -> View:
    """A view."""
    return View(
        type="view", schema_version=1, event_id=event_id, user_id=user_id, book_id=book_id, time=after(ms)
    )


def purchase(event_id: str, *, user_id: str = "u", book_id: str = "b", ms: int = 0) -> Purchase:
    """A purchase."""
    return Purchase(
        type="purchase", schema_version=1, event_id=event_id, user_id=user_id, book_id=book_id, time=after(ms)
    )


def rating(event_id: str, value: float, *, user_id: str = "u", book_id: str = "b", ms: int = 0) -> Rating:
    """A rating."""
    return Rating(
        type="rating",
        schema_version=1,
        event_id=event_id,
        user_id=user_id,
        book_id=book_id,
        time=after(ms),
        value=value,
    )


def price(event_id: str, version: int, value: float | None, *, book_id: str = "b") -> PriceChanged:
    """A new price."""
    return PriceChanged(
        type="price_changed",
        schema_version=1,
        event_id=event_id,
        book_id=book_id,
        version=version,
        time=START,
        price=value,
    )


def stock(event_id: str, version: int, copies: int, *, book_id: str = "b") -> StockChanged:
    """A new stock."""
    return StockChanged(
        type="stock_changed",
        schema_version=1,
        event_id=event_id,
        book_id=book_id,
        version=version,
        time=START,
        stock=copies,
    )


def withdrawal(event_id: str, version: int, *, book_id: str = "b") -> BookWithdrawn:
    """A withdrawal."""
    return BookWithdrawn(
        type="book_withdrawn",
        schema_version=1,
        event_id=event_id,
        book_id=book_id,
        version=version,
        time=START,
    )


def interactions(rng: np.random.Generator, n: int, *, n_users: int, n_books: int) -> Iterator[Interaction]:
    """Views, purchases and ratings, a millisecond apart."""
    users = rng.integers(n_users, size=n).tolist()
    books = rng.integers(n_books, size=n).tolist()
    kinds = rng.random(n).tolist()
    for number, (user, book, kind) in enumerate(zip(users, books, kinds, strict=True)):
        event_id, user_id, book_id = f"e{number}", f"u{user}", f"b{book}"
        if kind < 0.7:
            yield view(event_id, user_id=user_id, book_id=book_id, ms=number)
        elif kind < 0.9:
            yield purchase(event_id, user_id=user_id, book_id=book_id, ms=number)
        else:
            yield rating(event_id, 1.0 + number % 10, user_id=user_id, book_id=book_id, ms=number)


def inventory_changes(rng: np.random.Generator, n: int, *, n_books: int) -> Iterator[InventoryEvent]:
    """Prices, stocks and withdrawals of books, each version once."""
    books = rng.integers(n_books, size=n).tolist()
    kinds = rng.random(n).tolist()
    for number, (book, kind) in enumerate(zip(books, kinds, strict=True)):
        event_id, version, book_id = f"i{number}", number + 1, f"b{book}"
        if kind < 0.45:
            yield price(event_id, version, round(number / 100, 2), book_id=book_id)
        elif kind < 0.95:
            yield stock(event_id, version, number % 5, book_id=book_id)
        else:
            yield withdrawal(event_id, version, book_id=book_id)
