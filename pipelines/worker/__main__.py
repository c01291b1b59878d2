"""`python -m pipelines.worker consume interactions inventory`, `python -m pipelines.worker schemas`."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from pathlib import Path

from pipelines.worker.consumers import GROUPS, Consumers
from recs_core.data.secret_key import SecretKeyError
from recs_core.online.consumer import ConsumerSettings
from recs_core.online.events import json_schemas
from recs_core.online.streams import MAX_BATCH

SCHEMAS = Path("config/events")

CANNOT_START = 2
"""The exit status where something is not set as it must be."""


def main(arguments: list[str] | None = None) -> int:
    """Run a command; its exit status."""
    parser = argparse.ArgumentParser(prog="python -m pipelines.worker")
    commands = parser.add_subparsers(required=True)

    consume = commands.add_parser("consume", help="handle events until SIGTERM or Ctrl-C")
    consume.add_argument(
        "streams", nargs="+", choices=sorted(GROUPS), metavar="STREAM", help=", ".join(GROUPS)
    )
    consume.add_argument(
        "--redis-url",
        default=os.environ.get("BOOKVERSE_REDIS_URL") or os.environ.get("REDIS_URL"),
        help="default: $BOOKVERSE_REDIS_URL, or $REDIS_URL",
    )
    default = ConsumerSettings()
    consume.add_argument("--batch", type=int, default=default.batch, help="events read at a time")
    consume.add_argument(
        "--claim-idle-ms",
        type=int,
        default=default.claim_idle_ms,
        help="when events that another consumer holds are taken over",
    )
    consume.add_argument(
        "--max-deliveries", type=int, default=default.max_deliveries, help="then an event is a dead letter"
    )
    consume.set_defaults(run=_consume)

    schemas = commands.add_parser("schemas", help=f"write the JSON Schemas of the events into {SCHEMAS}")
    schemas.add_argument(
        "--check", action="store_true", help="exit 1 if they are not current, and write nothing"
    )
    schemas.set_defaults(run=_schemas)

    options = parser.parse_args(arguments)
    if options.run is _consume:
        if options.redis_url is None:
            parser.error("no Redis: set REDIS_URL or give --redis-url")
        if not 1 <= options.batch <= MAX_BATCH:
            parser.error(f"--batch must be 1 to {MAX_BATCH} (got {options.batch})")
        for name in ("claim_idle_ms", "max_deliveries"):
            if getattr(options, name) < 1:
                parser.error(f"--{name.replace('_', '-')} must be at least 1 (got {getattr(options, name)})")
    return int(options.run(options))


def _consume(options: argparse.Namespace) -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    settings = ConsumerSettings(
        batch=options.batch, claim_idle_ms=options.claim_idle_ms, max_deliveries=options.max_deliveries
    )
    try:
        consumers = Consumers(options.redis_url, list(dict.fromkeys(options.streams)), settings)
    except SecretKeyError as error:
        sys.stderr.write(f"pipelines.worker: {error}\n")
        return CANNOT_START
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: consumers.stop())
    return consumers.run()


def _schemas(options: argparse.Namespace) -> int:
    stale = []
    for name, text in json_schemas().items():
        path = SCHEMAS / name
        if path.exists() and path.read_text() == text:
            continue
        stale.append(name)
        if not options.check:
            SCHEMAS.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    if options.check and stale:
        print(f"{', '.join(stale)} not current in {SCHEMAS}: run python -m pipelines.worker schemas")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
