"""Questions to a running server."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from bookverse.state import State, state_of
from graphql_api.client import BookVerse
from graphql_api.client.answers import BookCard, Reason

Url = Annotated[
    str | None,
    typer.Option(help="The server's /graphql; by default at api.host and api.port.", show_default=False),
]

Token = Annotated[
    str | None,
    typer.Option(
        envvar="BOOKVERSE_TOKEN", help="An access token, where the server asks for one.", show_default=False
    ),
]

console = Console(highlight=False, soft_wrap=True)


def recommend(
    context: typer.Context,
    user_id: Annotated[str, typer.Argument(help="A reader's id.")],
    first: Annotated[int, typer.Option(min=1, help="How many books.")] = 10,
    url: Url = None,
    token: Token = None,
) -> None:
    """Ask a server for a reader's books, with reasons."""
    with BookVerse(url or _address(state_of(context)), token=token) as server:
        page = server.recommendations(user_id, first=first)
    for place in page.nodes:
        console.print(f"{place.rank:3} {_name(place.book)}  {place.score:.3f} {place.served_from.lower()}")
        _print_reasons(place.reasons)


def explain(
    context: typer.Context,
    user_id: Annotated[str, typer.Argument(help="A reader's id.")],
    book_id: Annotated[str, typer.Argument(help="A book's id.")],
    url: Url = None,
    token: Token = None,
) -> None:
    """Ask a server why a book is, or is not, in a reader's list."""
    with BookVerse(url or _address(state_of(context)), token=token) as server:
        told = server.explain(user_id, book_id)
    rank = "not in the list" if told.rank is None else f"rank {told.rank}"
    score = "no score" if told.score is None else f"score {told.score:.3f}"
    console.print(f"{_name(told.book)}: {rank}, {score}")
    _print_reasons(told.contributions)


def address(host: str, port: int) -> str:
    """Where a server on this machine is asked that listens at a host, which may be all interfaces."""
    try:
        ip = ip_address(host)
    except ValueError:
        return f"http://{host}:{port}/graphql"
    if ip.is_unspecified:
        ip = ip_address("127.0.0.1" if ip.version == 4 else "::1")
    return f"http://{ip if ip.version == 4 else f'[{ip}]'}:{port}/graphql"


def _address(state: State) -> str:
    return address(state.settings.api.host, state.settings.api.port)


def _name(book: BookCard) -> str:
    return (
        escape(" by ".join(filter(None, [book.title, ", ".join(book.authors)])))
        + f" [dim]{escape(book.book_id)}[/]"
    )


def _print_reasons(reasons: Sequence[Reason]) -> None:
    for reason in reasons:
        console.print(f"      [dim]{reason.amount:+.3f} {escape(reason.text)}[/]")
