"""A marked reader is planted wherever readers are, and erased: the mark is nowhere any more."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from api_server import ApiServer, api_server, eventually
from redis import Redis
from token_issuer import AUDIENCE, ISSUER, honest, public_keys

from graphql_api.audit.verify import verify as verify_audit
from graphql_api.auth.key_files import PUBLIC, write_keys
from graphql_api.auth.key_pairs import new_key
from graphql_api.auth.scopes import Scope
from graphql_api.privacy.receipts import ReceiptError, verify
from graphql_api.privacy.receipts import public_keys as receipt_keys
from graphql_api.types.node import global_id
from pipelines.event_erasure import erase as erase_from_table
from pipelines.event_table import append, parts_of
from pipelines.worker.consumers import Consumers
from recs_core.artifacts.bundle import Bundle, open_bundle, write_bundle
from recs_core.artifacts.precomputed import PrecomputeConfig
from recs_core.data.erased import DEVELOPMENT_KEY, ErasureDigests
from recs_core.data.idmap import IdMap
from recs_core.data.interactions import InteractionSet
from recs_core.data.pseudonyms import Pseudonyms
from recs_core.online import keys
from recs_core.online.consumer import ConsumerSettings
from recs_core.online.keys import ANSWERS
from recs_core.online.redis_server import EmbeddedRedis
from recs_core.online.streams import lags
from recs_core.testing.tiny import tiny_features

MARK = "canary-5c1d7e"
STRANGER = "nobody-5c1d7e"

RECORD = "mutation($events: [InteractionInput!]!) { recordEvents(events: $events) { accepted } }"
ERASE = """mutation($userId: ID!) { eraseUser(userId: $userId) {
  pseudonym at requestId receipt removed { masked profileKeys events deadLetters keptAnswers messages }
} }"""
EXPORT = (
    "query($userId: ID!, $after: String) { exportUser(userId: $userId, after: $after) { document after } }"
)
QUESTIONS = {
    "recommendations": """query($id: ID!) { recommendations(userId: $id, first: 5) {
      nodes { rank score servedFrom book { bookId } reasons { kind amount text } } totalCount } }""",
    "user": "query($id: ID!) { user(id: $id) { known historySize cohort history { nodes { bookId } } } }",
    "explain": """query($id: ID!) { explain(userId: $id, bookId: "BOOK") {
      rank score contributions { amount text } } }""",
}


@dataclass
class Shop:
    """Two servers, a consumer, and all that they keep."""

    servers: list[ApiServer]
    redis: Redis
    folder: Path
    bundle: Bundle
    name: str
    """What the marked reader is called behind the edge."""
    digests: ErasureDigests

    @property
    def audit(self) -> Path:
        return self.folder / "audit"

    @property
    def table(self) -> Path:
        return self.folder / "events"

    def ask(self, server: ApiServer, query: str, scope: str, **variables: Any) -> dict[str, Any]:
        response = server.client.post(
            "/graphql",
            json={"query": query, "variables": variables},
            headers={"Authorization": f"Bearer {honest(sub='clerk', scope=scope)}"},
        )
        return response.json()

    def answers(self, server: ApiServer, user_id: str) -> dict[str, Any]:
        """What is answered about a reader, by question."""
        book = self.bundle.books.array[0]
        return {
            name: self.ask(server, query.replace("BOOK", book), Scope.RECOMMENDATIONS_READ_ANY, id=user_id)
            for name, query in QUESTIONS.items()
        }

    def readers(self, server: ApiServer) -> list[str]:
        asked = self.ask(server, "{ readers(first: 60) }", Scope.RECOMMENDATIONS_READ_ANY)
        return asked["data"]["readers"]

    def log(self) -> str:
        return "".join(server.log() for server in self.servers)


def marked_bundle(bundle: Bundle, path: Path, pseudonyms: Pseudonyms | None) -> Bundle:
    """The bundle with its first reader called by the mark, and all by their pseudonyms where there are any."""
    history = bundle.history
    ids = [MARK, *history.users.array[1:].tolist()]
    named = np.array(ids if pseudonyms is None else [pseudonyms.of(each) for each in ids])
    order = np.argsort(named)
    marked = InteractionSet(IdMap(named[order], space="user"), history.books, history.matrix[order])
    write_bundle(
        path,
        model_name=bundle.meta.model_name,
        model=bundle.model,
        history=marked,
        features=tiny_features(bundle.catalogue),
        precompute=PrecomputeConfig(users=len(ids), depth=20),
        catalogue=bundle.catalogue,
        metrics=[],
        source="tiny",
        seed=7,
        data_digest="0",
        cohorts=bundle.meta.cohorts,
        pseudonym_key_id=None if pseudonyms is None else pseudonyms.key_id,
    )
    return open_bundle(path)


@contextmanager
def consuming(url: str) -> Iterator[None]:
    consumers = Consumers(url, ["interactions"], ConsumerSettings())
    thread = threading.Thread(target=consumers.run)
    thread.start()
    try:
        yield
    finally:
        consumers.stop()
        thread.join(20)


@pytest.fixture
def key() -> str | None:
    """The key of pseudonyms; None where readers are called by their ids."""
    return None


with_and_without_pseudonyms = pytest.mark.parametrize("key", [None, "ab" * 32], ids=["ids", "pseudonyms"])


@pytest.fixture
def shop(
    bundle: Bundle,
    redis_server: EmbeddedRedis,
    tmp_path: Path,
    key: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Shop]:
    pseudonyms = None if key is None else Pseudonyms.parse(key)
    if key is not None:
        # for the consumer, which runs in this process
        monkeypatch.setenv("BOOKVERSE_PSEUDONYM_KEY", key)
    (tmp_path / "keys.json").write_text(json.dumps({"keys": public_keys()}))
    write_keys(tmp_path / "receipts", [new_key("EdDSA")])
    marked = marked_bundle(bundle, tmp_path / "bundle", pseudonyms)
    settings = {
        "BOOKVERSE_REDIS_URL": redis_server.url,
        "BOOKVERSE_AUTH__KEYS": str(tmp_path / "keys.json"),
        "BOOKVERSE_AUTH__ISSUER": ISSUER,
        "BOOKVERSE_AUTH__AUDIENCE": AUDIENCE,
        "BOOKVERSE_AUTH__ANONYMOUS": "[]",
        "BOOKVERSE_AUDIT__FOLDER": str(tmp_path / "audit"),
        "BOOKVERSE_AUDIT_KEY": "cd" * 32,
        "BOOKVERSE_PRIVACY__RECEIPT_KEYS": str(tmp_path / "receipts"),
        "BOOKVERSE_WORKER__EVENT_TABLE": str(tmp_path / "events"),
    } | ({} if key is None else {"BOOKVERSE_PSEUDONYM_KEY": key})
    with ExitStack() as open_, Redis.from_url(redis_server.url) as redis:
        servers = [
            open_.enter_context(api_server(marked.path, tmp_path / f"log{n}", **settings)) for n in range(2)
        ]
        name = MARK if pseudonyms is None else pseudonyms.of(MARK)
        digests = ErasureDigests(DEVELOPMENT_KEY if key is None else bytes.fromhex(key))
        yield Shop(servers, redis, tmp_path, marked, name, digests)


def event(event_id: str, kind: str, book_id: str, user_id: str = MARK, **more: Any) -> dict[str, Any]:
    return {"eventId": event_id, "type": kind, "userId": user_id, "bookId": book_id} | more


def everything(redis: Redis) -> bytes:
    """Every key of a Redis with all that is in it, whatever its type."""
    found = []
    for key in redis.scan_iter(count=1_000):
        kind = redis.type(key)
        value: Any = {
            b"string": lambda key=key: redis.get(key),
            b"hash": lambda key=key: redis.hgetall(key),
            b"zset": lambda key=key: redis.zrange(key, 0, -1),
            b"set": lambda key=key: redis.smembers(key),
            b"list": lambda key=key: redis.lrange(key, 0, -1),
            b"stream": lambda key=key: (redis.xrange(key), redis.xinfo_stream(key), pending(redis, key)),
        }[kind]()
        found.append(key + repr(value).encode())
    return b"\n".join(found)


def pending(redis: Redis, key: bytes) -> list[Any]:
    return [redis.xpending_range(key, group["name"], "-", "+", 1_000) for group in redis.xinfo_groups(key)]


def files(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def nowhere(text: bytes, *names: str) -> bool:
    """Whether none of some names is in a text, as it may be written."""
    return not any(written in text for name in names for written in writings(name))


def writings(name: str) -> list[bytes]:
    in_base64 = {base64.b64encode(b"x" * shift + name.encode())[4:-4] for shift in range(3)}
    return [name.encode(), global_id("User", name).encode(), *in_base64]


def planted(shop: Shop) -> None:
    """The mark in the profile, the stream, the dead letters, both caches of both servers, the log of changes."""
    one, other = shop.servers
    books = shop.bundle.books.array[:4].tolist()
    sent = [
        event("e0", "PURCHASE", books[0]),
        event("e1", "VIEW", books[1]),
        event("e2", "RATING", books[2], rating=5),
    ]
    sent += [event("o0", "PURCHASE", books[3], "u002")]
    assert shop.ask(one, RECORD, Scope.EVENTS_WRITE, events=sent)["data"]["recordEvents"]["accepted"] == 4
    # one that no producer lets through, counted as producers do
    shop.redis.hincrby(keys.counts("interactions"), "#added", 1)
    shop.redis.xadd(keys.stream("interactions"), {"event": f'{{"user_id":"{shop.name}","type":"nonsense"}}'})
    eventually(lambda: lags(shop.redis, "interactions") == {"profiles": 0})
    append(shop.redis, shop.table)
    for server in (one, other):
        shop.answers(server, MARK)
        assert shop.name in shop.readers(server)
        shop.answers(server, "u002")
    literal = f'{{ user(id: "{MARK}") {{ known }} }}'
    hashed = {
        "extensions": {"persistedQuery": {"version": 1, "sha256Hash": _sha256(literal)}},
        "query": literal,
    }
    headers = {"Authorization": f"Bearer {honest(sub='clerk', scope=Scope.RECOMMENDATIONS_READ_ANY)}"}
    assert "errors" not in one.client.post("/graphql", json=hashed, headers=headers).json()
    held = everything(shop.redis)
    parts = [b":profile", b":dead", b"{interactions}:events", b"{invalidations}:log", b":answer"]
    # behind the edge no document names a reader by the id
    parts += [b"document"] if shop.name == MARK else []
    for part in parts:
        assert any(shop.name.encode() in line and part in line for line in held.split(b"\n")), part
    assert shop.name.encode() in files(shop.table)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@with_and_without_pseudonyms
def test_nothing_of_an_erased_reader_is_left(shop: Shop, redis_server: EmbeddedRedis) -> None:
    one, other = shop.servers
    with consuming(redis_server.url):
        planted(shop)
        before = shop.answers(other, MARK)
        others_before = shop.answers(other, "u002")
        assert before["user"]["data"]["user"]["known"]

        done = shop.ask(one, ERASE, Scope.PRIVACY_ADMIN, userId=MARK)["data"]["eraseUser"]

        removed = done["removed"]
        assert removed["masked"] == before["user"]["data"]["user"]["historySize"]
        assert (removed["profileKeys"], removed["events"], removed["deadLetters"]) == (3, 4, 1)
        assert removed["keptAnswers"] > 0
        assert removed["messages"] > 0
        assert nowhere(everything(shop.redis), MARK, shop.name)
        # both servers know, at once, and treat the reader as one whom they never knew
        for server in (one, other):
            unknown = shop.answers(server, STRANGER)
            eventually(lambda server=server, unknown=unknown: shop.answers(server, MARK) == unknown)
            assert shop.name not in shop.readers(server)
        # nothing changed for others
        assert shop.answers(other, "u002") == others_before
        assert lags(shop.redis, "interactions") == {"profiles": 0}

        # an event of before that comes late, by either way, brings nothing back
        late = event("e9", "PURCHASE", shop.bundle.books.array[5], time="2026-01-01T00:00:00Z")
        assert "errors" not in shop.ask(other, RECORD, Scope.EVENTS_WRITE, events=[late])
        assert not shop.redis.exists(keys.profile(shop.name))

    assert erase_from_table(shop.redis, shop.table, shop.digests) == 3
    assert len(parts_of(shop.table)) == 1
    assert nowhere(files(shop.table), MARK, shop.name)
    assert nowhere(files(shop.audit), MARK)
    assert nowhere(shop.log().encode(), MARK, shop.name)
    drop_kept_answers(shop.redis)
    assert nowhere(everything(shop.redis), MARK, shop.name)
    assert verify_audit(shop.audit, bytes.fromhex("cd" * 32)).faults == ()


def drop_kept_answers(redis: Redis) -> None:
    """What the test itself asked about the mark since: a kept answer says whom it is for."""
    for key in redis.scan_iter(match=f"{ANSWERS}:*"):
        redis.delete(key)


def test_the_receipt_says_what_was_done_and_a_changed_one_is_found(shop: Shop) -> None:
    done = shop.ask(shop.servers[0], ERASE, Scope.PRIVACY_ADMIN, userId=MARK)["data"]["eraseUser"]
    public = shop.folder / "receipts" / PUBLIC
    content = verify(done["receipt"], receipt_keys(public))
    assert (content["erased"], content["request"]) == (done["pseudonym"], done["requestId"])
    assert content["masked"] == done["removed"]["masked"] > 0
    assert MARK not in json.dumps(content)
    header, payload, signature = done["receipt"].split(".")
    changed = json.dumps(content | {"masked": 0}).encode()
    forged = base64.urlsafe_b64encode(changed).rstrip(b"=").decode()
    for text in (f"{header}.{forged}.{signature}", f"{header}.{payload}.{signature[:-4]}AAAA", "no receipt"):
        with pytest.raises(ReceiptError):
            verify(text, receipt_keys(public))
    command = [sys.executable, "-m", "graphql_api.privacy", "verify", "-", "--keys", str(public)]
    for text, status in ((done["receipt"], 0), (f"{header}.{forged}.{signature}", 1)):
        ended = subprocess.run(
            command,
            input=text,
            capture_output=True,
            text=True,
            env=os.environ.copy(),
            timeout=60,
            check=False,
        )
        assert ended.returncode == status, ended.stderr


@with_and_without_pseudonyms
def test_an_export_has_all_that_is_held_and_after_the_erasure_nothing(
    shop: Shop, redis_server: EmbeddedRedis
) -> None:
    server = shop.servers[1]
    history = shop.bundle.books.ids(
        shop.bundle.history.matrix[[shop.bundle.users.row(shop.name)]].indices
    ).tolist()
    with consuming(redis_server.url):
        planted(shop)
        held = exported(shop, server)
        assert [each["type"] for each in held["profile"]] == ["purchase", "view", "rating"]
        assert held["bundle"]["history"] == history
        assert len(held["bundle"]["readyList"]) == 20
        assert [each.get("event_id") for each in held["events"]] == ["e0", "e1", "e2", None]
        assert [each["type"] for each in held["deadLetters"]] == ["nonsense"]
        assert [each["event_id"] for each in held["eventTable"]] == ["e0", "e1", "e2"]
        shop.ask(shop.servers[0], ERASE, Scope.PRIVACY_ADMIN, userId=MARK)
        erase_from_table(shop.redis, shop.table, shop.digests)
        left = exported(shop, server)
    assert left.pop("userId") == shop.name
    assert left.pop("bundle") == {"version": shop.bundle.version, "history": [], "readyList": []}
    assert left == {"profile": [], "events": [], "deadLetters": [], "eventTable": []}


def exported(shop: Shop, server: ApiServer) -> dict[str, Any]:
    """All pages together."""
    held: dict[str, Any] = {}
    after = None
    while True:
        answer = shop.ask(server, EXPORT, Scope.PRIVACY_ADMIN, userId=MARK, after=after)
        page = answer["data"]["exportUser"]
        for part, content in json.loads(page["document"]).items():
            held[part] = held[part] + content if part in held else content
        after = page["after"]
        if after is None:
            return held


def test_an_erasure_that_was_interrupted_is_finished_by_another(
    shop: Shop, redis_server: EmbeddedRedis
) -> None:
    token = secrets.token_hex(4)
    shop.redis.set(f"{ANSWERS}:{{{token}}}:answer", f'mark{{"tags":["user:{shop.name}"]}}\n')
    first = shop.ask(shop.servers[0], ERASE, Scope.PRIVACY_ADMIN, userId=MARK)["data"]["eraseUser"]
    second = shop.ask(shop.servers[1], ERASE, Scope.PRIVACY_ADMIN, userId=MARK)["data"]["eraseUser"]
    assert first["removed"]["keptAnswers"] == 1
    assert second["removed"] == dict.fromkeys(second["removed"], 0)
    assert second["pseudonym"] == first["pseudonym"]
    assert second["receipt"] != first["receipt"]


def test_without_redis_nothing_is_begun(shop: Shop, redis_server: EmbeddedRedis) -> None:
    before = shop.answers(shop.servers[0], MARK)
    redis_server.close()
    for query in (ERASE, EXPORT):
        (error,) = shop.ask(shop.servers[0], query, Scope.PRIVACY_ADMIN, userId=MARK)["errors"]
        assert error["extensions"]["code"] == "UNAVAILABLE"
    assert shop.answers(shop.servers[0], MARK) == before
