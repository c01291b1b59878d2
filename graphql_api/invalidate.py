"""`python -m graphql_api.invalidate TAG...`: have every server make anew what it keeps of some readers or books."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from graphql_api.settings import Settings
from graphql_api.settings.loading import load
from recs_core.data.pseudonyms import Pseudonyms
from recs_core.errors import BookverseError
from recs_core.online.invalidations import invalidate

CANNOT_INVALIDATE = 2
"""The exit status where a tag is none, or there is no Redis to tell."""

TIMEOUT_S = 5.0


def main(arguments: list[str] | None = None) -> int:
    """Invalidate; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m graphql_api.invalidate",
        description="Have every server make anew what it keeps of some readers, books or bundles. The servers are "
        "those of BOOKVERSE_REDIS_URL or REDIS_URL.",
    )
    parser.add_argument("tags", nargs="+", metavar="TAG", help="user:ID, book:ID or bundle:VERSION")
    parser.add_argument(
        "--config",
        type=Path,
        help="the configuration file (default: config/ENVIRONMENT.yaml beside the package) [BOOKVERSE_CONFIG]",
    )
    options = parser.parse_args(arguments)
    try:
        settings = load(Settings, {}, origin="command line", config=options.config).settings
        if settings.redis_url is None:
            sys.stderr.write("invalidate: REDIS_URL must name the Redis that the servers share\n")
            return CANNOT_INVALIDATE
        with Redis.from_url(
            settings.redis_url.get_secret_value(),
            socket_timeout=TIMEOUT_S,
            socket_connect_timeout=TIMEOUT_S,
            retry=Retry(NoBackoff(), 0),
        ) as redis:
            invalidate(redis, [_hidden(tag, settings.pseudonyms) for tag in options.tags])
    except RedisError as error:
        sys.stderr.write(f"invalidate: Redis does not answer, try again: {error}\n")
        return CANNOT_INVALIDATE
    except BookverseError as error:
        sys.stderr.write(f"invalidate: {error}\n")
        return CANNOT_INVALIDATE
    sys.stdout.write(f"invalidated {', '.join(options.tags)}\n")
    return 0


def _hidden(tag: str, pseudonyms: Pseudonyms | None) -> str:
    """The tag by which servers know a reader."""
    kind, _, name = tag.partition(":")
    return tag if pseudonyms is None or kind != "user" or not name else f"user:{pseudonyms.settle(name)}"


if __name__ == "__main__":
    sys.exit(main())
