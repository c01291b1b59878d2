"""What stands between pages of other sites and the API: hosts, origins, headers, HTTPS."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError
from self_made_certificate import self_made
from small_server import SmallServer, small_server
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from graphql_api.http.server import Certificate
from graphql_api.settings import Settings
from recs_core.artifacts.bundle import Bundle

SHOP, FOREIGN = "https://shop.example", "https://evil.example"
HELLO = {"query": "{ hello }"}


def settings_of(**api: Any) -> Settings:
    return Settings(api=api)


def preflight(server: SmallServer, origin: str) -> httpx.Response:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    return server.client.options("/graphql", headers={"Origin": origin} | asked)


def test_pages_of_named_origins_may_ask_and_no_others(bundle: Bundle) -> None:
    with small_server(bundle, settings_of(cors_origins=[SHOP])) as server:
        allowed = preflight(server, SHOP)
        assert allowed.status_code == 200
        assert allowed.headers["Access-Control-Allow-Origin"] == SHOP
        assert "Authorization" in allowed.headers["Access-Control-Allow-Headers"]
        assert "Access-Control-Allow-Credentials" not in allowed.headers
        assert "Access-Control-Allow-Origin" not in preflight(server, FOREIGN).headers
        answer = server.post(HELLO, Origin=SHOP)
        assert answer.headers["Access-Control-Allow-Origin"] == SHOP
        assert "RateLimit" in answer.headers["Access-Control-Expose-Headers"]
        assert {"Accept", "Authorization", "Origin"} <= set(answer.headers["Vary"].split(", "))
        with connect(server.sockets, subprotocols=["graphql-transport-ws"], origin=SHOP):
            pass
        with pytest.raises(InvalidStatus):
            connect(server.sockets, subprotocols=["graphql-transport-ws"], origin=FOREIGN)


def test_without_named_origins_no_other_page_may_ask(bundle: Bundle) -> None:
    with small_server(bundle, settings_of()) as server:
        assert "Access-Control-Allow-Origin" not in preflight(server, SHOP).headers
        assert "Access-Control-Allow-Origin" not in server.post(HELLO, Origin=SHOP).headers


@pytest.mark.parametrize("origin", ["*", "shop.example", "https://shop.example/", "null"])
def test_an_origin_must_be_one(origin: str) -> None:
    with pytest.raises(ValidationError, match=r"must be like https://shop\.example"):
        settings_of(cors_origins=[origin])


def test_a_name_that_is_not_ours_is_refused(bundle: Bundle) -> None:
    with small_server(bundle, settings_of(allowed_hosts=["api.shop.example", "*.local"])) as server:
        for host, status in (
            ("api.shop.example", 200),
            ("api.shop.example:8000", 200),
            ("a.local", 200),
            ("evil.example", 400),
            ("api.shop.example.evil.example", 400),
        ):
            assert server.post(HELLO, Host=host).status_code == status, host
        # whoever looks after the server asks it by its address
        assert server.client.get("/health/live").status_code == 200


def test_nor_does_a_socket_open_for_a_page_under_a_name_that_is_not_ours(bundle: Bundle) -> None:
    """Such a page and the server it asks have one origin, so that the origin says nothing."""
    with small_server(bundle, settings_of(allowed_hosts=["127.0.0.1"])) as server:
        with connect(server.sockets, subprotocols=["graphql-transport-ws"]):
            pass
        port = int(server.url.rsplit(":", 1)[1])
        with (
            socket.create_connection(("127.0.0.1", port)) as opened,
            pytest.raises(InvalidStatus, match="400"),
            connect(
                f"ws://evil.example:{port}/graphql",
                sock=opened,
                subprotocols=["graphql-transport-ws"],
                origin=f"http://evil.example:{port}",
            ),
        ):
            pass


@pytest.mark.parametrize("host", ["", "https://api.example", "api.example:8000", "api.*", "*"])
def test_a_host_must_be_one(host: str) -> None:
    with pytest.raises(ValidationError, match=r"must be like api\.shop\.example"):
        settings_of(allowed_hosts=[host])


@pytest.mark.parametrize("path", ["/graphql", "/health/live", "/nowhere", "/static/page.js"])
def test_every_response_tells_browsers_what_to_refuse(bundle: Bundle, path: str) -> None:
    with small_server(bundle, settings_of(hsts_s=600)) as server:
        for headers in ({}, {"Accept": "text/html"}):
            response = server.client.get(path, headers=headers)
            assert response.headers.get_list("X-Content-Type-Options") == ["nosniff"]
            assert response.headers["Strict-Transport-Security"] == "max-age=600"
            assert "Server" not in response.headers
            if "json" in response.headers["Content-Type"]:
                continue
            assert response.headers.get_list("Referrer-Policy") == ["no-referrer"]
            (policy,) = response.headers.get_list("Content-Security-Policy")
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return self_made(tmp_path_factory.mktemp("tls"))


def test_https_is_spoken_where_there_is_a_certificate(bundle: Bundle, certificate: Certificate) -> None:
    with small_server(bundle, tls=certificate) as server:
        assert server.post(HELLO).json()["data"] == {"hello": "hello world"}
        with pytest.raises(httpx.HTTPError):
            httpx.post(server.url.replace("https", "http") + "/graphql", json=HELLO)
        old = ssl.create_default_context(cafile=certificate.certificate)
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        assert httpx.post(f"{server.url}/graphql", json=HELLO, verify=old).status_code == 200
        # nobody who is not shown the certificate believes it
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            httpx.post(f"{server.url}/graphql", json=HELLO)


def test_a_certificate_goes_with_a_key(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="tls_certificate and tls_key go together"):
        settings_of(tls_certificate=tmp_path / "certificate.pem")
