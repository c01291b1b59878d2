"""The client: asks the documents over HTTP, answers with what `answers.py` declares."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import Self, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from graphql_api.client import documents
from graphql_api.client.answers import (
    Envelope,
    ExplainData,
    Explanation,
    ReadersData,
    RecommendationPage,
    RecommendationsData,
    SearchData,
    SearchHit,
)

Data = TypeVar("Data", bound=BaseModel)

_HEADERS = {"Accept": "application/graphql-response+json"}


class BookVerseError(Exception):
    """The server refused or failed.

    Args:
        message: what the server says was wrong.
        extensions: what the server says beside it, with `code` first of all.
    """

    def __init__(self, message: str, extensions: dict[str, object]) -> None:
        super().__init__(message)
        self.extensions = extensions

    @property
    def code(self) -> str | None:
        """The error's code, for example BOOK_NOT_FOUND; None where what answers is no GraphQL server."""
        code = self.extensions.get("code")
        return None if code is None else str(code)


class BookVerse:
    """A connection to a server; close it, or use it in a `with`.

    Every method raises `BookVerseError` where the server refuses, and httpx's errors where it cannot be reached.

    Args:
        url: of the server's /graphql.
        token: an access token, where the server asks for one.
        timeout_s: how long to wait for an answer, in seconds.
    """

    def __init__(self, url: str, *, token: str | None = None, timeout_s: float = 20) -> None:
        self._url = url
        bearing = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._http = httpx.Client(headers=_HEADERS | bearing, timeout=timeout_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def readers(self, first: int = 5) -> list[str]:
        """Ids of some readers with a history of middling length, at most `first`."""
        return self._ask(documents.READERS, ReadersData, first=first).readers

    def recommendations(
        self, user_id: str, *, first: int = 10, after: str | None = None
    ) -> RecommendationPage:
        """The page of at most `first` books of a reader's list that follows the cursor `after`."""
        data = self._ask(
            documents.RECOMMENDATIONS, RecommendationsData, userId=user_id, first=first, after=after
        )
        return data.recommendations

    def pages(self, user_id: str, *, first: int = 10) -> Iterator[RecommendationPage]:
        """A reader's list page by page, each asked for when it is come to, all from one bundle."""
        page = self.recommendations(user_id, first=first)
        yield page
        while page.page_info.has_next_page:
            page = self.recommendations(user_id, first=first, after=page.page_info.end_cursor)
            yield page

    def explain(self, user_id: str, book_id: str) -> Explanation:
        """Why a book is, or is not, among a reader's first ten."""
        return self._ask(documents.EXPLAIN, ExplainData, userId=user_id, bookId=book_id).explain

    def search(self, text: str, *, first: int = 5) -> list[SearchHit]:
        """The books whose title, author, series or genre fit a text, best first, at most `first`."""
        return self._ask(documents.SEARCH, SearchData, text=text, first=first).search.nodes

    def _ask(self, document: str, answer: type[Data], **variables: object) -> Data:
        response = self._http.post(self._url, json={"query": document, "variables": variables})
        try:
            envelope = Envelope.model_validate_json(response.content)
        except ValidationError as error:
            raise self._no_graphql(response) from error
        if envelope.errors:
            fault = envelope.errors[0]
            raise BookVerseError(fault.message, fault.extensions)
        if envelope.data is None:
            raise self._no_graphql(response)
        return answer.model_validate(envelope.data)

    def _no_graphql(self, response: httpx.Response) -> BookVerseError:
        said = f"{self._url} answered {response.status_code} and no GraphQL: is it a server's /graphql?"
        return BookVerseError(said, {})
