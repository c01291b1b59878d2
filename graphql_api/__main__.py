"""`python -m graphql_api`: serve a bundle."""

from __future__ import annotations

import argparse
import gc
import logging
import signal
import socket
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from pydantic import SecretStr
from threadpoolctl import threadpool_limits

from graphql_api import endpoint
from graphql_api.app import create_app
from graphql_api.auth.wiring import with_development_keys
from graphql_api.every_response import RequestIdFilter
from graphql_api.http.server import Certificate, ConnectionLimits, Server
from graphql_api.settings import Settings, bundle_path
from graphql_api.settings.command_line import add_options, given_options, in_force
from graphql_api.settings.loading import load
from graphql_api.sharing import redis_url
from graphql_api.wiring import open_snapshot
from graphql_api.workers import Workers
from recs_core.errors import BookverseError

DEVELOPER = "developer"
"""Whose the token is that a developer's server prints."""

CANNOT_SERVE = 2
"""The exit status where settings, bundle or address do not allow to begin."""


Announce = Callable[[Server], None]
"""Says where a server listens."""


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or Ctrl-C; return the exit status."""
    options = vars(_parser().parse_args(arguments))
    _log_to_stderr()
    try:
        loaded = load(
            Settings, given_options(options, Settings), origin="command line", config=options["config"]
        )
        loaded.settings.insist_on_secrets_of_servers()
        if options["check_config"]:
            sys.stdout.write(in_force(loaded))
            return 0
        settings, token = with_development_keys(loaded.settings, DEVELOPER)
        if settings.api.debug_mode:
            logging.getLogger(endpoint.__name__).setLevel(logging.DEBUG)
        with _listen(settings) as listener:
            serve = _serve_by_many if settings.api.workers > 1 else _serve_alone
            return serve(settings, partial(_announce, listener=listener, token=token), listener)
    except (BookverseError, OSError) as error:
        sys.stderr.write(f"graphql_api: {error}\n")
        return CANNOT_SERVE


def _serve_alone(settings: Settings, announce: Announce, listener: socket.socket) -> int:
    server = _prepared(settings)
    _stop_when_told(server)
    announce(server)
    return _serve(server, listener)


def _serve_by_many(settings: Settings, announce: Announce, listener: socket.socket) -> int:
    with redis_url(settings) as url:
        # one Redis for all of them, be it our own
        shared = settings.model_copy(update={"redis_url": None if url is None else SecretStr(url)})
        workers = Workers(
            settings.api.workers,
            prepare=lambda: _prepared(shared),
            serve=lambda server: _serve_as_one_of_many(server, listener),
        )
        workers.start(announce)
        workers.run()
    return 0


def _prepared(settings: Settings) -> Server:
    """A server of the bundle that the settings mean. It alone holds the bundle, until another is served."""
    recommender = open_snapshot(bundle_path(settings), settings).recommender
    api = settings.api
    return Server(
        create_app(settings, recommender),
        max_message_bytes=api.max_body_bytes,
        limits=ConnectionLimits(api.max_connections, api.patience_s),
        tls=Certificate(api.tls_certificate, api.tls_key) if api.tls_certificate and api.tls_key else None,
    )


def _announce(server: Server, *, listener: socket.socket, token: str | None) -> None:
    host, port = listener.getsockname()[:2]
    scheme = "https" if server.config.is_ssl else "http"
    url = f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}/graphql"
    bundle = server.snapshots.current.recommender.bundle
    sys.stdout.write(f"BookVerse serves bundle {bundle.version} ({bundle.meta.model_name}) at {url}\n")
    if token is not None:
        sys.stdout.write(f"A token for everything, good for an hour: {token}\n")
    sys.stdout.flush()


def _serve_as_one_of_many(server: Server, listener: socket.socket) -> int:
    _stop_when_told(server)
    return _serve(server, listener)


def _stop_when_told(server: Server) -> None:
    def stop(_signal: int, _frame: object) -> None:
        server.should_exit = True

    # when it is done, uvicorn raises the signal that stopped it again, for the handlers that it found: with
    # these the process goes on to its end and exit status 0, and a signal in its first moments is not lost
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


def _serve(server: Server, listener: socket.socket) -> int:
    # code and schema stay to the end: the collector need not walk over them while requests wait
    gc.freeze()
    # requests are computed side by side already: BLAS threads beside them would only contend for the cores
    with threadpool_limits(1, user_api="blas"):
        server.run(sockets=[listener])
    return 0


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.api.host else socket.AF_INET
    try:
        return socket.create_server((settings.api.host, settings.api.port), family=family, backlog=2_048)
    except OSError as error:
        raise OSError(
            f"cannot listen on {settings.api.host} port {settings.api.port}: {error.strerror}"
        ) from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m graphql_api",
        description="Serve a bundle over GraphQL. Open the printed address in a browser to try it.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--config",
        type=Path,
        help="the configuration file (default: config/ENVIRONMENT.yaml beside the package) [BOOKVERSE_CONFIG]",
    )
    parser.add_argument(
        "--check-config",
        action="store_true",
        help="print the settings in force and where each is from, and exit: 0, or 2 where they are wrong",
    )
    add_options(parser, Settings)
    return parser


def _log_to_stderr() -> None:
    handler = logging.StreamHandler()
    handler.addFilter(RequestIdFilter())
    form = "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"
    logging.basicConfig(level=logging.INFO, handlers=[handler], format=form)
    # the printed address says it better
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)


if __name__ == "__main__":
    sys.exit(main())
