"""The commands around a served bundle: bundle, serve, recommend, explain, doctor."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from typed_command import CONFIG, Call

from bookverse.ask import address
from bookverse.doctor import examine
from bookverse.state import State
from pipelines.local_server import local_server
from recs_core.artifacts.bundle import Bundle
from recs_core.online import keys
from recs_core.online.jobs import Jobs
from recs_core.testing.tiny import tiny_bundle


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return tiny_bundle(tmp_path_factory.mktemp("bundle") / "bundle")


@pytest.fixture(scope="module")
def url(bundle: Bundle) -> Iterator[str]:
    with local_server(bundle=bundle.path, settings={"BOOKVERSE_CONFIG": str(CONFIG)}) as (_, address):
        yield f"{address}/graphql"


def test_a_bundle_is_published_listed_and_verified_where_the_settings_say(
    bookverse: Call, bundle: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "published" in bookverse("bundle", "publish", "--bundle", str(bundle.path)).stdout
    assert (tmp_path / "data/published/CURRENT").read_text().strip() == bundle.version
    assert bookverse("bundle", "verify").stdout == f"{bundle.version} is whole\n"
    elsewhere = bookverse("bundle", "rollback", "--to", str(tmp_path / "elsewhere"))
    assert elsewhere.exit_code == 1
    assert "nothing was changed" in elsewhere.stderr
    assert "publish" in bookverse("bundle").stdout


def test_recommend_prints_a_list_with_reasons(bookverse: Call, bundle: Bundle, url: str) -> None:
    reader = str(bundle.users.array[0])
    lines = bookverse("recommend", reader, "--first", "3", "--url", url).stdout.splitlines()
    assert [line.split()[0] for line in lines if not line.startswith("      ")] == ["1", "2", "3"]
    assert any("because you read" in line for line in lines)


def test_an_address_that_is_none_is_said_to_be_so(bookverse: Call) -> None:
    refused = bookverse("recommend", "u1", "--url", "http://[::1")
    assert refused.exit_code == 1
    assert "bookverse: --url is no URL: " in refused.stderr


def test_a_token_is_sent_along(bookverse: Call, bundle: Bundle, url: str) -> None:
    refused = bookverse("recommend", str(bundle.users.array[0]), "--url", url, "--token", "forged")
    assert refused.exit_code == 1
    assert "the access token was not accepted" in refused.stderr


def test_explain_prints_the_contributions(bookverse: Call, bundle: Bundle, url: str) -> None:
    reader = str(bundle.users.array[0])
    known = set(bundle.history.matrix[[0]].indices)
    new = next(row for row in range(len(bundle.books)) if row not in known)
    said = bookverse("explain", reader, str(bundle.books.array[new]), "--url", url).stdout
    assert "score " in said
    refused = bookverse("explain", reader, "no-such-book", "--url", url)
    assert refused.exit_code == 1
    assert "no-such-book" in refused.stderr


@pytest.mark.parametrize(
    ("host", "asked"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("0.0.0.0", "127.0.0.1"),
        ("::", "[::1]"),
        ("fe80::1", "[fe80::1]"),
        ("api", "api"),
    ],
)
def test_a_server_on_this_machine_is_asked_where_it_listens(host: str, asked: str) -> None:
    assert address(host, 8000) == f"http://{asked}:8000/graphql"


def test_who_asks_no_server_is_told_how_to_start_one(bookverse: Call) -> None:
    done = bookverse("recommend", "u", "--url", "http://127.0.0.1:9/graphql")
    assert done.exit_code == 1
    assert "the server cannot be reached" in done.stderr
    assert "bookverse serve" in done.stderr


def test_serve_takes_the_arguments_of_the_server_and_stops_in_order(bundle: Bundle) -> None:
    command = [sys.executable, "-m", "bookverse", "--config", str(CONFIG), "serve", "--port", "0"]
    with subprocess.Popen(
        [*command, "--bundle", str(bundle.path)], stdout=subprocess.PIPE, text=True, env=os.environ
    ) as process:
        assert process.stdout is not None
        assert f"serves bundle {bundle.version}" in process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def test_the_doctor_says_what_is_wrong_and_what_to_do(bookverse: Call, client: Redis, tmp_path: Path) -> None:
    client.xadd(keys.dead_letters("interactions"), {"event": "?"})
    done = bookverse("doctor")
    assert done.exit_code == 1
    for what in (
        "bad   bundle",
        "`bookverse events dead interactions`",
        "`bookverse worker train`",
        "dvc.yaml, dvc.lock, params.yaml, .dvc, .git not here",
        "events and jobs are lost when it ends",
    ):
        assert what in done.stdout


def test_the_doctor_finds_nothing_bad_where_all_is_well(
    bookverse: Call, bundle: Bundle, client: Redis
) -> None:
    bookverse("bundle", "publish", "--bundle", str(bundle.path))
    asked = Jobs(client).trigger("train", by="test")
    done = bookverse("doctor")
    assert done.exit_code == 0, done.stdout
    assert "good bundle" in " ".join(done.stdout.split())
    assert "0 workers, 1 waiting" in done.stdout
    assert asked.is_new


def test_the_doctor_knows_whether_readers_would_be_found(
    bookverse: Call, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    bookverse("bundle", "publish", "--bundle", str(bundle.path))
    monkeypatch.setenv("BOOKVERSE_PSEUDONYM_KEY", bytes(32).hex())
    findings = {finding.what: finding for finding in examine(State(CONFIG))}
    assert findings["bundle"].state == "bad"
    assert "no reader would be found" in findings["bundle"].found


def test_the_doctor_names_a_redis_that_may_forget_events(bookverse: Call, client: Redis) -> None:
    client.config_set("maxmemory-policy", "allkeys-lru")
    findings = {finding.what: finding for finding in examine(State(CONFIG))}
    assert findings["Redis memory"].state == "bad"
    assert "volatile-lru" in findings["Redis memory"].advice


def test_the_doctor_goes_on_where_redis_is_away(bookverse: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "unix:///nowhere/redis.sock")
    findings = {finding.what: finding for finding in examine(State(CONFIG))}
    assert findings["Redis"].state == "bad"
    assert "bundle" in findings


def test_the_doctor_compares_the_packages_with_the_lock(bookverse: Call, tmp_path: Path) -> None:
    (tmp_path / "requirements.lock").write_text("# pinned\nno-such-package==1 --hash=sha256:00\n")
    (tmp_path / "requirements-platform.lock").write_text("numpy==0.1\n")
    findings = {finding.what: finding for finding in examine(State(CONFIG))}
    assert findings["packages"].state == "bad"
    assert findings["packages"].found.startswith("no-such-package missing instead of 1; numpy ")
    assert findings["packages"].found.endswith(" instead of 0.1")
