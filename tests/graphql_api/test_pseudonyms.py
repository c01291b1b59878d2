"""Readers are known by pseudonyms behind the edge: a real server, Redis, the worker, and all that they keep."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from api_server import ApiServer, api_server, eventually, server_command, server_environment
from redis import Redis
from test_events import RECORD, event, worker
from token_issuer import AUDIENCE, ISSUER, honest, public_keys

from graphql_api.auth.key_files import write_keys
from graphql_api.auth.key_pairs import new_key
from graphql_api.documents.store import digest_of
from graphql_api.notebook.workbench import Workbench
from graphql_api.settings import Settings
from graphql_api.types.node import global_id
from graphql_api.wiring import PseudonymKeyError, open_snapshot
from pipelines.publish import publish
from recs_core.artifacts.bundle import Bundle
from recs_core.data.pseudonyms import Pseudonyms, is_pseudonym
from recs_core.online import keys
from recs_core.online.redis_server import EmbeddedRedis
from recs_core.testing.tiny import tiny_bundle

KEY, ANOTHER = bytes(range(32)), bytes(range(32, 64))
BY = Pseudonyms(KEY)
RAW = b"u001", b"u002", b"newcomer"
"""What nobody but the edge may see."""

LIST = "query($userId: ID!) { recommendations(userId: $userId, first: 10) { nodes { book { bookId } } } }"
WHO = "query($id: ID!) { user(id: $id) { id userId known historySize } }"


@pytest.fixture(scope="module")
def hidden_bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return tiny_bundle(tmp_path_factory.mktemp("hidden") / "bundle", pseudonyms=BY)


@pytest.fixture
def environment(
    redis_server: EmbeddedRedis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    (tmp_path / "keys.json").write_text(json.dumps({"keys": public_keys()}))
    monkeypatch.setenv("BOOKVERSE_PROFILE_KEYS", ANOTHER.hex())
    return {
        "BOOKVERSE_REDIS_URL": redis_server.url,
        "BOOKVERSE_PSEUDONYM_KEY": KEY.hex(),
        "BOOKVERSE_PROFILE_KEYS": ANOTHER.hex(),
        "BOOKVERSE_AUTH__KEYS": str(tmp_path / "keys.json"),
        "BOOKVERSE_AUTH__ISSUER": ISSUER,
        "BOOKVERSE_AUTH__AUDIENCE": AUDIENCE,
        "BOOKVERSE_API__DEBUG_MODE": "true",
    }


@pytest.fixture
def server(hidden_bundle: Bundle, environment: dict[str, str], tmp_path: Path) -> Iterator[ApiServer]:
    with api_server(hidden_bundle.path, tmp_path / "log", **environment) as running:
        yield running


@contextmanager
def asked_by(server: ApiServer, user_id: str, scope: str) -> Iterator[None]:
    server.client.headers["Authorization"] = f"Bearer {honest(sub=user_id, scope=scope)}"
    try:
        yield
    finally:
        del server.client.headers["Authorization"]


def books(server: ApiServer, user_id: str) -> list[str]:
    return [node["book"]["bookId"] for node in server.data(LIST, userId=user_id)["recommendations"]["nodes"]]


def held(redis: Redis) -> Iterator[bytes]:
    """Every key and every value that Redis holds, of whatever type."""
    read = {
        b"string": redis.get,
        b"hash": redis.hgetall,
        b"set": redis.smembers,
        b"list": lambda key: redis.lrange(key, 0, -1),
        b"zset": lambda key: redis.zrange(key, 0, -1),
        b"stream": redis.xrange,
    }
    for key in redis.scan_iter():
        yield key
        yield repr(read[redis.type(key)](key)).encode()


def test_no_raw_id_is_in_bundle_redis_log_or_answers(
    server: ApiServer, hidden_bundle: Bundle, redis_server: EmbeddedRedis
) -> None:
    answers = []
    with worker(redis_server), Redis.from_url(redis_server.url) as redis:
        before = books(server, "u001")
        sent = [event("e1", "PURCHASE", before[0]), event("e2", "VIEW", before[1], "newcomer")]
        server.data(RECORD, events=sent)
        eventually(lambda: before[0] not in books(server, "u001"))
        viewed = f'userId: "u002", bookId: "{before[0]}", eventId: "e3", type: VIEW'
        written = f"mutation {{ recordEvents(events: [{{{viewed}}}]) {{ accepted }} }}"
        for document, variables in [
            (WHO, {"id": "u001"}),
            (LIST, {"userId": "u002"}),
            ('{ user(id: "u002") { id userId history { nodes { bookId } pageInfo { endCursor } } } }', {}),
            (
                "query($n: ID!) { node(id: $n) { id ... on User { userId } } }",
                {"n": global_id("User", "u001")},
            ),
            ('query($b: ID!) { explain(userId: "u001", bookId: $b) { rank } }', {"b": before[1]}),
            ("{ readers(first: 50) }", {}),
            (written, {}),
        ]:
            # the hash has a server keep the document, where it may
            named = {"persistedQuery": {"version": 1, "sha256Hash": digest_of(document)}}
            response = server.client.post(
                "/graphql", json={"query": document, "variables": variables, "extensions": named}
            )
            assert "errors" not in response.json(), response.text
            answers.append(response.content)
        subscribed = {"query": 'subscription { recommendationsChanged(userId: "u001") { totalCount } }'}
        headers = {"Accept": "text/event-stream"}
        with (
            server.client.stream("POST", "/graphql", json=subscribed, headers=headers) as told,
            ThreadPoolExecutor(1) as aside,
        ):
            lines = told.iter_lines()
            first = aside.submit(lambda: next(line for line in lines if line.startswith("data: {")))
            number = 4
            while not first.done():
                # what is bought before the server listens is told to nobody
                event_id, best = f"e{number}", books(server, "u001")[0]
                server.data(RECORD, events=[event(event_id, "PURCHASE", best)])
                number += 1
                wait([first], timeout=1)
            answers.append(first.result().encode())
        profile = keys.profile(BY.of("u001")).encode()
        # what e1 and those from e4 on bought, and the profile's version
        eventually(lambda: redis.hlen(profile) == number - 2)
        in_redis = list(held(redis))
    assert profile in in_redis
    kept = [each for each in in_redis if each.endswith(b":answer") or b"bookverse:document:" in each]
    assert len(kept) > 5
    files = [path.read_bytes() for path in hidden_bundle.path.rglob("*") if path.is_file()]
    for raw in RAW:
        # the arrays of ids have four bytes a letter
        for form in (raw, raw.decode().encode("utf-32-le")):
            assert not [each for each in [*in_redis, *answers, *files] if form in each]
    assert len(server.log()) > 100
    assert "u001" not in server.log()
    assert before[0].encode() not in b"".join(part for part in in_redis if b"profile" in part)


def test_a_reader_is_who_they_are_in_a_bundle_with_ids(
    server: ApiServer, bundle: Bundle, hidden_bundle: Bundle
) -> None:
    for user_id in ("u001", "u037"):
        known = server.data(WHO, id=user_id)["user"]
        assert (known["known"], known["userId"]) == (True, BY.of(user_id))
        plain = bundle.history.matrix[[bundle.users.row(user_id)]]
        ours = hidden_bundle.history.matrix[[hidden_bundle.users.row(BY.of(user_id))]]
        assert (plain != ours).nnz == 0
        assert known["historySize"] == plain.nnz
        # by what the server says of them they are found again
        assert server.data(WHO, id=known["userId"])["user"] == known
        assert books(server, known["userId"]) == books(server, user_id)
        node = server.data("query($n: ID!) { node(id: $n) { ... on User { userId } } }", n=known["id"])
        assert node["node"]["userId"] == known["userId"]
    assert all(map(is_pseudonym, server.data("{ readers(first: 20) }")["readers"]))


def test_a_token_is_for_whom_it_names(server: ApiServer) -> None:
    def code(user_id: str) -> str | None:
        errors = server.post(LIST, userId=user_id).json().get("errors")
        return errors[0]["extensions"]["code"] if errors else None

    with asked_by(server, "u001", "recommendations:read catalogue:read"):
        assert code("u001") is None
        assert code(BY.of("u001")) is None
        assert code("u002") == "FORBIDDEN"
        assert code(BY.of("u002")) == "FORBIDDEN"
    # somebody may have chosen such a name
    with asked_by(server, BY.of("u002"), "recommendations:read catalogue:read"):
        assert code("u002") == "FORBIDDEN"
        assert code(BY.of("u002")) == "FORBIDDEN"


def test_a_variable_cannot_be_a_reader_and_a_book(server: ApiServer) -> None:
    error = server.error("query($x: ID!) { user(id: $x) { known } book(id: $x) { title } }", x="u001")
    assert "stands for a reader, and for something else" in error["message"]


def test_invalidation_by_the_stores_id_reaches_the_kept_answer(
    server: ApiServer, environment: dict[str, str]
) -> None:
    def hit() -> bool:
        response = server.post(LIST, userId="u001")
        return "hit" in response.headers["Cache-Status"]

    hit()
    eventually(hit)
    command = [sys.executable, "-m", "graphql_api.invalidate", "user:u001"]
    done = subprocess.run(command, env=server_environment(**environment), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    eventually(lambda: not hit())


def test_a_reader_is_erased_by_the_stores_id(
    hidden_bundle: Bundle, environment: dict[str, str], redis_server: EmbeddedRedis, tmp_path: Path
) -> None:
    write_keys(tmp_path / "receipts", [new_key("EdDSA")])
    settings = environment | {
        "BOOKVERSE_PRIVACY__RECEIPT_KEYS": str(tmp_path / "receipts"),
        "BOOKVERSE_AUDIT__FOLDER": str(tmp_path / "audit"),
        "BOOKVERSE_AUDIT_KEY": "cd" * 32,
    }
    erase = (
        'mutation { eraseUser(userId: "u001") { pseudonym removed { masked profileKeys events } receipt } }'
    )
    with (
        api_server(hidden_bundle.path, tmp_path / "log", **settings) as running,
        worker(redis_server),
        Redis.from_url(redis_server.url) as redis,
    ):
        known = running.data(WHO, id="u001")["user"]
        bought = books(running, "u001")[0]
        running.data(RECORD, events=[event("e1", "PURCHASE", bought)])
        eventually(lambda: bought not in books(running, "u001"))
        exported = running.data('{ exportUser(userId: "u001") { document } }')["exportUser"]["document"]
        # what is sealed is opened for who may have it
        assert bought in json.dumps(json.loads(exported)["profile"])
        done = running.data(erase)["eraseUser"]
        assert done["pseudonym"] == BY.of("u001")
        assert done["removed"] == {"masked": known["historySize"], "profileKeys": 2, "events": 1}
        assert not running.data(WHO, id="u001")["user"]["known"]
        assert not running.data(WHO, id=BY.of("u001"))["user"]["known"]
        assert running.data(WHO, id="u002")["user"]["known"]
        assert not [each for each in held(redis) if BY.of("u001").encode() in each and b"{u:" in each]
    record = b"".join(path.read_bytes() for path in (tmp_path / "audit").rglob("*") if path.is_file())
    assert BY.of("u001").encode() in record
    assert b"u001" not in record


@pytest.mark.parametrize("key", [KEY, ANOTHER, None])
@pytest.mark.parametrize("with_pseudonyms", [True, False])
def test_a_bundle_is_served_with_its_own_key_alone(
    bundle: Bundle, hidden_bundle: Bundle, key: bytes | None, with_pseudonyms: bool
) -> None:
    path = (hidden_bundle if with_pseudonyms else bundle).path
    settings = Settings.load(pseudonym_key=None if key is None else key.hex())
    if key == (KEY if with_pseudonyms else None):
        assert open_snapshot(path, settings).version
        return
    with pytest.raises(PseudonymKeyError, match="no reader would be found") as refused:
        open_snapshot(path, settings)
    assert (BY.key_id in str(refused.value)) == (with_pseudonyms or key == KEY)


def test_a_server_does_not_start_with_another_key(hidden_bundle: Bundle, environment: dict[str, str]) -> None:
    wrong = server_environment(**environment | {"BOOKVERSE_PSEUDONYM_KEY": ANOTHER.hex()})
    command = server_command("--port", "0", "--bundle", str(hidden_bundle.path))
    done = subprocess.run(command, env=wrong, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert f"has the key {Pseudonyms(ANOTHER).key_id}: no reader would be found" in done.stderr
    assert KEY.hex() not in done.stderr
    assert ANOTHER.hex() not in done.stderr


def test_a_published_bundle_of_another_key_is_refused_and_the_old_one_is_served_on(
    bundle: Bundle, hidden_bundle: Bundle, environment: dict[str, str], tmp_path: Path
) -> None:
    published = tmp_path / "published"
    first = publish(hidden_bundle.path, published).version
    settings = environment | {"BOOKVERSE_API__PUBLISHED": str(published)}
    with api_server(None, tmp_path / "log", **settings) as running:
        publish(bundle.path, published, force="it has other readers")
        eventually(lambda: "the published bundle is refused" in running.log())
        assert running.data("{ bundle { version } }")["bundle"]["version"] == first
        assert running.data(WHO, id="u001")["user"]["known"]


def test_a_notebook_asks_by_the_stores_ids(hidden_bundle: Bundle) -> None:
    workbench = Workbench(hidden_bundle.path, settings=Settings.load(pseudonym_key=KEY.hex()))
    plain = workbench.recommend("u001")
    assert plain.data["user"]["historySize"] > 0
    assert b"u001" not in plain.json
    assert workbench.recommend(BY.of("u001")).data == plain.data


def test_a_bundle_of_before_there_were_pseudonyms_opens(bundle: Bundle, tmp_path: Path) -> None:
    old = tmp_path / "old"
    shutil.copytree(bundle.path, old)
    manifest: dict[str, Any] = json.loads((old / "manifest.json").read_text())
    del manifest["meta"]["pseudonym_key_id"]
    (old / "manifest.json").write_text(json.dumps(manifest))
    assert open_snapshot(old, Settings.load()).recommender.bundle.meta.pseudonym_key_id is None
