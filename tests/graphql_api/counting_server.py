"""A server that notes each ranking in a file: `counting_server.py BUNDLE FILE SECONDS`; it prints its address."""

from __future__ import annotations

import socket
import sys
import time
from pathlib import Path
from typing import Any

from graphql_api.app import create_app
from graphql_api.http.server import Server
from graphql_api.settings import Settings
from recs_core.artifacts.bundle import open_bundle
from recs_core.serving.answer import Answer
from recs_core.serving.recommender import ServingRecommender


class CountingRecommender(ServingRecommender):
    noted: Path
    takes_s: float

    def recommend(self, user_id: str, **asked: Any) -> Answer:
        with self.noted.open("a") as file:
            file.write(f"{user_id}\n")
        time.sleep(self.takes_s)
        return super().recommend(user_id, **asked)


def main(bundle: str, noted: str, takes_s: str) -> None:
    recommender = CountingRecommender(open_bundle(Path(bundle)))
    recommender.noted, recommender.takes_s = Path(noted), float(takes_s)
    settings = Settings.load(api={"max_body_bytes": 65_536})
    with socket.create_server(("127.0.0.1", 0), backlog=2_048) as listener:
        sys.stdout.write(f"http://127.0.0.1:{listener.getsockname()[1]}\n")
        sys.stdout.flush()
        Server(create_app(settings, recommender), max_message_bytes=65_536).run(sockets=[listener])


if __name__ == "__main__":
    main(*sys.argv[1:])
