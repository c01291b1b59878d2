"""The server as a process: how it begins, refuses to begin, and ends."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from api_server import api_server, children, eventually, is_running, server_command, server_environment

from graphql_api.__main__ import main
from recs_core.artifacts.bundle import Bundle

TRAINING_LIBRARIES = ["pandas", "implicit", "sklearn", "recbole", "torch", "papermill", "dvc", "matplotlib"]


def refused(*arguments: str, cwd: Path | None = None, **settings: str) -> str:
    """The one line that a server says which does not begin."""
    ended = subprocess.run(
        server_command(*arguments),
        cwd=cwd,
        env=server_environment(**settings),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 2
    assert ended.stdout == ""
    (line,) = ended.stderr.splitlines()
    return line


@pytest.mark.parametrize("name", ["content.vectors.npy", "catalogue.arrow", "history.indices.npy"])
def test_a_damaged_bundle_is_refused_by_the_name_of_the_file(
    bundle: Bundle, tmp_path: Path, name: str
) -> None:
    damaged = tmp_path / "bundle"
    shutil.copytree(bundle.path, damaged)
    content = bytearray((damaged / name).read_bytes())
    content[len(content) // 2] ^= 1
    (damaged / name).write_bytes(content)
    line = refused("--bundle", str(damaged))
    assert str(damaged / name) in line
    assert "is damaged" in line


def test_a_missing_bundle_is_refused(tmp_path: Path) -> None:
    assert f"there is no bundle at {tmp_path / 'none'}" in refused("--bundle", str(tmp_path / "none"))


def test_nothing_published_says_what_to_run(tmp_path: Path) -> None:
    line = refused(PYTHONPATH=str(Path.cwd()), cwd=tmp_path)
    assert "data/published/CURRENT is missing" in line
    assert "make demo" in line


def test_the_published_bundle_is_served(bundle: Bundle, tmp_path: Path) -> None:
    shutil.copytree(bundle.path, tmp_path / "published" / bundle.version)
    (tmp_path / "published" / "CURRENT").write_text(f"{bundle.version}\n")
    command = server_command("--port", "0")
    environment = server_environment(BOOKVERSE_API__PUBLISHED=str(tmp_path / "published"))
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        assert f"bundle {bundle.version}" in process.stdout.readline()
        process.terminate()
        assert process.wait(20) == 0


def test_a_damaged_publication_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "CURRENT").write_text("../elsewhere\n")
    monkeypatch.setenv("BOOKVERSE_API__PUBLISHED", str(tmp_path))
    assert main([]) == 2
    assert "'../elsewhere' is not a version" in capsys.readouterr().err


def test_a_port_in_use_is_named(bundle: Bundle) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = refused("--bundle", str(bundle.path), "--port", str(port))
    assert f"cannot listen on 127.0.0.1 port {port}" in line


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_finishes_the_request_in_flight(
    bundle: Bundle, tmp_path: Path, how: signal.Signals
) -> None:
    body = b'{"query": "{ readers(first: 1) }"}'
    head = (
        b"POST /graphql HTTP/1.1\r\nHost: api\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    )
    with api_server(bundle.path, tmp_path / "log") as server:
        (redis_pid,) = children(server.process.pid)
        address = (server.client.base_url.host, server.client.base_url.port)
        with socket.create_connection(address, timeout=20) as connection:
            # a request whose second half comes after the signal
            connection.sendall(head % len(body) + body[:10])
            eventually(lambda: server.client.get("/health/live").is_success)
            server.process.send_signal(how)
            eventually(lambda: refuses_connections(address))
            connection.sendall(body[10:])
            answer = b"".join(iter(lambda: connection.recv(65_536), b""))
        assert answer.startswith(b"HTTP/1.1 200 OK")
        assert b'{"data":{"readers":[' in answer
        assert server.process.wait(20) == 0
        assert not is_running(redis_pid)
        assert "Traceback" not in server.log()


def refuses_connections(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, timeout=1).close()
    except ConnectionRefusedError:
        return True
    return False


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_killed_it_leaves_no_redis_behind(bundle: Bundle, tmp_path: Path) -> None:
    # the killed server cannot remove its socket's folder, and a socket's path must be short
    with TemporaryDirectory() as folder, api_server(bundle.path, tmp_path / "log", TMPDIR=folder) as server:
        (redis_pid,) = children(server.process.pid)
        os.kill(server.process.pid, signal.SIGKILL)
        eventually(lambda: not is_running(redis_pid))


ANSWER_IN_PROCESS = """
import asyncio, sys
from pathlib import Path
from tempfile import TemporaryDirectory
import httpx
from graphql_api.__main__ import create_app
from graphql_api.settings import Settings
from recs_core.artifacts.bundle import open_bundle
from recs_core.serving.recommender import ServingRecommender

QUERY = '''{
  recommendations(userId: "u001") { nodes { book { title } reasons { text book { bookId } } } }
  user(id: "u001") { history { nodes { title } } }
  metrics { mean }
}'''

async def main():
    app = create_app(Settings.load(), ServingRecommender(open_bundle(Path(sys.argv[1]))))
    async with app.router.lifespan_context(app):
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://api") as client:
            response = await client.post("/graphql", json={"query": QUERY})
    assert "errors" not in response.json(), response.text

asyncio.run(main())
print(*sorted(set(sys.modules) & set(sys.argv[2:])))
"""


def test_no_training_library_is_loaded_to_answer(bundle: Bundle) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", ANSWER_IN_PROCESS, str(bundle.path), *TRAINING_LIBRARIES],
        env=server_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.split() == []


@pytest.mark.parametrize("debug_mode", [True, False])
def test_each_request_is_in_the_log_where_debug_mode_is_on(
    bundle: Bundle, tmp_path: Path, debug_mode: bool
) -> None:
    with api_server(
        bundle.path, tmp_path / "log", BOOKVERSE_API__DEBUG_MODE=str(debug_mode).lower()
    ) as server:
        server.client.post("/graphql", json={"query": "{ readers }"}, headers={"X-Request-ID": "req-9"})
    assert ("[req-9] POST 200 in " in server.log()) is debug_mode
