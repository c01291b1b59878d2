"""Who looked at whose data is on record before anything leaves the server, and one's own is nobody's business."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from api_server import api_server, app_client, eventually
from token_issuer import AUDIENCE, ISSUER, honest, public_keys

from graphql_api.app import create_app
from graphql_api.audit.log import AuditLog
from graphql_api.audit.verify import verify
from graphql_api.auth.scopes import Scope
from graphql_api.settings import Settings
from graphql_api.types.node import global_id
from recs_core.artifacts.bundle import Bundle
from recs_core.data.erased import pseudonym_key
from recs_core.data.pseudonyms import Pseudonyms
from recs_core.data.secret_key import SecretKeyError
from recs_core.serving.recommender import ServingRecommender

pytestmark = pytest.mark.anyio

KEY = "cd" * 32
ME, OTHER, THIRD = "u001", "u002", "u003"
LIST = "query($id: ID!) { recommendations(userId: $id) { totalCount } }"

Connect = Callable[[], AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "audit"


@pytest.fixture
def connect(bundle: Bundle, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Connect:
    monkeypatch.setenv("BOOKVERSE_AUDIT_KEY", KEY)
    (tmp_path / "keys.json").write_text(json.dumps({"keys": public_keys()}))
    auth = {"keys": str(tmp_path / "keys.json"), "issuer": ISSUER, "audience": AUDIENCE, "anonymous": ()}
    settings = Settings(auth=auth, audit={"folder": folder})

    @asynccontextmanager
    async def connected() -> AsyncIterator[httpx.AsyncClient]:
        async with app_client(settings, ServingRecommender(bundle)) as client:
            yield client

    return connected


async def ask(
    client: httpx.AsyncClient, query: str, *scopes: Scope, user_id: str = ME, **variables: Any
) -> httpx.Response:
    return await client.post(
        "/graphql",
        json={"query": query, "variables": variables},
        headers={
            "Authorization": f"Bearer {honest(sub=user_id, scope=' '.join(scopes))}",
            "Accept": "application/graphql-response+json",
            "X-Request-ID": "request-1",
        },
    )


def name(user_id: str) -> str:
    return Pseudonyms(pseudonym_key()).of(user_id)


def entries(folder: Path) -> list[tuple[str, str, str, str]]:
    """Who did what, about whom, with what outcome."""
    assert verify(folder, bytes.fromhex(KEY)).faults == ()
    lines = [line for path in sorted(folder.glob("*.jsonl")) for line in path.read_text().splitlines()]
    read = [json.loads(line) for line in lines]
    assert {each["request"] for each in read} <= {"request-1"}
    return [(each["who"], each["what"], each["about"], each["outcome"]) for each in read]


async def test_another_readers_data_is_on_record_each_time_also_from_the_cache(
    connect: Connect, folder: Path
) -> None:
    async with connect() as client:
        for kept in ("stored", "L1"):
            answer = await ask(client, LIST, Scope.RECOMMENDATIONS_READ_ANY, id=OTHER)
            assert kept in answer.headers["Cache-Status"]
    assert entries(folder) == 2 * [(name(ME), "recommendations", name(OTHER), "done")]
    assert ME not in "".join(path.read_text() for path in folder.iterdir())


@pytest.mark.parametrize("scope", [Scope.RECOMMENDATIONS_READ, Scope.RECOMMENDATIONS_READ_ANY])
async def test_ones_own_data_and_the_catalogue_are_not(connect: Connect, folder: Path, scope: Scope) -> None:
    async with connect() as client:
        assert (await ask(client, LIST, scope, id=ME)).status_code == 200
        for query in ('{ explain(bookId: "0440000009", bookIds: ["0440000076"]) { rank } }',):
            assert (await ask(client, query, scope)).status_code == 200
        assert (await ask(client, "{ trending { totalCount } }", Scope.CATALOGUE_READ)).status_code == 200
    assert entries(folder) == []


async def test_what_was_denied_to_a_bearer_is_on_record(connect: Connect, folder: Path) -> None:
    async with connect() as client:
        assert (await ask(client, LIST, Scope.RECOMMENDATIONS_READ, id=OTHER)).status_code == 403
        erase = 'mutation { eraseUser(userId: "u002") { pseudonym } }'
        assert (await ask(client, erase, Scope.EVENTS_WRITE)).status_code == 403
        nobody = await client.post("/graphql", json={"query": LIST, "variables": {"id": OTHER}})
        assert "errors" in nobody.json()
    assert entries(folder) == [
        (name(ME), "recommendations", name(OTHER), "denied"),
        (name(ME), "eraseUser", name(OTHER), "denied"),
    ]


@pytest.mark.parametrize("written", [276847, 276847.0])
async def test_a_reader_whose_id_is_written_as_a_number_is_on_record(
    connect: Connect, folder: Path, written: float
) -> None:
    async with connect() as client:
        assert (await ask(client, LIST, Scope.RECOMMENDATIONS_READ_ANY, id=written)).status_code == 200
    assert entries(folder) == [(name(ME), "recommendations", name("276847"), "done")]


async def test_each_reader_of_a_request_has_an_entry(connect: Connect, folder: Path) -> None:
    ids = [global_id("User", each) for each in (ME, OTHER, THIRD)]
    asked = "query($ids: [ID!]!) { nodes(ids: $ids) { id } readers(first: 1) }"
    async with connect() as client:
        scopes = (Scope.RECOMMENDATIONS_READ_ANY, Scope.CATALOGUE_READ)
        assert (await ask(client, asked, *scopes, ids=ids)).status_code == 200
    assert sorted(entries(folder)) == sorted(
        [
            (name(ME), "nodes", name(OTHER), "done"),
            (name(ME), "nodes", name(THIRD), "done"),
            (name(ME), "readers", "-", "done"),
        ]
    )


async def test_an_action_is_on_record_before_and_after(connect: Connect, folder: Path) -> None:
    async with connect() as client:
        done = await ask(
            client,
            'mutation { eraseUser(userId: "u002") { pseudonym } }',
            Scope.PRIVACY_ADMIN,
            user_id="clerk",
        )
        pseudonym = done.json()["data"]["eraseUser"]["pseudonym"]
        blank = 'mutation { eraseUser(userId: " ") { pseudonym } }'
        assert "errors" in (await ask(client, blank, Scope.PRIVACY_ADMIN, user_id="clerk")).json()
        export = await ask(
            client, '{ exportUser(userId: "u003") { after } }', Scope.PRIVACY_ADMIN, user_id="clerk"
        )
        assert export.status_code == 200
    assert pseudonym == name(OTHER)
    assert entries(folder) == [
        (name("clerk"), "eraseUser.begun", name(OTHER), "done"),
        (name("clerk"), "eraseUser", name(OTHER), "done"),
        (name("clerk"), "eraseUser.begun", name(" "), "done"),
        (name("clerk"), "eraseUser", name(" "), "failed"),
        (name("clerk"), "exportUser", name(THIRD), "done"),
    ]


async def test_what_cannot_be_put_on_record_is_neither_done_nor_told(
    connect: Connect, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with connect() as client:
        assert (await ask(client, LIST, Scope.RECOMMENDATIONS_READ_ANY, id=OTHER)).status_code == 200

        def full(*_: object) -> None:
            raise OSError("no space left on device")

        monkeypatch.setattr(AuditLog, "append", full)
        for query, scope in (
            (LIST, Scope.RECOMMENDATIONS_READ_ANY),
            ("query($id: ID!) { exportUser(userId: $id) { document } }", Scope.PRIVACY_ADMIN),
            ("mutation($id: ID!) { eraseUser(userId: $id) { pseudonym } }", Scope.PRIVACY_ADMIN),
        ):
            refused = await ask(client, query, scope, id=OTHER)
            assert refused.status_code == 503
            assert refused.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
            assert "data" not in refused.json()
        # nothing was done, and what needs no record is answered
        user = "query($id: ID!) { user(id: $id) { known } }"
        own = await ask(client, user, Scope.RECOMMENDATIONS_READ, user_id=OTHER, id=OTHER)
        assert own.json()["data"]["user"]["known"]


@pytest.mark.parametrize(
    ("scope", "said"),
    [
        (Scope.RECOMMENDATIONS_READ_ANY, ("recommendationsChanged.begun", "done")),
        (Scope.RECOMMENDATIONS_READ, ("recommendationsChanged", "denied")),
    ],
)
def test_a_subscription_is_on_record_before_its_first_event(
    bundle: Bundle, folder: Path, tmp_path: Path, scope: Scope, said: tuple[str, str]
) -> None:
    (tmp_path / "keys.json").write_text(json.dumps({"keys": public_keys()}))
    settings = {
        "BOOKVERSE_AUTH__KEYS": str(tmp_path / "keys.json"),
        "BOOKVERSE_AUTH__ISSUER": ISSUER,
        "BOOKVERSE_AUTH__AUDIENCE": AUDIENCE,
        "BOOKVERSE_AUDIT__FOLDER": str(folder),
        "BOOKVERSE_AUDIT_KEY": KEY,
    }
    changed = 'subscription { recommendationsChanged(userId: "u002") { nodes { rank } } }'
    headers = {
        "Authorization": f"Bearer {honest(sub=ME, scope=scope)}",
        "Accept": "text/event-stream",
        "X-Request-ID": "request-1",
    }
    with (
        api_server(bundle.path, tmp_path / "log", **settings) as server,
        server.client.stream("POST", "/graphql", json={"query": changed}, headers=headers),
    ):
        what, outcome = said
        eventually(lambda: entries(folder) == [(name(ME), what, name(OTHER), outcome)])


def test_without_its_key_a_server_does_not_start(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BOOKVERSE_AUDIT_KEY", raising=False)
    with pytest.raises(SecretKeyError, match="BOOKVERSE_AUDIT_KEY is not set"):
        create_app(Settings(audit={"folder": tmp_path}), ServingRecommender(bundle))
