"""Lists that are of no reader: by likeness, by what readers share, by what is read, by what is new, by words."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import strawberry

from graphql_api.arguments import (
    AFTER,
    BOOK_ID,
    FILTER,
    FIRST,
    GENRE,
    check_id,
    check_text,
)
from graphql_api.context import Info
from graphql_api.errors import BookNotFoundError
from graphql_api.paging import Part, page_of, part_of
from graphql_api.snapshots import Snapshot
from graphql_api.types.book import Book, BookConnection
from graphql_api.types.recommendation import (
    AlsoReadBook,
    AlsoReadConnection,
    SearchConnection,
    SearchHit,
    SimilarBook,
    SimilarBookConnection,
    TrendingBook,
    TrendingConnection,
    TrendWindow,
)
from graphql_api.types.requests import BookFilterInput
from recs_core.errors import UnknownIdError
from recs_core.serving.filters import EVERY_BOOK, BookFilter
from recs_core.serving.trending_lists import WINDOWS

TREND_WINDOWS = tuple(TrendWindow)
"""In the order of the library's `WINDOWS`."""

WINDOW = strawberry.argument(description="How far to look back; see `window` of the answer.")
TEXT = strawberry.argument(
    description="Words of title, author, series or genre, or an id; the last may be unfinished, and long ones may be "
    "misspelt."
)


async def similar_books(
    info: Info,
    book_id: Annotated[strawberry.ID, BOOK_ID],
    first: Annotated[int, FIRST] = 10,
    after: Annotated[str | None, AFTER] = None,
) -> SimilarBookConnection:
    """The books most like a book."""
    check_id(book_id, "bookId")

    async def fetch(snapshot: Snapshot, offset: int, n: int) -> Part[SimilarBook]:
        try:
            found = await info.context.compute(
                snapshot.recommender.discovery.similar, book_id, k=offset + n + 1
            )
        except UnknownIdError as error:
            raise BookNotFoundError(str(error)) from error
        return part_of(
            found,
            offset,
            n,
            lambda each: SimilarBook(
                rank=each.rank, score=each.score, book=Book.at(info.context, snapshot, each.book_row)
            ),
        )

    return SimilarBookConnection.of(
        await page_of(info.context, "similarBooks", {"bookId": book_id}, first, after, fetch)
    )


async def also_read(
    info: Info,
    book_id: Annotated[strawberry.ID, BOOK_ID],
    first: Annotated[int, FIRST] = 10,
    after: Annotated[str | None, AFTER] = None,
) -> AlsoReadConnection:
    """Books that readers of a book read too."""
    check_id(book_id, "bookId")

    async def fetch(snapshot: Snapshot, offset: int, n: int) -> Part[AlsoReadBook]:
        try:
            found = await info.context.compute(
                snapshot.recommender.discovery.also_read, book_id, k=offset + n + 1
            )
        except UnknownIdError as error:
            raise BookNotFoundError(str(error)) from error
        return part_of(
            found,
            offset,
            n,
            lambda each: AlsoReadBook(
                rank=each.rank,
                readers=each.readers,
                share=each.share,
                book=Book.at(info.context, snapshot, each.book_row),
            ),
        )

    return AlsoReadConnection.of(
        await page_of(info.context, "alsoRead", {"bookId": book_id}, first, after, fetch)
    )


async def trending(
    info: Info,
    window: Annotated[TrendWindow, WINDOW] = TrendWindow.MONTH,
    genre: Annotated[str | None, GENRE] = None,
    first: Annotated[int, FIRST] = 10,
    after: Annotated[str | None, AFTER] = None,
) -> TrendingConnection:
    """What most readers read of late."""
    asked = WINDOWS[TREND_WINDOWS.index(window)]
    counted = asked

    async def fetch(snapshot: Snapshot, offset: int, n: int) -> Part[TrendingBook]:
        nonlocal counted
        found = await info.context.compute(
            snapshot.recommender.discovery.trending, asked, k=offset + n + 1, filters=_of_genre(genre)
        )
        counted = found.window
        return part_of(
            found.books,
            offset,
            n,
            lambda each: TrendingBook(
                rank=each.rank, readers=each.readers, book=Book.at(info.context, snapshot, each.book_row)
            ),
        )

    page = await page_of(info.context, "trending", {"window": asked, "genre": genre}, first, after, fetch)
    return TrendingConnection(page=page, window=TREND_WINDOWS[WINDOWS.index(counted)])


async def new_arrivals(
    info: Info,
    genre: Annotated[str | None, GENRE] = None,
    first: Annotated[int, FIRST] = 10,
    after: Annotated[str | None, AFTER] = None,
) -> BookConnection:
    """The books that were published last."""

    async def fetch(snapshot: Snapshot, offset: int, n: int) -> Part[Book]:
        found = await info.context.compute(
            snapshot.recommender.discovery.new_arrivals, k=offset + n + 1, filters=_of_genre(genre)
        )
        nodes = [Book.at(info.context, snapshot, each.book_row) for each in found.books[offset : offset + n]]
        return Part(nodes, lambda: found.total > offset + n, lambda: found.total)

    return BookConnection.of(
        await page_of(info.context, "newArrivals", {"genre": genre}, first, after, fetch)
    )


async def search(
    info: Info,
    text: Annotated[str, TEXT],
    filter: Annotated[BookFilterInput | None, FILTER] = None,
    first: Annotated[int, FIRST] = 10,
    after: Annotated[str | None, AFTER] = None,
) -> SearchConnection:
    """The books that fit a text best."""
    check_text(text, "text")
    wanted = filter if filter is not None else BookFilterInput()
    filters, exclude = wanted.as_filter(), tuple(wanted.exclude_book_ids)

    async def fetch(snapshot: Snapshot, offset: int, n: int) -> Part[SearchHit]:
        recommender = snapshot.recommender
        found = await info.context.compute(
            recommender.discovery.search, text, k=offset + n + 1, filters=filters, exclude=exclude
        )
        return part_of(
            found,
            offset,
            n,
            lambda each: SearchHit(
                rank=each.rank, score=each.score, book=Book.at(info.context, snapshot, each.book_row)
            ),
        )

    arguments: dict[str, object] = {"text": text, "filter": asdict(filter) if filter else None}
    return SearchConnection.of(await page_of(info.context, "search", arguments, first, after, fetch))


def _of_genre(genre: str | None) -> BookFilter:
    """Books of a genre, or all."""
    return EVERY_BOOK if genre is None else BookFilterInput(genres=[genre]).as_filter()
