"""What a client is told as it happens, over both ways of being told."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from api_server import ApiServer, publish_another
from websockets.sync.client import connect

from recs_core.artifacts.bundle import Bundle, open_bundle
from recs_core.serving.recommender import ServingRecommender

PUBLISHED = "subscription { bundlePublished { previousVersion bundle { version model } } }"
CHANGED = """subscription($user: ID!) {
  recommendationsChanged(userId: $user, first: 3) {
    nodes { book { bookId } artifact { version } } pageInfo { endCursor }
  }
}"""


class Listener:
    """Collects the events of a subscription over server-sent events in a thread of its own."""

    def __init__(self, server: ApiServer, query: str, **variables: Any) -> None:
        self._server, self._body = server, {"query": query, "variables": variables}
        self.events: list[dict[str, Any]] = []
        self.begun = threading.Event()
        self.heard = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> Listener:
        self._thread.start()
        assert self.begun.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join(20)
        assert not self._thread.is_alive()

    def _listen(self) -> None:
        headers = {"Accept": "text/event-stream"}
        with self._server.client.stream("POST", "/graphql", json=self._body, headers=headers) as response:
            self.begun.set()
            for line in response.iter_lines():
                if line.startswith("data: {"):
                    self.events.append(json.loads(line.removeprefix("data: ")))
                    self.heard.set()
                    return


def listed(bundle: Bundle, user_id: str) -> list[str]:
    """The first three books of a reader."""
    return bundle.books.ids(ServingRecommender(bundle).recommend(user_id, k=3).book_rows).tolist()


def test_a_new_bundle_is_told(publishing: ApiServer, published: Path, bundle: Bundle) -> None:
    with Listener(publishing, PUBLISHED) as listener:
        version = publish_another(published, publishing, seed=8)
        assert listener.heard.wait(10)
    (event,) = listener.events
    assert event["data"] == {
        "bundlePublished": {
            "previousVersion": bundle.version,
            "bundle": {"version": version, "model": "hybrid"},
        }
    }


def test_a_changed_list_is_told_with_the_list_of_the_new_bundle(
    publishing: ApiServer, published: Path, bundle: Bundle
) -> None:
    with Listener(publishing, CHANGED, user="u003") as listener:
        version = publish_another(published, publishing, seed=8)
        assert listener.heard.wait(10)
    (event,) = listener.events
    page = event["data"]["recommendationsChanged"]
    now = listed(open_bundle(published / version), "u003")
    assert [node["book"]["bookId"] for node in page["nodes"]] == now != listed(bundle, "u003")
    assert {node["artifact"]["version"] for node in page["nodes"]} == {version}
    # the list goes on where the event ended
    more = 'query($after: String) { recommendations(userId: "u003", first: 1, after: $after) { nodes { rank } } }'
    following = publishing.data(more, after=page["pageInfo"]["endCursor"])
    assert following["recommendations"]["nodes"] == [{"rank": 4}]


def test_a_socket_is_told_too(publishing: ApiServer, published: Path) -> None:
    url = str(publishing.client.base_url).replace("http", "ws") + "/graphql"
    with connect(url, subprotocols=["graphql-transport-ws"]) as socket:  # type: ignore[list-item]
        socket.send('{"type": "connection_init"}')
        assert json.loads(socket.recv(10)) == {"type": "connection_ack"}
        socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": PUBLISHED}}))
        # answered after the subscription began, for one connection is served in order
        socket.send('{"type": "ping"}')
        assert json.loads(socket.recv(10)) == {"type": "pong"}
        version = publish_another(published, publishing, seed=8)
        message = json.loads(socket.recv(10))
    assert (message["id"], message["type"]) == ("1", "next")
    assert message["payload"]["data"]["bundlePublished"]["bundle"]["version"] == version


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ('subscription { recommendationsChanged(userId: "") { totalCount } }', "BAD_USER_INPUT"),
        (
            'subscription { recommendationsChanged(userId: "u1", first: 101) { totalCount } }',
            "BAD_USER_INPUT",
        ),
        ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
    ],
)
def test_what_cannot_be_subscribed_to_is_told(server: ApiServer, query: str, code: str) -> None:
    response = server.client.post("/graphql", json={"query": query}, headers={"Accept": "text/event-stream"})
    (line,) = [line for line in response.text.splitlines() if line.startswith("data: {")]
    assert json.loads(line.removeprefix("data: "))["errors"][0]["extensions"]["code"] == code
