"""`python -m graphql_api`: serve a bundle."""

from __future__ import annotations

import argparse
import logging
import signal
import socket
import sys
from pathlib import Path

from threadpoolctl import threadpool_limits

from graphql_api.app import create_app
from graphql_api.http.server import Server
from graphql_api.request_id import RequestIdFilter
from graphql_api.settings import Settings, bundle_path
from recs_core.artifacts.bundle import open_bundle
from recs_core.errors import BookverseError
from recs_core.serving.recommender import ServingRecommender

CANNOT_SERVE = 2
"""The exit status where settings, bundle or address do not allow to begin."""


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or Ctrl-C; return the exit status."""
    given = vars(_parser().parse_args(arguments))
    _log_to_stderr()
    try:
        settings = Settings.load(**{name: value for name, value in given.items() if value is not None})
        recommender = ServingRecommender(open_bundle(bundle_path(settings)))
        app = create_app(settings, recommender)
        listener = _listen(settings)
    except (BookverseError, OSError) as error:
        sys.stderr.write(f"graphql_api: {error}\n")
        return CANNOT_SERVE
    with listener:
        host, port = listener.getsockname()[:2]
        url = f"http://{f'[{host}]' if ':' in host else host}:{port}/graphql"
        _serve(Server(app, max_message_bytes=settings.max_body_bytes), recommender, listener, url)
    return 0


def _serve(server: Server, recommender: ServingRecommender, listener: socket.socket, url: str) -> None:
    def stop(_signal: int, _frame: object) -> None:
        server.should_exit = True

    # when it is done, uvicorn raises the signal that stopped it again, for the handlers that it found: with
    # these the process goes on to its end and exit status 0, and a signal in its first moments is not lost
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    bundle = recommender.bundle
    sys.stdout.write(f"BookVerse serves bundle {bundle.version} ({bundle.meta.model_name}) at {url}\n")
    sys.stdout.flush()
    # requests are computed side by side already: BLAS threads beside them would only contend for the cores
    with threadpool_limits(1, user_api="blas"):
        server.run(sockets=[listener])


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=2_048)
    except OSError as error:
        raise OSError(f"cannot listen on {settings.host} port {settings.port}: {error.strerror}") from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m graphql_api",
        description="Serve a bundle over GraphQL. Open the printed address in a browser to try it.",
        epilog="Every setting can also be given as an environment variable: "
        + ", ".join(f"BOOKVERSE_{name.upper()}" for name in Settings.model_fields)
        + "; REDIS_URL names the Redis that servers share, and without it a private one is started.",
    )
    parser.add_argument("--bundle", type=Path, help="the bundle's directory (default: the published one)")
    parser.add_argument("--host", help="the address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, help="the port to listen on, 0 for a free one (default: 8000)")
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
