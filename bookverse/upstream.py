"""The store's services: how reading them goes, which rows are set aside, and from where they are read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bookverse.state import State, state_of
from graphql_api.settings.model import PREFIX
from pipelines.worker.upstream.client import Bounds, Endpoint
from pipelines.worker.upstream.services import SERVICES
from pipelines.worker.upstream.state import begin_at, read_state, rows_set_aside
from recs_core.errors import ParameterError

app = typer.Typer(no_args_is_help=True, help="The store's services, which `bookverse jobs run sync` reads.")
console = Console(highlight=False)

ServiceName = Annotated[str, typer.Argument(metavar="SERVICE", help=f"Of {', '.join(SERVICES)}.")]


@app.command("list")
def listed(context: typer.Context) -> None:
    """Each service that the settings name: when it was read, and what went wrong since."""
    state = state_of(context)
    table = Table(box=None, padding=(0, 1))
    for name in ("service", "read", "breaker", "rows set aside", "what is wrong"):
        table.add_column(name)
    for endpoint in services(state):
        known = read_state(state.redis, endpoint.service)
        cells = (ago(known.succeeded), known.breaker, f"{known.rows_set_aside:,}", known.fault)
        table.add_row(*map(escape, (endpoint.service, *cells)))
    console.print(
        table if table.rows else "none is named: set upstream.inventory_url, checkout_url or users_url"
    )


@app.command()
def rows(context: typer.Context, service: ServiceName) -> None:
    """The rows of a service that are not as agreed, with the reason. A row that is mended is gone from here."""
    client = state_of(context).redis
    table = Table(box=None, padding=(0, 1))
    # an id is to be copied, so it is never cut
    table.add_column("row", no_wrap=True)
    for name in ("seen (UTC)", "reason", "as it came"):
        table.add_column(name)
    for row in rows_set_aside(client, _known(service)):
        table.add_row(*map(escape, (row.row_id, f"{row.time:%Y-%m-%d %H:%M:%S}", row.reason, row.row)))
    console.print(table if table.rows else "there are none")


@app.command()
def begin(
    context: typer.Context,
    service: ServiceName,
    at: Annotated[
        str | None,
        typer.Option(
            help="A position that the service knows.", metavar="POSITION", show_default="the beginning"
        ),
    ] = None,
) -> None:
    """Have a service read from the beginning, or from a position, the next time. What is known does not change."""
    begin_at(state_of(context).redis, _known(service), at)
    console.print(f"{service} is read from {'the beginning' if at is None else escape(at)} the next time")


def services(state: State) -> tuple[Endpoint, ...]:
    """The services that the settings name."""
    settings, upstream = state.settings, state.settings.upstream
    named = {
        "inventory": (upstream.inventory_url, settings.inventory_token),
        "checkout": (upstream.checkout_url, settings.checkout_token),
        "users": (upstream.users_url, settings.users_token),
    }
    return tuple(
        Endpoint(
            service,
            url,
            None if token is None else token.get_secret_value(),
            f"{PREFIX}{service.upper()}_TOKEN",
        )
        for service, (url, token) in named.items()
        if url is not None
    )


def bounds(state: State) -> Bounds:
    """What the settings allow a request to a service."""
    upstream = state.settings.upstream
    return Bounds(
        connect_s=upstream.connect_timeout_s,
        read_s=upstream.read_timeout_s,
        total_s=upstream.total_timeout_s,
        body_bytes=upstream.max_body_bytes,
        page_rows=upstream.page_rows,
        pages=upstream.max_pages,
    )


def ago(moment: datetime | None) -> str:
    """How long ago something was, to the second."""
    if moment is None:
        return "never"
    return f"{timedelta(seconds=int((datetime.now(UTC) - moment).total_seconds()))} ago"


def _known(service: str) -> str:
    if service not in SERVICES:
        raise ParameterError(f"service must be one of {', '.join(SERVICES)} (got {service!r})")
    return service
