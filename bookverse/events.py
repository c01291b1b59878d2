"""Events: send, handle, send again, see to those that could not be handled."""

from __future__ import annotations

import re
import sys
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bookverse.state import state_of
from pipelines.worker.__main__ import main as worker_main
from pipelines.worker.consumers import GROUPS
from recs_core.errors import ParameterError
from recs_core.online.dead_letters import dead_letters
from recs_core.online.dead_letters import requeue as send_again
from recs_core.online.events import (
    EVENT_TYPES,
    STREAMS,
    Event,
    InvalidEventError,
    decode,
    under_pseudonym,
)
from recs_core.online.replay import replay as handle_again
from recs_core.online.streams import MAX_BATCH, EventProducer

app = typer.Typer(no_args_is_help=True, help="Events of readers and of the inventory.")
console = Console(highlight=False)

_PLACE = re.compile(r"-|[0-9]{1,20}(-[0-9]{1,20})?")

Stream = Annotated[str, typer.Argument(help=f"Of {', '.join(sorted(STREAMS))}.")]


@app.command()
def send(
    context: typer.Context,
    event_type: Annotated[
        str | None, typer.Argument(metavar="TYPE", help=f"Of {', '.join(EVENT_TYPES)}.", show_default=False)
    ] = None,
    book: Annotated[str | None, typer.Option(help="The book's id.")] = None,
    user: Annotated[str | None, typer.Option(help="The reader's id, of an interaction.")] = None,
    fields: Annotated[
        str, typer.Option(help='What else the event has, as JSON: \'{"version": 2, "price": 9.5}\'.')
    ] = "{}",
    file: Annotated[
        Path | None,
        typer.Option(
            help="Whole events instead, one JSON object a line; - for standard input.",
        ),
    ] = None,
) -> None:
    """Send an event that happens now, or a file of events. config/events/ has their schemas."""
    state = state_of(context)
    if (event_type is None) == (file is None):
        raise ParameterError("give a TYPE, or a --file of events")
    events = _from_file(file) if file is not None else [_event(event_type or "", book, user, fields)]
    events = [under_pseudonym(event, state.settings.pseudonyms) for event in events]
    producer = EventProducer(state.redis)
    for stream in STREAMS:
        of_stream = [event for event in events if event.stream == stream]
        for begin in range(0, len(of_stream), MAX_BATCH):
            producer.send(of_stream[begin : begin + MAX_BATCH])
    console.print(f"sent {len(events):,} event{'' if len(events) == 1 else 's'}")


@app.command()
def consume(
    context: typer.Context,
    streams: Annotated[list[str], typer.Argument(help=f"Of {', '.join(sorted(GROUPS))}.")],
) -> None:
    """Give events their effect, until SIGTERM or Ctrl-C; worker.batch_size at a time."""
    state = state_of(context)
    batch = str(state.settings.worker.batch_size)
    arguments = ["consume", *streams, "--batch", batch, "--redis-url", state.redis_url]
    raise typer.Exit(worker_main(arguments))


@app.command()
def replay(
    context: typer.Context,
    stream: Stream,
    start: Annotated[
        str,
        typer.Option("--from", help="A place in the stream, or a time in ISO 8601; - for the oldest event."),
    ] = "-",
) -> None:
    """Give what is in a stream its effect once more; what is there already does not change."""
    if stream not in GROUPS:
        raise ParameterError(f"stream must be one of {', '.join(sorted(GROUPS))} (got {stream!r})")
    client = state_of(context).redis
    taken = handle_again(client, stream, GROUPS[stream][1](client), start=_place(start))
    console.print(f"{taken:,} events have their effect")


@app.command()
def dead(
    context: typer.Context,
    stream: Stream,
    requeue: Annotated[
        str | None, typer.Option(help="Send this one again; `all` for every one.", metavar="LETTER")
    ] = None,
) -> None:
    """Show the events that could not be handled, with the reason, or send them again."""
    client = state_of(context).redis
    if requeue is not None:
        # listed first: what fails again is put behind them
        chosen = [each.letter_id for each in dead_letters(client, stream)] if requeue == "all" else [requeue]
        for letter_id in chosen:
            send_again(client, stream, letter_id)
        console.print(f"sent {len(chosen):,} again")
        return
    table = Table(box=None, padding=(0, 1))
    # an id is to be copied, so it is never cut
    table.add_column("letter", no_wrap=True)
    for name in ("buried", "group", "tries", "reason", "event"):
        table.add_column(name)
    for letter in dead_letters(client, stream):
        cells = (letter.letter_id, f"{letter.buried:%Y-%m-%d %H:%M:%S}", letter.group, str(letter.deliveries))
        table.add_row(*map(escape, (*cells, letter.reason, letter.payload.decode(errors="replace"))))
    console.print(table if table.rows else "there are none")


def _event(event_type: str, book: str | None, user: str | None, fields: str) -> Event:
    if event_type not in EVENT_TYPES:
        raise ParameterError(f"TYPE must be one of {', '.join(EVENT_TYPES)} (got {event_type!r})")
    try:
        more: Any = orjson.loads(fields)
    except orjson.JSONDecodeError as error:
        raise ParameterError(f"--fields is no JSON: {error} (got {fields!r})") from error
    if not isinstance(more, dict):
        raise ParameterError(f"--fields must be a JSON object (got {fields!r})")
    known = {"book_id": book, "user_id": user}
    whole = {
        "schema_version": 1,
        "event_id": uuid.uuid4().hex,
        "type": event_type,
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        **{name: value for name, value in known.items() if value is not None},
        **more,
    }
    try:
        payload = orjson.dumps(whole)
    except orjson.JSONEncodeError as error:
        raise ParameterError(f"the event cannot be written as JSON: {error}") from error
    return decode(EVENT_TYPES[event_type].stream, payload)


def _from_file(file: Path) -> list[Event]:
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ParameterError(f"{file}: cannot be read: {error}") from error
    events = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            kind = orjson.loads(line)["type"]
            events.append(decode(EVENT_TYPES[kind].stream, line))
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise ParameterError(f"{file}, line {number}: is no event ({error!r})") from error
        except InvalidEventError as error:
            raise InvalidEventError(f"{file}, line {number}: {error}") from error
    return events


def _place(start: str) -> str | datetime:
    try:
        moment = datetime.fromisoformat(start)
    except ValueError:
        if _PLACE.fullmatch(start) is None:
            raise ParameterError(
                f"--from must be a place in the stream such as 1772366400000-0, a time, or - (got {start!r})"
            ) from None
        return start
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    # streams begin in 1970
    return max(moment, datetime.fromtimestamp(0, UTC))
