"""`bookverse`: its commands, and what a fault looks like to who types."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from redis.exceptions import RedisError
from typer.core import TyperGroup

from bookverse import ask, bundles, doctor, events, jobs, processes, upstream
from bookverse.state import State
from graphql_api.client import BookVerseError
from recs_core.errors import BookverseError

FAILED = 1


class Commands(TyperGroup):
    """Says what is wrong in a line, where it is no mistake of the program's."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except (BookverseError, BookVerseError) as error:
            reason = str(error)
        except RedisError as error:
            reason = f"Redis does not do what it is asked: {error}; check that it runs, and REDIS_URL"
        except httpx.TransportError as error:
            reason = f"the server cannot be reached: {error}; `bookverse serve` starts one"
        except httpx.InvalidURL as error:
            reason = f"--url is no URL: {error}"
        typer.echo(f"bookverse: {reason}", err=True)
        raise typer.Exit(FAILED)


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Serve recommendations, keep them fresh, and look at what happens.",
)


@app.callback()
def main(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(
            envvar="BOOKVERSE_CONFIG", help="The configuration file.", show_default="config/ENVIRONMENT.yaml"
        ),
    ] = None,
) -> None:
    """Serve recommendations, keep them fresh, and look at what happens.

    Settings are those of the server: docs/configuration.md. Commands that need Redis read BOOKVERSE_REDIS_URL or
    REDIS_URL.
    """
    # the server says itself how its log looks
    if context.invoked_subcommand != "serve":
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
        logging.getLogger("httpx").setLevel(logging.WARNING)
    context.obj = State(config)


app.command(**processes.PASSED_ON)(processes.serve)
app.command()(processes.worker)
app.command()(processes.schedule)
app.add_typer(events.app, name="events")
app.command(**processes.PASSED_ON)(bundles.bundle)
app.command()(ask.recommend)
app.command()(ask.explain)
app.add_typer(jobs.app, name="jobs")
app.add_typer(upstream.app, name="upstream")
app.command(name="doctor")(doctor.doctor)
