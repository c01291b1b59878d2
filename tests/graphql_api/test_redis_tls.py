"""Redis over TLS, as a user who may do no more than a server needs."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from api_server import RECOMMENDATIONS, api_server, eventually
from redis import Redis
from redis.exceptions import NoPermissionError, RedisError
from self_made_certificate import self_made

from recs_core.artifacts.bundle import Bundle

PASSWORD = "geheim"  # pragma: allowlist secret

ACL = (
    f"user default off\nuser bookverse on >{PASSWORD} ~bookverse:* &bookverse:* "  # pragma: allowlist secret
    "+@all -@admin -@dangerous +info\n"
)
"""What docs/operations.md says."""


@pytest.fixture
def encrypted(tmp_path: Path) -> Iterator[str]:
    """The URL of a Redis that speaks TLS alone."""
    program = (
        "/usr/bin/redis-server" if Path("/usr/bin/redis-server").exists() else shutil.which("redis-server")
    )
    if program is None:
        pytest.skip("there is no redis-server: apt-get install redis-server")
    made = self_made(tmp_path)
    (tmp_path / "users.acl").write_text(ACL)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [program, "--port", "0", "--tls-port", str(port), "--tls-auth-clients", "no", "--save", ""]
    command += ["--tls-cert-file", str(made.certificate), "--tls-key-file", str(made.key)]
    command += ["--aclfile", str(tmp_path / "users.acl"), "--dir", str(tmp_path)]
    with (tmp_path / "redis.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        url = f"rediss://bookverse:{PASSWORD}@127.0.0.1:{port}/0?ssl_ca_certs={made.certificate}"
        eventually(lambda: process.poll() is not None or answers(url))
        if process.poll() is not None:
            pytest.skip("this redis-server was built without TLS")
        yield url
    finally:
        process.terminate()
        process.wait(20)


def answers(url: str) -> bool:
    try:
        with Redis.from_url(url) as redis:
            return bool(redis.ping())
    except (RedisError, ssl.SSLError):
        return False


def test_a_server_keeps_answers_documents_and_units_there_and_erases(
    bundle: Bundle, encrypted: str, tmp_path: Path
) -> None:
    settings = {
        "BOOKVERSE_REDIS_URL": encrypted,
        "BOOKVERSE_API__CACHE_L1_BYTES": "0",
        "BOOKVERSE_API__RATE_LIMIT": "1000",
    }
    with api_server(bundle.path, tmp_path / "log", **settings) as server:
        eventually(lambda: server.redis_state() == "up")
        server.post(RECOMMENDATIONS, userId="u001")
        eventually(
            lambda: (
                server.post(RECOMMENDATIONS, userId="u001").headers["Cache-Status"]
                == "bookverse; hit; detail=L2"
            )
        )
        server.data('mutation { eraseUser(userId: "u001") { at } }')
        assert "NOPERM" not in server.log()
        assert PASSWORD not in server.log()
    with Redis.from_url(encrypted) as redis:
        kinds = {key.split(b":")[1] for key in redis.scan_iter("bookverse:*")}
        assert b"rate" in kinds
        with pytest.raises(NoPermissionError):
            redis.flushall()
        with pytest.raises(NoPermissionError):
            redis.get("another application's")


def test_who_does_not_know_the_certificate_is_not_talked_to(encrypted: str) -> None:
    assert not answers(encrypted.split("?")[0])
