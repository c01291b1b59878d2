"""Published bundles, where the settings say that they lie."""

from __future__ import annotations

import typer

from bookverse.state import state_of
from pipelines import bundle as command_line


def bundle(context: typer.Context) -> None:
    """List, publish, verify, roll back and prune bundles; takes the arguments of `python -m pipelines.bundle`."""
    command, *rest = context.args or ["--help"]
    # what is given goes before what the settings say
    place = [] if command.startswith("-") else ["--to", state_of(context).settings.api.published]
    raise typer.Exit(command_line.main([command, *place, *rest]))
